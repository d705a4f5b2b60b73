namespace Unified.EndToEnd.Tests;

/// <summary>What the user of these tests writes.</summary>
internal static class UserProjectSources
{
    /// <summary>The model of the README, as it stands there.</summary>
    public static string Readme
    {
        get
        {
            var blocks = File.ReadAllText(Path.Combine(Programs.Root, "README.md")).Split("```");
            return blocks.First(b => b.StartsWith("csharp", StringComparison.Ordinal) && b.Contains("class Mlp(", StringComparison.Ordinal))["csharp".Length..];
        }
    }

    public const string Training = """
        using System.Globalization;
        using Unified;
        using Unified.Nn;

        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Generator.Default.Seed(3);
        if (args is ["argument"])
        {
            new Mlp(32).Forward(Tensor.Zeros([4, 700]));
        }
        else if (args is ["inside"])
        {
            new Skewed().Forward(Tensor.Zeros([4, 16]));
        }

        try
        {
            Train();
            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"{e.GetType().Name}: {e.Message}");
            return 1;
        }

        static void Train()
        {
            var model = new Mlp(32);
            var optimizer = new AdamW(model.Parameters, new WarmupCosineSchedule(1e-2, 1e-3, 2, 20));
            for (var step = 0; step < 20; step++)
            {
                var batch = 5 + (step % 3);
                var x = new Generator(step).Normal([batch, 784]);
                var labels = Tensor.From<int>([.. Enumerable.Range(0, batch).Select(i => i % 10)], batch);
                Console.WriteLine($"loss {model.TrainStep(x, labels, optimizer).Item<float>():G9}");
            }

            Console.WriteLine($"{Execution.Mode} compilations {GraphRuntime.Statistics.Compilations} calls {GraphRuntime.Statistics.Calls}");
        }
        """;

    public const string Skewed = """
        using Unified;
        using Unified.Nn;
        using static Unified.Ops;

        public sealed partial class Skewed : Module
        {
            private readonly Parameter _up = new(Tensor.Zeros([16, 32]));
            private readonly Parameter _down = new(Tensor.Zeros([33, 10]));

            [StaticGraph]
            public Tensor Forward(Tensor x)
            {
                var hidden = Gelu(MatMul(x, _up));
                return MatMul(hidden, _down);
            }
        }
        """;

    public const string Guarded = """
        using Unified;
        using Unified.Nn;

        public sealed partial class Guarded : Module
        {
            private readonly object _gate = new();

            public int Runs { get; private set; }

            [StaticGraph]
            public Tensor Forward(Tensor x)
            {
                lock (_gate)
                {
                    Runs++;
                    return x * 2f;
                }
            }
        }
        """;

    public const string Calling = """
        using Unified;
        using Unified.Nn;

        public sealed partial class Calling : Module
        {
            [StaticGraph]
            public Tensor Forward(Tensor x) => Twice(x) + 1f;

            private static Tensor Twice(Tensor x) => x * 2f;
        }
        """;

    public const string Whole = """
        using Unified;
        using Unified.Nn;

        public sealed class Whole : Module
        {
            [StaticGraph]
            public Tensor Forward(Tensor x) => x * 3f;
        }
        """;

    public const string RunFaults = """
        using Unified;

        var x = Tensor.From<float>([1, 2], 2);
        var guarded = new Guarded();
        foreach (var y in (Tensor[])[guarded.Forward(x), new Calling().Forward(x), new Whole().Forward(x)])
        {
            Console.WriteLine(string.Join(" ", y.ToArray<float>()));
        }

        Console.WriteLine($"{Execution.Mode} runs {guarded.Runs} calls {GraphRuntime.Statistics.Calls}");
        """;

    public const string Layers = """
        using Unified;
        using Unified.Nn;

        namespace Library;

        public partial class Layer : Module
        {
            [StaticGraph]
            public virtual Tensor Forward(Tensor x) => x * 2f;
        }

        public partial class Shifted : Layer
        {
            [StaticGraph]
            public override Tensor Forward(Tensor x) => base.Forward(x) + 1f;
        }

        public sealed partial class Chain(IReadOnlyList<Layer> layers) : Module
        {
            private readonly IReadOnlyList<Layer> _layers = layers;

            [StaticGraph]
            public Tensor Forward(Tensor x)
            {
                foreach (var layer in _layers)
                {
                    x = layer.Forward(x);
                }

                return x;
            }
        }
        """;

    public const string Squared = """
        using Library;
        using Unified;

        public sealed partial class Squared : Layer
        {
            [StaticGraph]
            public override Tensor Forward(Tensor x) => x * x;
        }
        """;

    public const string Printing = """
        using Library;
        using Unified;

        public sealed class Printing : Layer
        {
            [Eager]
            public override Tensor Forward(Tensor x)
            {
                Console.WriteLine("printing");
                return x * 10f;
            }
        }
        """;

    public const string RunLayers = """
        using Library;
        using Unified;

        void Show(string name, Func<Tensor, Tensor> forward)
        {
            var before = GraphRuntime.Statistics.Calls;
            var y = forward(Tensor.From<float>([3, 5], 2));
            Console.WriteLine($"{name} {string.Join(" ", y.ToArray<float>())} calls {GraphRuntime.Statistics.Calls - before}");
        }

        foreach (var layer in (Layer[])[new Layer(), new Shifted(), new Squared(), new Printing()])
        {
            Show(layer.GetType().Name, x => layer.Forward(x));
        }

        var chain = new Chain([new Layer(), new Squared(), new Shifted()]);
        Show("Chain", x => chain.Forward(x));
        """;

    public const string Unmarked = """
        using Library;
        using Unified;

        public sealed partial class Unmarked : Layer
        {
            public override Tensor Forward(Tensor x) => x * x;
        }
        """;

    public const string Throwing = """
        using Microsoft.CodeAnalysis;

        [Generator(LanguageNames.CSharp)]
        public sealed class FailsToStart : IIncrementalGenerator
        {
            public void Initialize(IncrementalGeneratorInitializationContext context) => throw new System.NotSupportedException("at the start");
        }

        [Generator(LanguageNames.CSharp)]
        public sealed class FailsToRun : IIncrementalGenerator
        {
            public void Initialize(IncrementalGeneratorInitializationContext context) =>
                context.RegisterSourceOutput(context.CompilationProvider, (_, _) => throw new System.NotSupportedException("while running"));
        }
        """;

    /// <summary>As much of the compiler's assembly as a generator made for a later compiler refers to.</summary>
    public const string LaterCompiler = """
        [assembly: System.Reflection.AssemblyVersion("99.0.0.0")]

        namespace Microsoft.CodeAnalysis
        {
            public static class LanguageNames
            {
                public const string CSharp = "C#";
            }

            public interface IIncrementalGenerator { }

            [System.AttributeUsage(System.AttributeTargets.Class)]
            public sealed class GeneratorAttribute : System.Attribute
            {
                public GeneratorAttribute(string firstLanguage, params string[] additionalLanguages) { }
            }
        }
        """;

    public const string TooNew = """
        using Microsoft.CodeAnalysis;

        [Generator(LanguageNames.CSharp)]
        public sealed class MadeForALaterCompiler : IIncrementalGenerator
        {
        }
        """;
}
