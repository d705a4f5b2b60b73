using System.Collections.Immutable;
using Unified.Ir;
using Unified.Ir.Tests.Ops;

namespace Unified.Lowering.Tests.Passes;

/// <summary>
/// Random modules: a root that calls a graph that calls a graph, each several times, with the ops that models are made of. Every graph
/// takes (x, w, b, state, indices), hands out values of several shapes and assigns w; all numbers stay small.
/// </summary>
/// <param name="smooth">Only what has a derivative everywhere.</param>
internal sealed class RandomModules(int seed, bool smooth)
{
    private static readonly Dim B = Dim.Named("B"), T = Dim.Named("T");

    private static readonly Attributes None = Attributes.Empty;

    private static readonly ImmutableArray<(string Name, string Type, InputKind Kind)> Inputs =
    [
        ("x", "f64[B,T,4]", InputKind.Argument), ("w", "f64[4,4]", InputKind.State), ("b", "f64[4]", InputKind.State),
        ("state", "i64[2]", InputKind.Argument), ("indices", "i64[3]", InputKind.Argument),
    ];

    private readonly Random _random = new(seed);

    /// <summary>The inputs that gradients are taken by.</summary>
    public static int[] Wrt => [0, 1, 2];

    /// <summary>Results of the root: the loss, then its gradients by <see cref="Wrt"/>, then other values.</summary>
    /// <param name="order">0: no gradients; 2: the loss depends on gradients of another.</param>
    public GraphModule Make(int order)
    {
        var inner = Sub("inner", []);
        var middle = Sub("middle", [inner, inner]);
        var builder = new GraphBuilder("root");
        var (branch, turn) = (Sub("branch", [], assigns: false), Turn());
        var pool = Grow(builder, [middle, inner, middle]);
        Control(builder, pool, branch, turn);
        var loss = pool.TakeLast(4).Append(pool[0]).Where(v => v.DType == DType.F64)
            .Select(v => builder.Sum(builder.Apply(OpCode.Sin, v), Enumerable.Range(0, v.Shape.Rank))).Aggregate((a, b) => a + b);
        ImmutableArray<OpValue> wrt = [.. Wrt.Select(i => (OpValue)builder[i])];
        if (order == 2)
        {
            loss = builder.Gradient(loss, wrt).Select(g => builder.SumAll(builder.Apply(OpCode.Sin, g))).Aggregate(loss, (a, b) => a + b);
        }

        builder.Output(loss, OutputKind.Result);
        foreach (var gradient in order == 0 ? [] : builder.Gradient(loss, wrt))
        {
            builder.Output(gradient, OutputKind.Result);
        }

        Outputs(builder, pool);
        return new GraphModule([builder.Build(), middle, inner, branch, turn]);
    }

    private Graph Sub(string name, ImmutableArray<Graph> callees, bool assigns = true)
    {
        var builder = new GraphBuilder(name);
        Outputs(builder, Grow(builder, callees), assigns);
        return builder.Build();
    }

    /// <summary>A turn of a loop: (count, y, x) gives (count + 1 is below 3, count + 1, tanh(y / 2 + x)).</summary>
    private static Graph Turn()
    {
        var builder = new GraphBuilder("turn");
        var count = builder.Input("count", OpSample.Type("i64[]"), InputKind.Argument) + 1;
        var y = builder.Input("y", OpSample.Type(Inputs[0].Type), InputKind.Argument);
        var x = builder.Input("x", OpSample.Type(Inputs[0].Type), InputKind.Argument);
        foreach (var output in (OpValue[])[builder.Apply(OpCode.Less, count, builder.ScalarLike(count, 3)), count, builder.Apply(OpCode.Tanh, (y * 0.5) + x)])
        {
            builder.Output(output, OutputKind.Result);
        }

        return builder.Build();
    }

    /// <summary>A branch, and a loop where no gradient is asked for. Whether they run depends on an integer input.</summary>
    private void Control(GraphBuilder builder, List<OpValue> pool, Graph branch, Graph turn)
    {
        var first = builder.Reshape(builder.Slice(pool[3], [0], [1]), Shape.Scalar);
        var condition = builder.Apply(OneOf(OpCode.Less, OpCode.GreaterEqual), first, builder.ScalarLike(first, 2));
        ImmutableArray<OpValue> arguments = [.. branch.Inputs.Select(p => Pick(pool, v => v.Type == p.Type))];
        var otherwise = branch.Outputs.Select(o => branch.TypeOf(o.Value))
            .Select(t => pool.Find(v => v.Type == t) ?? builder.Full(t.Shape, t.DType, 1)).ToImmutableArray();
        pool.AddRange(builder.If(branch, condition, otherwise, arguments));
        if (!smooth)
        {
            OpValue Large() => Pick(pool, v => v.Type == OpSample.Type(Inputs[0].Type));
            pool.AddRange(builder.While(turn, condition, [first, Large()], [Large()]));
        }
    }

    private void Outputs(GraphBuilder builder, List<OpValue> pool, bool assigns = true)
    {
        builder.Output(pool[^1], OutputKind.Result);
        builder.Output(Pick(pool, v => v.DType.IsFloat()), OutputKind.Result);
        builder.Output(Pick(pool, _ => true), OutputKind.Result);
        if (assigns)
        {
            builder.Output(Pick(pool, v => v.Type == builder[1].Type), OutputKind.Assign, 1);
        }
    }

    private List<OpValue> Grow(GraphBuilder builder, ImmutableArray<Graph> callees)
    {
        var pool = new List<OpValue>();
        foreach (var (name, type, kind) in Inputs)
        {
            pool.Add(builder.Input(name, OpSample.Type(type), kind));
        }

        for (var i = 0; i <= callees.Length; i++)
        {
            var target = pool.Count + 7;
            while (pool.Count < target)
            {
                Step(builder, pool);
            }

            if (i < callees.Length)
            {
                var callee = callees[i];
                pool.AddRange(builder.Call(callee, [.. callee.Inputs.Select(p => Pick(pool, v => v.Type == p.Type))]));
            }
        }

        return pool;
    }

    // A choice that the op's rule refuses is simply not taken.
    private void Step(GraphBuilder builder, List<OpValue> pool)
    {
        var x = Pick(pool, v => v.DType == DType.F64 && v.Shape.Rank > 0);
        var y = Pick(pool, v => v.DType == DType.F64);
        var rank = x.Shape.Rank;
        try
        {
            pool.Add(_random.Next(smooth ? 17 : 23) switch
            {
                0 => builder.Apply(OneOf(OpCode.Sin, OpCode.Cos, OpCode.Tanh, OpCode.Neg, OpCode.Sigmoid, OpCode.Gelu, OpCode.GeluTanh, OpCode.Silu), x),
                1 => builder.Apply(OneOf(OpCode.Add, OpCode.Sub), x, y) * 0.5,
                2 => builder.Apply(OpCode.Tanh, x * y),
                3 => x / (builder.Apply(OpCode.Sin, y) + 2),
                4 => builder.Apply(OneOf(OpCode.Log, OpCode.Sqrt, OpCode.Rsqrt), builder.Apply(OpCode.Cos, x) + 2),
                5 => builder.Apply(OpCode.Tanh, builder.Sum(x, Axes(rank), _random.Next(2) == 0)),
                6 => builder.Apply(OneOf(OpCode.Mean, OpCode.Variance), None.With("axes", Axes(rank)).With("keepDims", true), x),
                7 => builder.Apply(OneOf(OpCode.Softmax, OpCode.LogSoftmax), None.With("axis", (long)_random.Next(rank)), x) * 0.5,
                8 => builder.Transpose(x, Enumerable.Range(0, rank).OrderBy(_ => _random.Next())),
                9 => builder.Reshape(x, Shape.From(-1, x.Shape[rank - 1])),
                10 => builder.BroadcastTo(x, OneOf(Shape.From(B, T, 4), Shape.From(1, 4), Shape.From(T, T, 4))),
                11 => builder.Apply(OpCode.Tanh, builder.MatMul(x, y, _random.Next(2) == 0, _random.Next(2) == 0)),
                12 => OneOf(builder.Full(Shape.From(B, T, 4), DType.F64, _random.Next(-1, 3)), builder.Scalar(DType.F64, _random.Next(-1, 3))) * x * 0.5,
                13 => builder.Apply(OpCode.Pad, None.With("low", x.Shape.Select(_ => (Dim)_random.Next(2))).With("high", x.Shape.Select(_ => (Dim)0)), x),
                14 when x.Shape[rank - 1] is { IsConstant: true, Value: > 2 } => builder.Apply(OpCode.Gather, None.With("axis", (long)rank - 1), x, pool[4]),
                15 => builder.Select(Drop(builder, x, pool[3]), x, builder.ScalarLike(x, 0)),
                14 or 16 => builder.Apply(OpCode.Concat, None.With("axis", -1L), x, y),
                17 => builder.Apply(OneOf(OpCode.Abs, OpCode.Relu, OpCode.Square, OpCode.StopGradient), x),
                18 => builder.Apply(OneOf(OpCode.Maximum, OpCode.Minimum), x, y),
                19 => builder.Select(builder.Apply(OneOf(OpCode.Less, OpCode.GreaterEqual), x, y), x, y),
                20 => builder.Cast(builder.Cast(builder.Apply(OpCode.Less, x, y), DType.I32) * 3, DType.F64) * 0.25,
                21 when x.Shape[rank - 1] is { IsConstant: true, Value: > 1 } => builder.Slice(x, x.Shape.Select(_ => Dim.Zero), [.. x.Shape.SkipLast(1), 2]),
                _ => builder.Apply(OpCode.RandomAdvance, None.With("shape", x.Shape.Dims), pool[3]),
            });
        }
        catch (ShapeException)
        {
        }
    }

    private static OpValue Drop(OpBuilder builder, OpValue x, OpValue state) => builder.Apply(
        OpCode.Less, builder.Apply(OpCode.RandomUniform, None.With("shape", x.Shape.Dims).With("dtype", DType.F64), state), builder.Scalar(DType.F64, 0.7));

    private int[] Axes(int rank) => [.. Enumerable.Range(0, rank).Where(a => a == 0 || _random.Next(2) == 0)];

    private T OneOf<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private OpValue Pick(List<OpValue> pool, Func<OpValue, bool> fits)
    {
        var choices = pool.Where(fits).ToList();

        // Later values more often, so that graphs are deep.
        return choices[Math.Max(_random.Next(choices.Count), _random.Next(choices.Count))];
    }
}
