using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The rules of values, types and outputs.</summary>
internal static class GraphRules
{
    public static ImmutableArray<GraphRule> Rows { get; } =
    [
        new("inputs-first", InputsFirst),
        new("defined-once", DefinedOnce),
        new("numbered-densely", NumberedDensely),
        new("operands-before-uses", OperandsBeforeUses),
        new("attributes-complete", AttributesComplete),
        new("types-inferred", TypesInferred),
        new("outputs-exist", OutputsExist),
        new("assign-to-state", AssignToState),
        new("assigned-once", AssignedOnce),
    ];

    /// <summary>The node as messages name it.</summary>
    public static string Describe(Node node)
    {
        var results = string.Concat(node.Results.Select(r => $"%{r} ")) + (node.Results.IsEmpty ? "" : "= ");
        return $"{results}{node.Op.Name}{(node.Source is null ? "" : $" at {node.Source}")}";
    }

    /// <summary>The types of the operands, or null when one is out of range: another rule says so.</summary>
    public static ImmutableArray<TensorType>? TypesOf(Graph graph, ImmutableArray<int> values) =>
        values.All(v => IsValue(graph, v)) ? [.. values.Select(graph.TypeOf)] : null;

    public static bool IsValue(Graph graph, int value) => value >= 0 && value < graph.Types.Length;

    public static string List(IEnumerable<TensorType> types) => $"({string.Join(", ", types)})";

    private static IEnumerable<string> InputsFirst(GraphModule module, Graph graph)
    {
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            if (!IsValue(graph, i))
            {
                yield return $"input {i} ({graph.Inputs[i].Name}) has no value";
            }
            else if (graph.Types[i] != graph.Inputs[i].Type)
            {
                yield return $"input {i} ({graph.Inputs[i].Name}) is {graph.Inputs[i].Type}, but its value is {graph.Types[i]}";
            }
        }
    }

    private static IEnumerable<string> DefinedOnce(GraphModule module, Graph graph)
    {
        var defined = new HashSet<int>(Enumerable.Range(0, graph.Inputs.Length));
        return
            from node in graph.Nodes
            from result in node.Results
            where !defined.Add(result)
            select $"{Describe(node)}: %{result} is already {(result < graph.Inputs.Length ? "an input" : "the result of another node")}";
    }

    private static IEnumerable<string> NumberedDensely(GraphModule module, Graph graph)
    {
        var defined = new HashSet<int>(Enumerable.Range(0, graph.Inputs.Length).Concat(graph.Nodes.SelectMany(n => n.Results)));
        return defined.Where(v => !IsValue(graph, v)).Select(v => $"%{v} is beyond the {graph.Types.Length} values")
            .Concat(Enumerable.Range(0, graph.Types.Length).Where(v => !defined.Contains(v)).Select(v => $"%{v} has a type, but nothing defines it"));
    }

    private static IEnumerable<string> OperandsBeforeUses(GraphModule module, Graph graph)
    {
        var defined = new HashSet<int>(Enumerable.Range(0, graph.Inputs.Length));
        foreach (var node in graph.Nodes)
        {
            foreach (var operand in node.Operands.Where(o => !defined.Contains(o)).Distinct())
            {
                yield return $"{Describe(node)}: %{operand} is used before it is defined";
            }

            defined.UnionWith(node.Results);
        }
    }

    private static IEnumerable<string> AttributesComplete(GraphModule module, Graph graph)
    {
        foreach (var node in graph.Nodes)
        {
            var problem = Problem(() => node.Op.Complete(node.Attributes).Equals(node.Attributes)
                ? null
                : $"attributes {{{string.Join(", ", node.Attributes.Items.Select(a => a.Key))}}} leave out defaults; a node states them all");
            if (problem is not null)
            {
                yield return $"{Describe(node)}: {problem}";
            }
        }
    }

    private static IEnumerable<string> TypesInferred(GraphModule module, Graph graph)
    {
        foreach (var node in graph.Nodes.Where(n => !n.Op.Has(OpTraits.Structural)))
        {
            if (TypesOf(graph, node.Operands) is { } operands && TypesOf(graph, node.Results) is { } stated
                && Problem(() => Infer(node, operands, stated)) is { } problem)
            {
                yield return $"{Describe(node)}: {problem}";
            }
        }
    }

    private static string? Infer(Node node, ImmutableArray<TensorType> operands, ImmutableArray<TensorType> stated)
    {
        var attributes = node.Attributes;
        var inferred = node.Op.InferTypes(operands, ref attributes);
        return inferred.SequenceEqual(stated) ? null : $"results are {List(stated)}, the op's rule says {List(inferred)}";
    }

    private static IEnumerable<string> OutputsExist(GraphModule module, Graph graph) => graph.Outputs
        .Where(o => !IsValue(graph, o.Value))
        .Select(o => $"output %{o.Value} is no value");

    private static IEnumerable<string> AssignToState(GraphModule module, Graph graph)
    {
        foreach (var output in graph.Outputs)
        {
            if (output.Kind != OutputKind.Assign)
            {
                if (output.Input != -1)
                {
                    yield return $"output %{output.Value} is no assignment, but names input %{output.Input}";
                }
            }
            else if (output.Input < 0 || output.Input >= graph.Inputs.Length)
            {
                yield return $"%{output.Value} is assigned to %{output.Input}, which is no input";
            }
            else if (graph.Inputs[output.Input] is var input && input.Kind != InputKind.State)
            {
                yield return $"%{output.Value} is assigned to input {input.Name}, which is an argument, not state";
            }
            else if (IsValue(graph, output.Value) && graph.TypeOf(output.Value) != input.Type)
            {
                yield return $"%{output.Value} of type {graph.TypeOf(output.Value)} is assigned to {input.Name} of type {input.Type}";
            }
        }
    }

    private static IEnumerable<string> AssignedOnce(GraphModule module, Graph graph) => graph.Outputs
        .Where(o => o.Kind == OutputKind.Assign)
        .GroupBy(o => o.Input)
        .Where(g => g.Count() > 1)
        .Select(g => $"input %{g.Key} is assigned {g.Count()} times");

    // A rule of an op that meets attributes it does not expect may throw anything.
    private static string? Problem(Func<string?> check)
    {
        try
        {
            return check();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return e.Message;
        }
    }
}
