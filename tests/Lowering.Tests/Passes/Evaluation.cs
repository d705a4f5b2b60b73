using System.Collections.Immutable;
using Unified.Ir;
using Unified.Ir.Tests.Ops;

namespace Unified.Lowering.Tests.Passes;

/// <summary>Runs modules in double precision, node by node, calls included: what passes must not change.</summary>
internal static class Evaluation
{
    /// <summary>Two sets of sizes: one of them could hide a dim that lost its name.</summary>
    public static ImmutableArray<ImmutableDictionary<string, long>> Sizes { get; } = [Named(2, 3), Named(1, 5)];

    /// <summary>Values of the root's inputs, then values of its outputs.</summary>
    public static double[][] Run(GraphModule module, IReadOnlyList<double[]> inputs, ImmutableDictionary<string, long> sizes)
    {
        var builder = new ReferenceBuilder();
        ImmutableArray<OpValue> operands =
            [.. inputs.Select((data, i) => builder.Value(Substitution.Sized(module.Root.Inputs[i].Type, sizes), data))];
        return [.. Run(module, module.Root, builder, operands, sizes).Select(v => ((ReferenceValue)v).Data)];
    }

    /// <summary>Numbers for each input: floats from -1 to 1, integers from 0 to 2.</summary>
    public static double[][] Draw(Graph graph, ImmutableDictionary<string, long> sizes, int seed)
    {
        var random = new Random(seed);
        return [.. graph.Inputs.Select(i => Draw(i.Type, sizes, random))];
    }

    public static double[] Draw(TensorType type, ImmutableDictionary<string, long> sizes, Random random)
    {
        var data = new double[type.Shape.Size.Evaluate(sizes)];
        for (var i = 0; i < data.Length; i++)
        {
            data[i] = type.DType.IsFloat() ? (2 * random.NextDouble()) - 1 : random.Next(type.DType == DType.Bool ? 2 : 3);
        }

        return data;
    }

    /// <summary>The two modules give the same values, at each of <see cref="Sizes"/>.</summary>
    public static void Same(GraphModule before, GraphModule after, double tolerance = 1e-12)
    {
        Assert.Empty(GraphVerifier.Verify(after));
        Assert.Equal(before.Root.Inputs.AsEnumerable(), after.Root.Inputs);
        Assert.Equal(before.Root.Outputs.Select(o => (o.Kind, o.Input)), after.Root.Outputs.Select(o => (o.Kind, o.Input)));
        foreach (var sizes in Sizes)
        {
            var inputs = Draw(before.Root, sizes, 1);
            var (expected, actual) = (Run(before, inputs, sizes), Run(after, inputs, sizes));
            Assert.Equal(expected.Length, actual.Length);
            for (var i = 0; i < expected.Length; i++)
            {
                Close(expected[i], actual[i], tolerance, $"output {i}");
            }
        }
    }

    public static void Close(double[] expected, double[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])),
                $"{what}, element {i}: {actual[i]:R}, not {expected[i]:R}");
        }
    }

    private static ImmutableArray<OpValue> Run(
        GraphModule module, Graph graph, ReferenceBuilder builder, ImmutableArray<OpValue> operands, ImmutableDictionary<string, long> sizes)
    {
        var values = new OpValue[graph.ValueCount];
        operands.CopyTo(values);
        foreach (var node in graph.Nodes)
        {
            ImmutableArray<OpValue> arguments = [.. node.Operands.Select(o => values[o])];
            var results = node.Callee is { } callee ? Control(node, arguments, a => Run(module, module.Get(callee), builder, a, sizes))
                : node.Op.Code == OpCode.RandomUniform ? [Uniform(builder, Substitution.Sized(graph.TypeOf(node.Results[0]), sizes), arguments[0])]
                : builder.Apply(node.Op, arguments, Substitution.Sized(node.Attributes, sizes));
            for (var i = 0; i < node.Results.Length; i++)
            {
                Assert.Equal(Substitution.Sized(graph.TypeOf(node.Results[i]), sizes), results[i].Type);
                values[node.Results[i]] = results[i];
            }
        }

        return [.. graph.Outputs.Select(o => values[o.Value])];
    }

    private static ImmutableArray<OpValue> Control(
        Node node, ImmutableArray<OpValue> operands, Func<ImmutableArray<OpValue>, ImmutableArray<OpValue>> run)
    {
        if (node.Op.Code == OpCode.Call)
        {
            return run(operands);
        }

        var (condition, values, arguments) = ControlOperands<OpValue>.Of(node, operands);
        if (node.Op.Code == OpCode.If)
        {
            return Holds(condition) ? run(arguments) : values;
        }

        if (node.Op.Code == OpCode.Unwind)
        {
            foreach (var turn in Enumerable.Reverse(((TapeValue)condition).Turns))
            {
                values = run([.. turn, .. values, .. arguments]);
            }

            return values;
        }

        var (start, turns) = (condition, new List<ImmutableArray<OpValue>>());
        while (Holds(condition))
        {
            turns.Add(node.Op.Code == OpCode.RecordedWhile ? [.. node.Attributes.Ints("saved").Select(i => values[i])] : []);
            var next = run([.. values, .. arguments]);
            (condition, values) = (next[0], next.RemoveAt(0));
        }

        return node.Op.Code == OpCode.While ? values : values.Add(new TapeValue(start.Builder, turns));
    }

    /// <summary>What the turns of a loop started with.</summary>
    private sealed class TapeValue(OpBuilder builder, IReadOnlyList<ImmutableArray<OpValue>> turns) : OpValue(builder, GraphBuilder.TapeType)
    {
        public IReadOnlyList<ImmutableArray<OpValue>> Turns { get; } = turns;
    }

    private static bool Holds(OpValue condition) => ((ReferenceValue)condition).Data[0] != 0;

    // Not the real stream: any function of state and place will do.
    private static OpValue Uniform(ReferenceBuilder builder, TensorType type, OpValue state)
    {
        var data = new double[type.Shape.Size.Value];
        var words = ((ReferenceValue)state).Data;
        for (var i = 0; i < data.Length; i++)
        {
            var wave = Math.Sin((words[0] * 12.9898) + (words[1] * 78.233) + (i * 37.719)) * 43758.5453;
            data[i] = wave - Math.Floor(wave);
        }

        return builder.Value(type, data);
    }

    private static ImmutableDictionary<string, long> Named(long batch, long time) =>
        ImmutableDictionary.CreateRange(new KeyValuePair<string, long>[] { new("B", batch), new("T", time) });
}
