using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a prepared graph into a program: groups become launches, values become buffers.</summary>
internal sealed class ProgramBuilder
{
    // The bounds of the classes of size (KernelFamily).
    private const int ShortRow = 1024, FewColumns = 64;

    private readonly Graph _graph;
    private readonly Grouping _grouping;
    private readonly KernelTable _kernels;
    private readonly Func<string, (int Number, GraphProgram Program)> _callee;
    private readonly ImmutableArray<View> _views;
    private readonly List<BufferPlan> _buffers = [];
    private readonly Dictionary<int, int> _bufferOf = [];
    private readonly List<ProgramStep> _steps = [];
    private readonly FindChecks _checks;
    private readonly Func<string, long> _frame;
    private readonly IReadOnlyDictionary<string, long> _sizes;
    private readonly bool[] _inMemory;
    private readonly Dictionary<int, int> _outputOf;

    public ProgramBuilder(
        Graph graph, KernelTable kernels, Func<string, (int Number, GraphProgram Program)> callee, FindChecks checks, Func<string, long> frame, SchedulePlan plan)
    {
        (_checks, _frame, _sizes) = (checks, frame, plan.Sizes);
        (Convolutions, Tuning) = (plan.Convolutions, plan.Tuning);
        _graph = graph;
        _kernels = kernels;
        _callee = callee;
        _grouping = new Grouping(graph, Tuning.For(new(KernelFamily.Fusion, false))[TunableTable.KernelNodes]);
        _views = LayOut(graph);
        _inMemory = ValuesInMemory();
        Absorbed = AbsorbPadding.Run(graph, _views, Convolutions, DirectCost);
        _outputOf = graph.Outputs.Index().ToDictionary(o => _views[o.Item.Value].Owner, o => o.Index);
    }

    public Graph Graph => _graph;

    public ConvolutionKernels Convolutions { get; }

    public Tuning Tuning { get; }

    /// <summary>Of convolutions: <see cref="TunableTable.DirectCost"/>.</summary>
    public int DirectCost => Tuning.For(new(KernelFamily.Convolutions, false))[TunableTable.DirectCost];

    /// <summary>By its result: a pad that has no launch of its own.</summary>
    public ImmutableDictionary<int, Node> Absorbed { get; }

    public ImmutableArray<View> Views => _views;

    public GraphProgram Build()
    {
        for (var i = 0; i < _graph.Inputs.Length; i++)
        {
            _bufferOf[i] = AddBuffer(BufferKind.Input, i, _graph.Inputs[i].Type.Bytes);
        }

        var mayFail = new List<bool>();
        var proved = new HashSet<IndexRange>();
        foreach (var group in new OrderGroups(_graph, _grouping, Stored, _checks, _frame, _sizes).Run())
        {
            var fails = FindChecks.MayFail(group.Nodes.SelectMany(n => _checks.Of(_graph.Nodes[n])), proved);
            switch (group.Kind)
            {
                case GroupKind.Row:
                    AddRow(group);
                    break;
                case GroupKind.Column:
                    AddColumn(group);
                    break;
                case GroupKind.Contraction:
                    new ContractionBuilder(this, _grouping, group, _views).Add();
                    break;
                default:
                    AddSingle(_graph.Nodes[group.Nodes.Min]);
                    break;
            }

            mayFail.AddRange(Enumerable.Repeat(fails, _steps.Count - mayFail.Count));
        }

        var buffers = ReusePlaces.Run(WithLifetimes(), _steps, _kernels.Kernels);
        var program = new GraphProgram(
            _graph.Name,
            [.. _graph.Inputs.Select(i => i.Type)],
            [.. _graph.Outputs.Select(o => _graph.TypeOf(o.Value))],
            buffers,
            [],
            [.. _steps]);
        return program with { Donations = FindDonations.Run(_graph, program, _kernels.Kernels, _callee, v => _bufferOf[_views[v].Owner], mayFail) };
    }

    /// <summary>The values of a group that live in memory.</summary>
    public IEnumerable<int> Stored(Group group) => group.Nodes.SelectMany(n => _graph.Nodes[n].Results).Where(v => _inMemory[v]);

    public int AddTemporary(Dim bytes) => AddBuffer(BufferKind.Temporary, -1, bytes);

    /// <summary>Memory for a program that is called.</summary>
    public int AddFrame(int program) => AddBuffer(BufferKind.Frame, program, Dim.Zero);

    public void AddStep(ProgramStep step) => _steps.Add(step);

    public BufferRef Ref(int owner, Dim offset, DType type)
    {
        if (!_bufferOf.TryGetValue(owner, out var buffer))
        {
            buffer = _bufferOf[owner] = _outputOf.TryGetValue(owner, out var output)
                ? AddBuffer(BufferKind.Output, output, _graph.TypeOf(owner).Bytes)
                : AddBuffer(BufferKind.Temporary, -1, _graph.TypeOf(owner).Bytes);
        }

        return new BufferRef(buffer, offset * type.Bytes());
    }

    /// <param name="kernels">Whose numbers the kernel is written by; null: there are none.</param>
    /// <param name="narrowed">Bytes that the kernel reads less than its group's values have, for an operand was packed as numbers of fewer bits.</param>
    public void AddLaunch(LoopKernel kernel, KernelClass? kernels, IEnumerable<BufferRef> buffers, List<Dim> parameters, Dim units, Dim grain, Dim scratch, Dim flops, Group? group, string label, SourceSpan? source, bool mayBeKept = false, Dim? narrowed = null)
    {
        ImmutableArray<BufferRef> list = [.. buffers];
        _steps.Add(new LaunchStep(
            label, _kernels.Add(kernel), list, [.. parameters], units, grain, scratch, flops, group is null ? Dim.Zero : Traffic(group) - (narrowed ?? Dim.Zero), source)
        {
            MayBeKept = mayBeKept,
            Class = kernels,
        });
    }

    /// <summary>The buffer that an earlier launch makes of the same memory in the same way, and of nothing else; null: there is none.</summary>
    public int? Made(LoopKernel kernel, BufferRef source, IReadOnlyList<Dim> parameters, Dim units)
    {
        var number = _kernels.Add(kernel);
        return _steps.OfType<LaunchStep>().FirstOrDefault(s => s.MayBeKept && s.Kernel == number && s.Buffers[0] == source && s.Units == units && s.Parameters.SequenceEqual(parameters))?.Buffers[^1].Buffer;
    }

    /// <summary>A name for profiles: the op that gives the group its kind, then what is fused to it.</summary>
    public string LabelOf(Group group)
    {
        var ops = group.Nodes.Select(n => _graph.Nodes[n].Op).ToList();
        var names = ops.Where(o => !o.Has(OpTraits.Creation)).Select(o => o.Name).Distinct().ToList();
        const int Most = 5;
        var chain = string.Join("+", names.Take(Most)) + (names.Count > Most ? $"+{names.Count - Most} more" : "");
        return $"{(chain.Length == 0 ? "fill" : chain)} {group.Domain}";
    }

    public SourceSpan? SourceOf(Group group) => group.Nodes.Select(n => _graph.Nodes[n].Source).FirstOrDefault(s => s is not null);

    /// <summary>The class of loops over rows of that length.</summary>
    public static KernelClass RowsOf(Dim inner) => KernelClass.Of(KernelFamily.Rows, inner, ShortRow);

    private void AddRow(Group group)
    {
        var space = new KernelSpace(_graph, _grouping, group, _views);
        var stores = Stored(group).Select(v => (Access: space.StoreOf(v), Node: space.Emit(v))).ToList();
        var settled = new SettledSpace(space, group.Domain, stores.Select(s => s.Access), group.HasReduction ? 1 : 0, group.HasReduction ? 1 : 0);
        foreach (var extent in settled.Extents)
        {
            settled.Parameter(extent);
        }

        // Reductions are numbered within their stage.
        var position = new int[space.Reductions.Count];
        var stages = space.Reductions.Select(r => r.Stage + 1).Concat(stores.Select(s => space.Need(s.Node) + 1)).Max();
        for (var stage = 0; stage < stages; stage++)
        {
            foreach (var (p, r) in Enumerable.Range(0, position.Length).Where(r => space.Reductions[r].Stage == stage).Index())
            {
                position[r] = p;
            }
        }

        settled.Settle(r => (space.Reductions[r].Stage, position[r]));
        var list = Enumerable.Range(0, stages).Select(stage => new Stage(
            [.. space.Reductions.Where(r => r.Stage == stage).Select(r => new Reduction(r.Op, settled.Number(r.Node)))],
            [.. stores.Where(s => space.Need(s.Node) == stage).Select(s => settled.Store(s.Access, s.Node))])).ToImmutableArray();
        var inner = settled.Extents[^1];
        var kernels = RowsOf(inner);
        var kernel = new RowKernel(settled.Buffers, settled.Parameters.Count, settled.Extents.Length, settled.Nodes, list) { Plan = RowPlan.Of(Tuning.For(kernels)) };
        var isFlat = settled.Extents.Length == 1 && !group.HasReduction;
        var rows = settled.Extents.SkipLast(1).Aggregate(Dim.One, (a, b) => a * b);
        var grain = Tuning.For(kernels)[TunableTable.Grain];
        AddLaunch(
            kernel,
            kernels,
            settled.BufferKeys.Select(k => Ref(k.Owner, k.Offset, k.Type)),
            settled.Parameters,
            isFlat ? inner : rows,
            isFlat ? grain : inner.IsConstant ? Math.Max(1, grain / Math.Max(1, inner.Value)) : Dim.Max(1, Dim.FloorDiv(grain, Dim.Max(1, inner))),
            kernel.ScratchBytes(inner),
            group.Domain.Size * Math.Max(1, group.Nodes.Count),
            group,
            LabelOf(group),
            SourceOf(group));
    }

    private void AddColumn(Group group)
    {
        var space = new KernelSpace(_graph, _grouping, group, _views);
        var stores = Stored(group).Select(v => (Access: space.StoreOf(v), Node: space.Emit(v))).ToList();
        var settled = new SettledSpace(space, group.Domain, stores.Select(s => s.Access), 2, 2);
        foreach (var extent in settled.Extents)
        {
            settled.Parameter(extent);
        }

        settled.Settle(r => (0, r));
        var kernels = KernelClass.Of(KernelFamily.Columns, settled.Extents[^1], FewColumns);
        var kernel = new ColumnKernel(
            [], 0, settled.Extents.Length, settled.Nodes,
            [.. space.Reductions.Select(r => new Reduction(r.Op, settled.Number(r.Node)))],
            [.. stores.Select(s => settled.Store(s.Access, s.Node))]) with { Buffers = settled.Buffers, ParameterCount = settled.Parameters.Count, Plan = ColumnPlan.Of(Tuning.For(kernels)) };
        var outer = settled.Extents.SkipLast(2).Aggregate(Dim.One, (a, b) => a * b);
        AddLaunch(
            kernel,
            kernels,
            settled.BufferKeys.Select(k => Ref(k.Owner, k.Offset, k.Type)),
            settled.Parameters,
            outer * Dim.CeilDiv(settled.Extents[^1], kernel.Plan.Block),
            Dim.One,
            Dim.Zero,
            group.Domain.Size * Math.Max(1, group.Nodes.Count),
            group,
            LabelOf(group),
            SourceOf(group));
    }

    private void AddSingle(Node node)
    {
        switch (node.Op.Code)
        {
            case OpCode.Pad when Absorbed.ContainsKey(node.Results[0]):
                break;
            case var _ when node.Op.Has(OpTraits.RunsGraph):
                new CallBuilder(this, _callee, _kernels.Kernels).Add(node);
                break;
            case var _ when node.Op.Has(OpTraits.Managed):
                ImmutableArray<int> values = [.. node.Operands, .. node.Results];
                AddStep(new ManagedStep(
                    $"{node.Op.Name} {_graph.TypeOf(node.Results[0]).Shape}", node.Op, node.Attributes, [.. values.Select(_graph.TypeOf)], [.. values.Select(RefOf)], node.Source));
                break;
            case OpCode.ScatterAdd:
                MovementBuilder.AddScatter(this, node);
                break;
            case OpCode.Attention:
                AttentionBuilder.Add(this, node, _views, RefOf(node.Results[0]));
                break;
            case OpCode.AttentionGradient:
                AttentionBuilder.AddGradient(this, node, _views, RefOf(node.Results[0]));
                break;
            case OpCode.Concat:
                MovementBuilder.AddConcat(this, node);
                break;
            case OpCode.Pad:
                MovementBuilder.AddPad(this, node);
                break;
            default:
                throw new GraphCompileException($"{node.Op.Name} cannot be compiled for this target", node.Source) { EagerIsPossible = true };
        }
    }

    /// <summary>Where a value lies.</summary>
    public BufferRef RefOf(int value) => Ref(_views[value].Owner, _views[value].Offset, _graph.TypeOf(value).DType);

    private int AddBuffer(BufferKind kind, int index, Dim bytes)
    {
        _buffers.Add(new BufferPlan(kind, index, bytes, -1, -1));
        return _buffers.Count - 1;
    }

    private Dim Traffic(Group group)
    {
        var read = group.Nodes.SelectMany(n => _graph.Nodes[n].Operands).Select(o => _views[o].Owner).Distinct()
            .Where(o => !_grouping.IsMadeIn(group, o) && !_grouping.IsTrivial(o));
        return read.Concat(Stored(group)).Aggregate(Dim.Zero, (sum, v) => sum + _graph.TypeOf(v).Bytes);
    }

    private static ImmutableArray<View> LayOut(Graph graph)
    {
        var views = new View[graph.ValueCount];
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            views[i] = View.Dense(i, graph.TypeOf(i).Shape);
        }

        foreach (var node in graph.Nodes)
        {
            foreach (var result in node.Results)
            {
                var shape = graph.TypeOf(result).Shape;
                views[result] = node.Op.Has(OpTraits.View)
                    ? views[node.Operands[0]].Through(node, graph.TypeOf(node.Operands[0]).Shape, shape)
                        ?? throw new InvalidOperationException($"graph '{graph.Name}': value {result} has no layout")
                    : View.Dense(result, shape);
            }
        }

        return [.. views];
    }

    private bool[] ValuesInMemory()
    {
        var result = new bool[_graph.ValueCount];
        foreach (var output in _graph.Outputs)
        {
            result[_views[output.Value].Owner] = true;
        }

        foreach (var node in _graph.Nodes.Where(n => !n.Op.Has(OpTraits.View)))
        {
            // A trivial node that is not in memory has only trivial operands, computed in place.
            var group = _grouping.GroupOf(node.Results[0]);
            foreach (var operand in node.Operands.Select(o => _views[o].Owner))
            {
                result[operand] |= group is not null && !_grouping.IsMadeIn(group, operand);
            }

            if (group?.Kind == GroupKind.Single)
            {
                foreach (var value in node.Results)
                {
                    result[value] = true;
                }
            }
        }

        // Of the trivial ones, those that got a group need memory; the others have none.
        for (var v = 0; v < result.Length; v++)
        {
            result[v] = _grouping.IsTrivial(v) ? _grouping.GroupOf(v) is not null : result[v];
        }

        return result;
    }

    private ImmutableArray<BufferPlan> WithLifetimes()
    {
        var first = Enumerable.Repeat(int.MaxValue, _buffers.Count).ToArray();
        var last = Enumerable.Repeat(-1, _buffers.Count).ToArray();
        for (var s = 0; s < _steps.Count; s++)
        {
            foreach (var buffer in _steps[s].UsedBuffers)
            {
                first[buffer] = Math.Min(first[buffer], s);
                last[buffer] = Math.Max(last[buffer], s);
            }
        }

        return [.. _buffers.Select((b, i) => b with { FirstStep = Math.Max(0, first[i] == int.MaxValue ? 0 : first[i]), LastStep = Math.Max(0, last[i]) })];
    }
}
