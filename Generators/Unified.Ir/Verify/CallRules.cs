using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The rules of structure: graphs that call others, and gradients still to be expanded.</summary>
internal static class CallRules
{
    public static ImmutableArray<GraphRule> Rows { get; } =
    [
        new("names-unique", NamesUnique),
        new("callee-exists", CalleeExists),
        new("call-types", CallTypes),
        new("control-types", ControlTypes),
        new("no-recursion", NoRecursion),
        new("gradient-types", GradientTypes),
        new("tangent-types", TangentTypes),
        new("watch-types", WatchTypes),
        new("custom-gradient-types", CustomGradientTypes),
        new("example-types", ExampleTypes),
    ];

    private static IEnumerable<string> NamesUnique(GraphModule module, Graph graph)
    {
        // Said once, at the first of them.
        var same = module.Graphs.Where(g => g.Name == graph.Name).ToArray();
        return same.Length > 1 && ReferenceEquals(same[0], graph) ? [$"{same.Length} graphs have this name"] : [];
    }

    private static IEnumerable<string> CalleeExists(GraphModule module, Graph graph)
    {
        foreach (var node in graph.Nodes)
        {
            var isCall = node.Op.Has(OpTraits.RunsGraph);
            if (isCall && node.Callee is null)
            {
                yield return $"{GraphRules.Describe(node)}: names no graph";
            }
            else if (!isCall && node.Callee is not null)
            {
                yield return $"{GraphRules.Describe(node)}: is no call, but names @{node.Callee}";
            }
            else if (isCall && Find(module, node) is null)
            {
                yield return $"{GraphRules.Describe(node)}: the module has no graph @{node.Callee}";
            }
        }
    }

    private static IEnumerable<string> CallTypes(GraphModule module, Graph graph)
    {
        foreach (var node in graph.Nodes.Where(n => n.Op.Code == OpCode.Call))
        {
            if (Find(module, node) is not { } callee || GraphRules.TypesOf(graph, node.Operands) is not { } operands
                || GraphRules.TypesOf(graph, node.Results) is not { } results
                || GraphRules.TypesOf(callee, [.. callee.Outputs.Select(o => o.Value)]) is not { } outputs)
            {
                continue;
            }

            var inputs = callee.Inputs.Select(i => i.Type).ToImmutableArray();
            if (!operands.SequenceEqual(inputs))
            {
                yield return $"{GraphRules.Describe(node)}: operands are {GraphRules.List(operands)}, @{callee.Name} takes {GraphRules.List(inputs)}";
            }

            if (!results.SequenceEqual(outputs))
            {
                yield return $"{GraphRules.Describe(node)}: results are {GraphRules.List(results)}, @{callee.Name} gives {GraphRules.List(outputs)}";
            }
        }
    }

    private static IEnumerable<string> ControlTypes(GraphModule module, Graph graph)
    {
        foreach (var node in graph.Nodes.Where(n => n.Op.Code is OpCode.If or OpCode.While or OpCode.RecordedWhile or OpCode.Unwind))
        {
            if (Find(module, node) is not { } callee || GraphRules.TypesOf(graph, node.Operands) is not { } operands
                || GraphRules.TypesOf(graph, node.Results) is not { } results
                || GraphRules.TypesOf(callee, [.. callee.Outputs.Select(o => o.Value)]) is not { } outputs)
            {
                continue;
            }

            if (node.Op.Code == OpCode.RecordedWhile)
            {
                if (results.IsEmpty || results[^1] != GraphBuilder.TapeType)
                {
                    yield return $"{GraphRules.Describe(node)}: its last result is no tape";
                    continue;
                }

                results = results[..^1];
                if (node.Attributes.Find("saved") is not DimsAttribute saved || saved.Value.Any(d => !d.IsConstant))
                {
                    yield return $"{GraphRules.Describe(node)}: it does not say which values it records";
                    continue;
                }

                foreach (var index in saved.Value.Select(d => d.Value).Where(i => i < 0 || i >= results.Length))
                {
                    yield return $"{GraphRules.Describe(node)}: records carried value {index} of {results.Length}";
                }
            }

            if (operands.Length <= results.Length)
            {
                yield return $"{GraphRules.Describe(node)}: {operands.Length} operands are too few for {results.Length} results";
                continue;
            }

            var (loops, unwinds) = (node.Op.Code is OpCode.While or OpCode.RecordedWhile, node.Op.Code == OpCode.Unwind);
            var parts = ControlOperands<TensorType>.Of(node, operands);
            var boolean = new TensorType(DType.Bool, Shape.Scalar);
            ImmutableArray<TensorType> taken = loops || unwinds ? [.. results, .. parts.Arguments] : parts.Arguments;
            ImmutableArray<TensorType> given = loops ? [boolean, .. results] : results;
            var first = unwinds ? GraphBuilder.TapeType : boolean;
            if (parts.Condition != first)
            {
                yield return $"{GraphRules.Describe(node)}: the {(unwinds ? "tape" : "condition")} is {parts.Condition}, not {first}";
            }

            // What an unwinding takes of each turn is known to the loop that recorded it.
            if (unwinds && callee.Inputs.Length >= taken.Length)
            {
                taken = [.. callee.Inputs.Take(callee.Inputs.Length - taken.Length).Select(i => i.Type), .. taken];
            }

            if (!parts.Values.SequenceEqual(results))
            {
                yield return $"{GraphRules.Describe(node)}: results are {GraphRules.List(results)}, but {(loops || unwinds ? "it starts from" : "otherwise they are")} {GraphRules.List(parts.Values)}";
            }

            if (!taken.SequenceEqual(callee.Inputs.Select(i => i.Type)))
            {
                yield return $"{GraphRules.Describe(node)}: gives {GraphRules.List(taken)}, @{callee.Name} takes {GraphRules.List(callee.Inputs.Select(i => i.Type))}";
            }

            if (!given.SequenceEqual(outputs))
            {
                yield return $"{GraphRules.Describe(node)}: needs {GraphRules.List(given)}, @{callee.Name} gives {GraphRules.List(outputs)}";
            }

            if (callee.Outputs.Any(o => o.Kind != OutputKind.Result))
            {
                yield return $"{GraphRules.Describe(node)}: @{callee.Name} changes state; what runs under a condition gives results only";
            }
        }
    }

    private static IEnumerable<string> NoRecursion(GraphModule module, Graph graph)
    {
        var reached = new HashSet<Graph>(ReferenceComparer.Instance);
        var open = new Stack<Graph>([graph]);
        while (open.Count > 0)
        {
            foreach (var callee in open.Pop().Nodes.Select(n => Find(module, n)).OfType<Graph>())
            {
                if (ReferenceEquals(callee, graph))
                {
                    return ["the graph calls itself, directly or through others"];
                }

                if (reached.Add(callee))
                {
                    open.Push(callee);
                }
            }
        }

        return [];
    }

    private static IEnumerable<string> GradientTypes(GraphModule module, Graph graph)
    {
        foreach (var node in graph.Nodes.Where(n => n.Op.Code == OpCode.Gradient))
        {
            if (GraphRules.TypesOf(graph, node.Operands) is not { } operands || GraphRules.TypesOf(graph, node.Results) is not { } results)
            {
                continue;
            }

            if (operands.IsEmpty || operands[0].Rank != 0 || operands.Any(o => !o.DType.IsFloat()))
            {
                yield return $"{GraphRules.Describe(node)}: takes a rank-0 loss and what to differentiate by, all floating-point, not {GraphRules.List(operands)}";
            }
            else if (!operands.Skip(1).SequenceEqual(results))
            {
                yield return $"{GraphRules.Describe(node)}: results are {GraphRules.List(results)}, but it differentiates by {GraphRules.List(operands.Skip(1))}";
            }
        }
    }

    private static IEnumerable<string> TangentTypes(GraphModule module, Graph graph)
    {
        foreach (var node in graph.Nodes.Where(n => n.Op.Code == OpCode.Tangent))
        {
            if (GraphRules.TypesOf(graph, node.Operands) is not { } operands || GraphRules.TypesOf(graph, node.Results) is not { } results)
            {
                continue;
            }

            var count = operands.Length / 2;
            if (operands.Length % 2 != 1 || operands.Any(o => !o.DType.IsFloat()) || !operands.Skip(1).Take(count).SequenceEqual(operands.Skip(1 + count)))
            {
                yield return $"{GraphRules.Describe(node)}: takes a value, what it is differentiated by, and as many tangents of the same floating-point types, not {GraphRules.List(operands)}";
            }
            else if (results.Length != 1 || results[0] != operands[0])
            {
                yield return $"{GraphRules.Describe(node)}: results are {GraphRules.List(results)}, but the tangent is of {operands[0]}";
            }
        }
    }

    private static IEnumerable<string> WatchTypes(GraphModule module, Graph graph) =>
        from node in graph.Nodes
        where node.Op.Code == OpCode.Watch
        let operands = GraphRules.TypesOf(graph, node.Operands)
        let results = GraphRules.TypesOf(graph, node.Results)
        where operands is not null && results is not null && !operands.Value.SequenceEqual(results.Value)
        select $"{GraphRules.Describe(node)}: marks {GraphRules.List(operands.Value)}, but gives {GraphRules.List(results.Value)}";

    private static IEnumerable<string> CustomGradientTypes(GraphModule module, Graph graph)
    {
        foreach (var node in graph.Nodes.Where(n => n.Op.Code == OpCode.CustomGradient))
        {
            if (Find(module, node) is not { } callee || GraphRules.TypesOf(graph, node.Operands) is not { } operands
                || GraphRules.TypesOf(graph, node.Results) is not { } results
                || GraphRules.TypesOf(callee, [.. callee.Outputs.Select(o => o.Value)]) is not { } outputs
                || node.Attributes.Find("wrt") is not DimAttribute { Value: { IsConstant: true, Value: var wrt } } || operands.Length <= wrt)
            {
                continue;
            }

            ImmutableArray<TensorType> given = [operands[0], .. operands.Skip(1 + (int)wrt)];
            if (!given.SequenceEqual(callee.Inputs.Select(i => i.Type)))
            {
                yield return $"{GraphRules.Describe(node)}: gives {GraphRules.List(given)}, @{callee.Name} takes {GraphRules.List(callee.Inputs.Select(i => i.Type))}";
            }

            if (!outputs.SequenceEqual(operands.Skip(1).Take((int)wrt)) || results.Length != 1 || results[0] != operands[0])
            {
                yield return $"{GraphRules.Describe(node)}: the gradients are {GraphRules.List(outputs)}, for {GraphRules.List(operands.Skip(1).Take((int)wrt))}";
            }
        }
    }

    private static IEnumerable<string> ExampleTypes(GraphModule module, Graph graph)
    {
        foreach (var node in graph.Nodes.Where(n => n.Op.Code is OpCode.Example or OpCode.Examples))
        {
            if (GraphRules.TypesOf(graph, node.Operands) is not { } operands || GraphRules.TypesOf(graph, node.Results) is not { } results)
            {
                continue;
            }

            if (node.Op.Code == OpCode.Example && node.Attributes.Find("axis") is DimAttribute { Value: { IsConstant: true, Value: var axis } }
                && (operands.Length != 1 || results.Length != 1 || !IsOneOf(results[0], operands[0], axis)))
            {
                yield return $"{GraphRules.Describe(node)}: {GraphRules.List(results)} is no example of {GraphRules.List(operands)} along axis {axis}";
            }

            if (node.Op.Code == OpCode.Examples && node.Attributes.Find("axes") is DimsAttribute { Value: var axes } && axes.All(a => a.IsConstant)
                && (axes.Length != results.Length || operands.Length <= results.Length || results.Where((r, i) => !IsOneOf(operands[i], r, axes[i].Value)).Any()))
            {
                yield return $"{GraphRules.Describe(node)}: results are {GraphRules.List(results)}, but those of one example are {GraphRules.List(operands)}";
            }
        }

        static bool IsOneOf(TensorType one, TensorType all, long axis) =>
            one.DType == all.DType && axis >= 0 && axis < all.Rank && one.Shape == new Shape(all.Shape.Dims.RemoveAt((int)axis));
    }

    private static Graph? Find(GraphModule module, Node node) =>
        node.Op.Has(OpTraits.RunsGraph) ? module.Graphs.FirstOrDefault(g => g.Name == node.Callee) : null;

    // Graphs are records: comparing them by content would walk whole graphs.
    private sealed class ReferenceComparer : IEqualityComparer<Graph>
    {
        public static ReferenceComparer Instance { get; } = new();

        public bool Equals(Graph? x, Graph? y) => ReferenceEquals(x, y);

        public int GetHashCode(Graph obj) => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(obj);
    }
}
