using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns draft nodes into Loop IR nodes over laid axes, and sizes and strides into kernel parameters.</summary>
internal sealed class FinishKernel
{
    private readonly DraftKernel _draft;
    private readonly ImmutableArray<LaidAxis> _axes;
    private readonly List<Dim> _parameters;
    private readonly int _fixedCount;
    private readonly List<ScalarNode> _nodes = [];
    private readonly Dictionary<int, int> _numbers = [];

    /// <param name="draft">The kernel so far.</param>
    /// <param name="axes">Its axes, outermost first.</param>
    /// <param name="parameters">Those whose places the kernel's kind fixes.</param>
    public FinishKernel(DraftKernel draft, ImmutableArray<LaidAxis> axes, IEnumerable<Dim> parameters)
    {
        (_draft, _axes, _parameters) = (draft, axes, [.. parameters]);
        _fixedCount = _parameters.Count;
    }

    public ImmutableArray<Dim> Parameters => [.. _parameters];

    public ImmutableArray<ScalarNode> Nodes => [.. _nodes];

    /// <summary>The number of a draft node in the finished kernel; operands come first.</summary>
    public int Node(int draft)
    {
        if (!_numbers.TryGetValue(draft, out var number))
        {
            number = _numbers[draft] = Finish(_draft.Nodes[draft]);
        }

        return number;
    }

    public Reduction Finish(DraftReduction reduction) => new(reduction.Op, Node(reduction.Node));

    public Store Finish(DraftStore store) => new(store.Buffer, StridesOf(store.Address), Node(store.Node));

    private int Finish(DraftNode node)
    {
        ImmutableArray<int> operands = [.. node.Operands.Select(Node)];
        return node switch
        {
            DraftConstant constant => Add(new ConstantNode(constant.Type, constant.Value)),
            DraftSize size => Add(new ParameterNode(DType.I64, Parameter(size.Value))),
            DraftIndex index => Index(index.Index),
            DraftLoad load => Add(new LoadNode(load.Type, load.Buffer, StridesOf(load.Address))),
            DraftGather gather => Add(new GatherNode(
                gather.Type, gather.Buffer, StridesOf(gather.Address), operands[0], StrideOf(gather.IndexStride), Parameter(gather.Extent))),
            DraftCompute compute => Add(new ComputeNode(compute.Type, compute.Op, operands)),
            DraftUniform uniform => Add(new UniformNode(uniform.Type, operands[0], operands[1], operands[2])),
            DraftReduced reduced => Add(new ReducedNode(reduced.Type, reduced.Stage, reduced.Reduction)),
            _ => Add(new AccumulatorNode(node.Type)),
        };
    }

    private int Index(Affine index)
    {
        var sum = index.Offset.Is(0) ? -1 : Number(index.Offset);
        for (var axis = 0; axis < _axes.Length; axis++)
        {
            var stride = _axes[axis].StrideOf(index);
            if (stride.Is(0))
            {
                continue;
            }

            var term = Add(new IndexNode(axis));
            term = stride.Is(1) ? term : Add(new ComputeNode(DType.I64, OpCode.Mul, [term, Number(stride)]));
            sum = sum < 0 ? term : Add(new ComputeNode(DType.I64, OpCode.Add, [sum, term]));
        }

        return sum < 0 ? Add(new ConstantNode(DType.I64, 0)) : sum;
    }

    private int Number(Dim value) => Add(value.IsConstant ? new ConstantNode(DType.I64, value.Value) : new ParameterNode(DType.I64, Parameter(value)));

    private int Add(ScalarNode node)
    {
        _nodes.Add(node);
        return _nodes.Count - 1;
    }

    private ImmutableArray<Stride> StridesOf(Affine address) => [.. _axes.Select(a => StrideOf(a.StrideOf(address)))];

    private Stride StrideOf(Dim stride) => stride.Is(0) ? Stride.Zero : stride.Is(1) ? Stride.One : Stride.Of(Parameter(stride));

    // The row length first, then what strides have named before: launches that differ only in sizes that happen to be equal share a kernel.
    private int Parameter(Dim value)
    {
        var inner = _axes.Length - 1;
        if (_parameters[inner] == value)
        {
            return inner;
        }

        var found = _parameters.IndexOf(value, _fixedCount);
        found = found >= 0 ? found : _parameters.IndexOf(value, 0, inner);
        if (found < 0)
        {
            _parameters.Add(value);
            found = _parameters.Count - 1;
        }

        return found;
    }
}
