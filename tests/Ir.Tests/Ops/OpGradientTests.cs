using System.Collections.Immutable;

namespace Unified.Ir.Tests.Ops;

/// <summary>Gradients of first and second order against central differences, in double precision.</summary>
public sealed class OpGradientTests
{
    private const double Step = 1e-5;

    public static TheoryData<string> Samples =>
        [.. OpSamples.All.Where(s => s.Op.Gradient is not null && s.Infer()[0].DType.IsFloat()).Select(s => s.ToString())];

    [Theory]
    [MemberData(nameof(Samples))]
    public void First_order(string name) => Check(OpLawTests.Sample(name), 1);

    [Theory]
    [MemberData(nameof(Samples))]
    public void Second_order(string name) => Check(OpLawTests.Sample(name), 2);

    [Fact]
    public void Ties_share_the_gradient_of_an_extreme()
    {
        Assert.Equal([0.5, 0, 0.5, 0], Slopes(OpCode.ReduceMax, "f32[4]", 3, 1, 3, 2));
        Assert.Equal([0, 1.0 / 3, 1.0 / 3, 1.0 / 3], Slopes(OpCode.ReduceMin, "f32[4]", 3, 1, 1, 1));
        Assert.Equal([1, 0, 0], Slopes(OpCode.Relu, "f32[3]", 2, 0, -1));
    }

    [Fact]
    public void Equal_operands_share_the_gradient_of_a_maximum()
    {
        var builder = new GraphBuilder("ties");
        var x = builder.Input("x", OpSample.Type("f32[3]"), InputKind.Argument);
        var y = builder.Input("y", OpSample.Type("f32[3]"), InputKind.Argument);
        var loss = builder.Sum(builder.Apply(OpCode.Maximum, x, y), [0]);
        foreach (var gradient in Reverse.Gradients(builder, loss, [x, y]))
        {
            builder.Output(gradient, OutputKind.Result);
        }

        var results = ReferenceBuilder.Run(builder.Build(), [[1, 2, 3], [3, 2, 1]], OpSample.Sizes);
        Assert.Equal([0, 0.5, 1], results[0]);
        Assert.Equal([1, 0.5, 0], results[1]);
    }

    [Fact]
    public void Powers_of_zero_have_finite_gradients()
    {
        var builder = new GraphBuilder("power");
        var x = builder.Input("x", OpSample.Type("f32[3]"), InputKind.Argument);
        var y = builder.Input("y", OpSample.Type("f32[3]"), InputKind.Argument);
        var loss = builder.Sum(builder.Apply(OpCode.Pow, x, y), [0]);
        foreach (var gradient in Reverse.Gradients(builder, loss, [x, y]))
        {
            builder.Output(gradient, OutputKind.Result);
        }

        var results = ReferenceBuilder.Run(builder.Build(), [[0, 0, 0], [0, 1, 2]], OpSample.Sizes);
        Assert.Equal([0, 1, 0], results[0]);
        Assert.Equal([0, 0, 0], results[1]);
    }

    [Fact]
    public void The_gradient_of_a_shared_matrix_is_one_product()
    {
        var builder = new GraphBuilder("batch");
        var x = builder.Input("x", OpSample.Type("f32[B,T,4]"), InputKind.Argument);
        var w = builder.Input("w", OpSample.Type("f32[4,3]"), InputKind.Argument);
        Reverse.Gradients(builder, builder.Sum(builder.MatMul(x, w), [0, 1, 2]), [w]);
        var graph = builder.Build();
        var products = graph.Nodes.Where(n => n.Op.Code == OpCode.MatMul && graph.TypeOf(n.Results[0]).Shape == Shape.Of(4, 3));
        Assert.Equal(2, graph.TypeOf(Assert.Single(products).Operands[0]).Rank);
        Assert.DoesNotContain(graph.Nodes, n => n.Op.Code == OpCode.Transpose);
    }

    private static double[] Slopes(OpCode code, string type, params double[] x)
    {
        var builder = new GraphBuilder("slopes");
        var input = builder.Input("x", OpSample.Type(type), InputKind.Argument);
        var y = builder.Apply(code, input);
        builder.Output(
            Reverse.Gradients(builder, builder.Sum(y, Enumerable.Range(0, y.Shape.Rank)), [input])[0], OutputKind.Result);
        return ReferenceBuilder.Run(builder.Build(), [x], OpSample.Sizes)[0];
    }

    // The loss is a weighted sum of the result; for the second order, a weighted sum of the loss's own gradients.
    private static void Check(OpSample sample, int order)
    {
        var builder = new GraphBuilder("check");
        ImmutableArray<OpValue> operands = [.. sample.Operands.Select((t, i) => (OpValue)builder.Input($"x{i}", t, InputKind.Argument))];
        ImmutableArray<OpValue> floats = [.. operands.Where(o => o.DType.IsFloat())];
        var weight = builder.Input("w", sample.Infer()[0], InputKind.Argument);
        ImmutableArray<OpValue> weights = [.. floats.Select((o, i) => (OpValue)builder.Input($"w{i}", o.Type, InputKind.Argument))];

        var loss = Weighted(builder, builder.Apply(sample.Op, operands, sample.Attributes)[0], weight);
        if (order == 2)
        {
            loss = Reverse.Gradients(builder, loss, floats).Zip(weights, (g, w) => Weighted(builder, g, w)).Aggregate((a, b) => a + b);
        }

        builder.Output(loss, OutputKind.Result);
        foreach (var gradient in Reverse.Gradients(builder, loss, floats))
        {
            builder.Output(gradient, OutputKind.Result);
        }

        var graph = builder.Build();
        var random = new Random(7);
        var inputs = graph.Inputs.Select((input, i) => Draw(random, input.Type, i, i < operands.Length ? sample : null)).ToArray();
        var results = ReferenceBuilder.Run(graph, inputs, OpSample.Sizes);
        var lossOnly = graph with { Outputs = [graph.Outputs[0]] };
        for (var i = 0; i < floats.Length; i++)
        {
            var data = inputs[operands.IndexOf(floats[i])];
            for (var e = 0; e < data.Length; e++)
            {
                var expected = Difference(lossOnly, inputs, data, e);
                var actual = results[i + 1][e];
                Assert.True(
                    Math.Abs(expected - actual) <= 1e-6 * (1 + Math.Abs(expected)),
                    $"{sample}, operand {i}, element {e}: {actual} against {expected} by differences");
            }
        }
    }

    private static OpValue Weighted(GraphBuilder builder, OpValue x, OpValue weight) =>
        builder.Cast(builder.Sum(x * weight, Enumerable.Range(0, x.Shape.Rank)), DType.F64);

    private static double Difference(Graph graph, double[][] inputs, double[] data, int element)
    {
        var keep = data[element];
        data[element] = keep + Step;
        var above = ReferenceBuilder.Run(graph, inputs, OpSample.Sizes)[0][0];
        data[element] = keep - Step;
        var below = ReferenceBuilder.Run(graph, inputs, OpSample.Sizes)[0][0];
        data[element] = keep;
        return (above - below) / (2 * Step);
    }

    private static double[] Draw(Random random, TensorType type, int operand, OpSample? sample)
    {
        var (low, high) = sample is null ? (-1, 1) : (sample.Low, sample.High);
        var data = new double[type.Shape.Size.Evaluate(OpSample.Sizes)];
        for (var i = 0; i < data.Length; i++)
        {
            data[i] = type.DType.IsFloat() ? low + ((high - low) * random.NextDouble()) : random.Next(type.DType == DType.Bool ? 2 : 3);
        }

        if (sample is not null)
        {
            InputDomains.Confine(sample.Op, operand, Substitution.Sized(type, OpSample.Sizes).Shape, data);
        }

        return data;
    }
}
