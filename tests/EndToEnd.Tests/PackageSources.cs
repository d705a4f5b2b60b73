namespace Unified.EndToEnd.Tests;

/// <summary>What users of the packages write.</summary>
internal static class PackageSources
{
    /// <summary>Two static graphs, of which one runs eagerly: its result is as long as the turns of a loop make it.</summary>
    public const string Mixed = """
        using Unified;
        using static Unified.Ops;
        System.Console.WriteLine(Mixed.Plain(Tensor.Ones([2])).Item<float>());

        public static partial class Mixed
        {
            [StaticGraph]
            public static Tensor Plain(Tensor x) => Sum(x * 2f);

            [StaticGraph]
            public static Tensor Grows(Tensor x)
            {
                while (Sum(x) < 20f)
                {
                    x = Concat([x, x], 0);
                }

                return x;
            }

            [AheadOfTime]
            public static void Graphs(GraphSet graphs) => graphs.Add(() => Plain(Tensor.Ones([2]))).Add(() => Grows(Tensor.Ones([2])));
        }
        """;

    /// <summary>A graph of the app, whose state it grows itself, and one of the library that the template makes.</summary>
    public const string UseLibrary = """
        using Unified;
        using Unified.Nn;
        using static Unified.Ops;

        Generator.Default.Seed(3);
        var cache = new Cache();
        for (var i = 0; i < 4; i++)
        {
            Console.WriteLine($"({Math.Round(cache.Step(Tensor.Filled([1, 4], i)).Item<float>(), 3)})");
        }

        Console.WriteLine($"({new Models.Classifier(3, 4, 2).Forward(Tensor.Zeros([2, 3])).Shape})");
        Console.WriteLine($"graphs: {GraphRuntime.Statistics.Shipped} shipped, {GraphRuntime.Statistics.Compilations} compiled here");

        public sealed partial class Cache : Module
        {
            private readonly Linear _key = new(4, 4);
            private Tensor _keys = Tensor.Zeros([0, 4]);

            [StaticGraph]
            public Tensor Step([Shape(1, 4)] Tensor x)
            {
                _keys = Concat([_keys, _key.Forward(x)], 0);
                return Sum(MatMul(Softmax(MatMul(x, _keys, transposeB: true)), _keys));
            }
        }

        public static class Entry
        {
            [AheadOfTime]
            public static void Graphs(GraphSet graphs)
            {
                var (cache, model) = (new Cache(), new Models.Classifier(3, 4, 2));
                graphs.Add(() => cache.Step(Tensor.Zeros([1, 4]))).Run(() => model.Forward(Tensor.Zeros([2, 3])).Dispose());
            }
        }
        """;

    /// <summary>A module of one static graph.</summary>
    public static string Layer(string name, string field, string parameters, string body) => $$"""
        using Unified;
        using Unified.Nn;
        using static Unified.Ops;

        namespace {{name}};

        public sealed partial class {{name}}Layer({{parameters}}) : Module
        {
            private readonly {{field}};

            [StaticGraph]
            public Tensor Forward(Tensor x) => {{body}};
        }
        """;
}
