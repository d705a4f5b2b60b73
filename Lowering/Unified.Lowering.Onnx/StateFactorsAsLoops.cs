using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Onnx;

/// <summary>Turns factors and solutions of matrices, which ONNX has no operators for, into loops of operators that it has.</summary>
internal sealed class StateFactorsAsLoops : IPass
{
    private static readonly ImmutableDictionary<OpCode, FactorRule> Rules = ImmutableDictionary.CreateRange<OpCode, FactorRule>(
    [
        new(OpCode.Cholesky, (l, x, _) => FactorLoops.Cholesky(l, x[0])),
        new(OpCode.TriangularSolve, (l, x, a) => FactorLoops.TriangularSolve(l, x[0], x[1], a)),
        new(OpCode.Solve, (l, x, a) => FactorLoops.Solve(l, x[0], x[1], a.Bool("transposed"))),
        new(OpCode.SlogDet, (l, x, _) => FactorLoops.SlogDet(l, x[0])),
        new(OpCode.MatrixExp, (l, x, _) => FactorLoops.Exponential(l, x[0])),
        new(OpCode.QrFactors, (l, x, _) => FactorLoops.Qr(l, x[0])),
        new(OpCode.EighFactors, (l, x, _) => FactorLoops.Eigh(l, x[0])),
        new(OpCode.SvdFactors, (l, x, _) => FactorLoops.Svd(l, x[0])),
    ]);

    private delegate OpValue FactorRule(LoopBuilder loops, ImmutableArray<OpValue> operands, Attributes attributes);

    public string Name => "state-factors-as-loops";

    /// <summary>What the docs call its form; null where it is not stated here.</summary>
    public static string? FormOf(Op op) => Rules.ContainsKey(op.Code) ? "Loop" : null;

    public GraphModule Run(GraphModule module)
    {
        var bodies = new List<Graph>();
        ImmutableArray<Graph> graphs =
        [
            .. module.Graphs.Select(g => GraphRewriter.Rewrite(g, (builder, node, operands) =>
                Rules.TryGetValue(node.Op.Code, out var rule) ? [rule(new LoopBuilder(builder, bodies), operands, node.Attributes)] : null)),
        ];
        return new GraphModule([.. graphs, .. bodies]);
    }
}

/// <summary>Writes loops into a graph; their bodies become graphs of the module.</summary>
internal sealed record LoopBuilder(GraphBuilder Graph, List<Graph> Bodies)
{
    /// <summary>What a turn makes of the carried values.</summary>
    /// <param name="turn">0, 1, … (i64[]).</param>
    public delegate ImmutableArray<OpValue> Step(LoopBuilder loops, OpValue turn, ImmutableArray<OpValue> carried, ImmutableArray<OpValue> arguments);

    /// <summary>The carried values after <paramref name="count"/> turns.</summary>
    /// <param name="count">i64[]; 0 or less: no turn.</param>
    public ImmutableArray<OpValue> Repeat(OpValue count, ImmutableArray<OpValue> initial, ImmutableArray<OpValue> arguments, Step step)
    {
        var body = new GraphBuilder($"factor_loop_{Bodies.Count}");
        OpValue Input(OpValue like, string name) => body.Input(name, like.Type, InputKind.Argument);
        var zero = Graph.Scalar(DType.I64, 0);
        var turn = Input(zero, "turn");
        ImmutableArray<OpValue> carried = [.. initial.Select(v => Input(v, "carried"))];
        var limit = Input(count, "count");
        var next = step(this with { Graph = body }, turn, carried, [.. arguments.Select(a => Input(a, "argument"))]);
        var after = turn + 1;
        body.Output(body.Apply(OpCode.Less, after, limit), OutputKind.Result);
        foreach (var value in (OpValue[])[after, .. next])
        {
            body.Output(value, OutputKind.Result);
        }

        var graph = body.Build();
        Bodies.Add(graph);
        return Graph.While(graph, Graph.Apply(OpCode.Less, zero, count), [zero, .. initial], [count, .. arguments])[1..];
    }
}
