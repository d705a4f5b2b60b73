using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Turns graphs into their canonical text and back. A text is a module: its first graph is the root.</summary>
public static class GraphText
{
    private static readonly ImmutableArray<(string Word, InputKind Kind)> Inputs = [("arg", InputKind.Argument), ("state", InputKind.State)];

    private static readonly ImmutableArray<(string Word, OutputKind Kind)> Outputs =
        [("result", OutputKind.Result), ("assign", OutputKind.Assign), ("rebind", OutputKind.Rebind)];

    /// <param name="sources">Whether to print places in the C#, as <c>loc("file", line, column, "text")</c>.</param>
    public static string Print(Graph graph, bool sources = false)
    {
        var writer = new IrWriter(sources);
        Print(writer, graph);
        return writer.Add("\n").ToString();
    }

    /// <param name="sources">Whether to print places in the C#, as <c>loc("file", line, column, "text")</c>.</param>
    public static string Print(GraphModule module, bool sources = false) =>
        string.Join("\n", module.Graphs.Select(g => Print(g, sources)));

    /// <summary>Parses one or more graphs.</summary>
    /// <exception cref="IrTextException">The text is no module; names line and column.</exception>
    public static GraphModule Parse(string text)
    {
        var scanner = new TextScanner(text);
        var graphs = ImmutableArray.CreateBuilder<Graph>();
        do
        {
            graphs.Add(ParseOne(scanner));
        }
        while (!scanner.AtEnd);

        return new GraphModule(graphs.ToImmutable());
    }

    /// <summary>Parses exactly one graph.</summary>
    /// <exception cref="IrTextException">The text is no single graph; names line and column.</exception>
    public static Graph ParseGraph(string text)
    {
        var scanner = new TextScanner(text);
        var graph = ParseOne(scanner);
        scanner.ExpectEnd();
        return graph;
    }

    private static void Print(IrWriter w, Graph graph)
    {
        w.Add("graph @").Name(graph.Name).List("(", graph.Inputs.Select((input, i) => (input, i)), ")", p =>
                w.Add("%").Add(p.i).Add(" ").Name(p.input.Name).Add($": {Inputs.First(k => k.Kind == p.input.Kind).Word} {p.input.Type}"))
            .Add(" -> ").List("(", graph.Outputs, ")", o =>
            {
                w.Add(Outputs.First(k => k.Kind == o.Kind).Word).Add(" %").Add(o.Value);
                if (o.Input >= 0)
                {
                    w.Add(" to %").Add(o.Input);
                }
            })
            .Add(" ").Braces(() =>
            {
                foreach (var node in graph.Nodes)
                {
                    Print(w.Line(), graph, node);
                }
            });
    }

    private static void Print(IrWriter w, Graph graph, Node node)
    {
        w.List("", node.Results, node.Results.IsEmpty ? "" : " = ", r =>
            w.Add("%").Add(r).Add(": ").Add(r >= 0 && r < graph.Types.Length ? graph.Types[r].ToString() : "?"));
        w.Add(node.Op.Name);
        if (node.Callee is not null)
        {
            w.Add(" @").Name(node.Callee);
        }

        w.List("(", node.Operands, ")", o => w.Add("%").Add(o));
        if (!node.Attributes.IsEmpty)
        {
            AttributesText.Print(w.Add(" "), node.Attributes);
        }

        if (!node.Regions.IsEmpty)
        {
            w.Add(" regions ").Braces(() =>
            {
                foreach (var region in node.Regions)
                {
                    Print(w.Line(), region);
                }
            });
        }

        w.Source(node.Source);
    }

    private static Graph ParseOne(TextScanner scanner) => scanner.Nested(s =>
    {
        s.Expect("graph");
        s.Expect("@");
        var name = s.Name("the name of the graph");
        var types = new Dictionary<int, TensorType>();
        var inputs = s.List("(", ")", t => ParseInput(t, types));
        s.Expect("->");
        var outputs = s.List("(", ")", ParseOutput);
        s.Expect("{");
        var nodes = ImmutableArray.CreateBuilder<Node>();
        while (!s.Accept("}"))
        {
            nodes.Add(ParseNode(s, types));
        }

        var all = ImmutableArray.CreateBuilder<TensorType>(types.Count);
        for (var value = 0; value < types.Count; value++)
        {
            all.Add(types.TryGetValue(value, out var type) ? type : throw s.Error($"graph @{name} numbers values beyond %{value}, but %{value} is missing"));
        }

        return new Graph(name, inputs, nodes.ToImmutable(), outputs, all.MoveToImmutable());
    });

    private static GraphInput ParseInput(TextScanner scanner, Dictionary<int, TensorType> types)
    {
        var count = types.Count;
        var start = scanner.Position;
        if (scanner.Numbered("%", $"%{count}") != count)
        {
            throw scanner.ErrorAt(start, $"inputs are numbered in order: this is %{count}");
        }

        var name = scanner.Name("the name of an input");
        scanner.Expect(":");
        var kind = Find(scanner, Inputs);
        var type = TensorTypeText.Parse(scanner);
        types.Add(count, type);
        return new GraphInput(name, type, kind);
    }

    private static GraphOutput ParseOutput(TextScanner scanner) => new(
        Kind: Find(scanner, Outputs),
        Value: scanner.Numbered("%", "a value"),
        Input: scanner.Accept("to") ? scanner.Numbered("%", "an input") : -1);

    private static Node ParseNode(TextScanner scanner, Dictionary<int, TensorType> types)
    {
        var results = ImmutableArray.CreateBuilder<int>();
        while (scanner.At("%"))
        {
            results.Add(ParseResult(scanner, types));
            if (!scanner.Accept(","))
            {
                scanner.Expect("=");
                break;
            }
        }

        var start = scanner.Position;
        var name = scanner.Word("an op or '}'");
        var op = OpTable.Find(name) ?? throw scanner.ErrorAt(start, $"no op is called '{name}'");
        var callee = scanner.Accept("@") ? scanner.Name("the name of a graph") : null;
        var operands = scanner.List("(", ")", s => s.Numbered("%", "a value"));
        var attributes = scanner.At("{") ? AttributesText.Parse(scanner) : Attributes.Empty;
        var regions = ImmutableArray.CreateBuilder<Graph>();
        if (scanner.Accept("regions"))
        {
            scanner.Expect("{");
            while (!scanner.Accept("}"))
            {
                regions.Add(ParseOne(scanner));
            }
        }

        return new Node(op, operands, results.ToImmutable(), attributes, callee, IrWriter.ParseSource(scanner)) { Regions = regions.ToImmutable() };
    }

    private static int ParseResult(TextScanner scanner, Dictionary<int, TensorType> types)
    {
        var start = scanner.Position;
        var value = scanner.Numbered("%", "a value");
        scanner.Expect(":");
        if (types.ContainsKey(value))
        {
            throw scanner.ErrorAt(start, $"%{value} is defined twice");
        }

        types.Add(value, TensorTypeText.Parse(scanner));
        return value;
    }

    private static T Find<T>(TextScanner scanner, ImmutableArray<(string Word, T Kind)> rows)
    {
        foreach (var (word, kind) in rows)
        {
            if (scanner.Accept(word))
            {
                return kind;
            }
        }

        throw scanner.Expected(string.Join(", ", rows.Select(r => r.Word)));
    }
}
