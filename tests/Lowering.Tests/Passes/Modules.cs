using System.Collections.Immutable;
using CsCheck;
using Unified.Ir;
using Unified.Ir.Tests.Ops;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

/// <summary>Short forms for making modules and saying what is in them.</summary>
internal static class Modules
{
    public static GraphBuilder Graph(string name = "main") => new(name);

    public static OpValue Input(this GraphBuilder builder, string name, string type, InputKind kind = InputKind.Argument) =>
        builder.Input(name, OpSample.Type(type), kind);

    public static OpValue SumAll(this OpBuilder builder, OpValue x) => builder.Sum(x, Enumerable.Range(0, x.Shape.Rank));

    public static GraphModule Module(this GraphBuilder root, params Graph[] callees) => new([root.Build(), .. callees]);

    /// <summary>The graph with these results.</summary>
    public static Graph Returning(this GraphBuilder builder, params OpValue[] results)
    {
        foreach (var result in results)
        {
            builder.Output(result, OutputKind.Result);
        }

        return builder.Build();
    }

    /// <summary>The names of ops and callees, in order.</summary>
    public static string Ops(Graph graph) => string.Join(' ', graph.Nodes.Select(n => n.Callee ?? n.Op.Name));

    public static string Names(GraphModule module) => string.Join(' ', module.Graphs.Select(g => g.Name));

    public static int Calls(GraphModule module, string callee) => module.Graphs.SelectMany(g => g.Nodes).Count(n => n.Callee == callee);

    /// <summary>The pass keeps the values of random modules.</summary>
    public static void KeepsValues(Func<GraphModule, GraphModule> pass, long count = 60, double tolerance = 1e-9) =>
        Gen.Int[0, 1_000_000].Sample(
            seed =>
            {
                var module = new RandomModules(seed, smooth: false).Make(order: 0);
                Evaluation.Same(module, pass(module), tolerance);
            },
            iter: count);

    public static GraphModule Run(this GraphModule module, params IPass[] passes) => passes.Aggregate(module, (m, p) => p.Run(m));

    /// <summary>
    /// A residual block (x, w, b) → (y, y's mean), large enough to stay a call: y = x + tanh(x·w + b)·sigmoid(x).
    /// </summary>
    public static Graph Block(string name = "block")
    {
        var b = Graph(name);
        var (x, w, bias) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]", InputKind.State), b.Input("b", "f64[4]", InputKind.State));
        var y = x + (b.Apply(OpCode.Tanh, b.MatMul(x, w) + bias) * b.Apply(OpCode.Sigmoid, x));
        return b.Returning(y, b.Apply(OpCode.Mean, y));
    }

    /// <summary>Embedding, blocks with weights of their own, a loss, and its gradients by all weights: inputs (indices, table, w0, b0, …).</summary>
    public static GraphModule Stack(int depth)
    {
        var block = Block();
        var b = Graph();
        var indices = b.Input("indices", "i64[B,T]");
        var weights = new List<OpValue> { b.Input("table", "f64[3,4]", InputKind.State) };
        for (var i = 0; i < depth; i++)
        {
            weights.Add(b.Input($"w{i}", "f64[4,4]", InputKind.State));
            weights.Add(b.Input($"b{i}", "f64[4]", InputKind.State));
        }

        var x = b.Apply(OpCode.Embedding, weights[0], indices);
        for (var i = 0; i < depth; i++)
        {
            x = b.Call(block, [x, weights[(2 * i) + 1], weights[(2 * i) + 2]])[0];
        }

        var loss = b.SumAll(b.Apply(OpCode.Square, x));
        b.Returning([loss, .. b.Gradient(loss, [.. weights])]);
        return b.Module(block);
    }
}
