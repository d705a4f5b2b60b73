using Unified.Ir;

namespace Unified.Lowering.Tests.Specialize;

/// <summary>Short forms for what tests say of graphs.</summary>
internal static class Graphs
{
    public static TensorType F32(params Dim[] shape) => new(DType.F32, new Shape([.. shape]));

    /// <summary><c>mul(x, w) → add(%, b)</c>: one item per node, inputs by name, nodes by number.</summary>
    public static string Print(Graph graph)
    {
        var nodes = graph.Nodes.Select(n =>
            $"%{string.Join(",%", n.Results)} = {n.Callee ?? n.Op.Name}({string.Join(", ", n.Operands.Select(o => Name(graph, o)))})");
        var outputs = graph.Outputs.Select(o => o.Kind switch
        {
            OutputKind.Assign => $"{graph.Inputs[o.Input].Name} := {Name(graph, o.Value)}",
            OutputKind.Rebind => $"rebind {Name(graph, o.Value)}",
            _ => $"return {Name(graph, o.Value)}",
        });
        return string.Join("; ", nodes.Concat(outputs));
    }

    public static IEnumerable<string> Ops(Graph graph) => graph.Nodes.Select(n => n.Op.Name);

    /// <summary>The type of the first output.</summary>
    public static TensorType ResultType(Graph graph) => graph.TypeOf(graph.Outputs[0].Value);

    private static string Name(Graph graph, int value) => value < graph.Inputs.Length ? graph.Inputs[value].Name : $"%{value}";
}
