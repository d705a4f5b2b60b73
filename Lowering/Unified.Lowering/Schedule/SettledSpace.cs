using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns a space with symbolic strides into kernel nodes: merges axes that every access walks in one piece, numbers buffers, and
/// makes extents and strides parameters.
/// </summary>
internal sealed class SettledSpace
{
    private readonly KernelSpace _space;
    private readonly List<ScalarNode> _nodes = [];
    private readonly List<int> _number = [];
    private readonly List<(Access Key, KernelBuffer Buffer)> _buffers = [];
    private readonly List<List<int>> _merged;

    /// <param name="kept">Inner axes that stay by themselves.</param>
    /// <param name="apart">Inner axes that their outer neighbours do not merge into.</param>
    /// <param name="wall">No axis before it merges with one from it on.</param>
    public SettledSpace(KernelSpace space, Shape domain, IEnumerable<Access> others, int kept, int apart, int wall = 0)
    {
        _space = space;
        var strides = space.Accesses.Values.Select(a => a.Strides).Concat(space.Linear.Values).Concat(others.Select(o => o.Strides)).ToList();
        var axes = Enumerable.Range(0, domain.Rank).Where(a => a >= domain.Rank - kept || !domain[a].Is(1)).ToList();
        _merged = [];
        foreach (var axis in axes)
        {
            var isApart = axis >= domain.Rank - apart;
            var inner = axis;
            var isAcross = _merged.Count > 0 && _merged[^1][0] < wall && axis >= wall;
            if (!isApart && !isAcross && _merged.Count > 0 && strides.TrueForAll(s => s[_merged[^1][^1]] == s[inner] * domain[inner]))
            {
                _merged[^1].Add(axis);
            }
            else
            {
                _merged.Add([axis]);
            }
        }

        BeforeWall = _merged.Count(m => m[0] < wall);
        Extents = [.. _merged.Select(m => m.Aggregate(Dim.One, (e, a) => e * domain[a]))];
        if (Extents.IsEmpty)
        {
            Extents = [Dim.One];
        }
    }

    public ImmutableArray<Dim> Extents { get; }

    /// <summary>How many of them lie before the wall.</summary>
    public int BeforeWall { get; }

    public List<Dim> Parameters { get; } = [];

    public ImmutableArray<ScalarNode> Nodes => [.. _nodes];

    public ImmutableArray<KernelBuffer> Buffers => [.. _buffers.Select(b => b.Buffer)];

    /// <summary>What each buffer of the kernel is.</summary>
    public IEnumerable<Access> BufferKeys => _buffers.Select(b => b.Key);

    public int Parameter(Dim value)
    {
        Parameters.Add(value);
        return Parameters.Count - 1;
    }

    /// <summary>Makes it a parameter. What sizes of the launch that follow from it name it by: by a name of its own where it is more than a number or a name.</summary>
    public Dim NamedParameter(Dim value)
    {
        var number = Parameter(value);
        return value.IsConstant || value.Name is not null ? value : LaunchStep.ParameterDim(number);
    }

    /// <summary>The strides along the settled axes.</summary>
    public ImmutableArray<Dim> StridesOf(ImmutableArray<Dim> strides) =>
        _merged.Count == 0 ? [Dim.Zero] : [.. _merged.Select(m => strides[m[^1]])];

    public int Buffer(Access access)
    {
        var index = _buffers.FindIndex(b => b.Key.Owner == access.Owner && b.Key.Offset == access.Offset && b.Key.IsWritten == access.IsWritten);
        if (index < 0)
        {
            index = _buffers.Count;
            _buffers.Add((access, new KernelBuffer(access.Type, access.IsWritten)));
        }

        return index;
    }

    public Store Store(Access access, int node) => new(Buffer(access), Strides(access.Strides), _number[node]);

    /// <summary>The settled number of a node of the space.</summary>
    public int Number(int node) => _number[node];

    /// <summary>Settles all nodes. Extents and other leading parameters come before.</summary>
    public void Settle(Func<int, (int Stage, int Position)> reduction)
    {
        for (var i = 0; i < _space.Nodes.Count; i++)
        {
            var settled = _space.Nodes[i] switch
            {
                LoadNode l => l with { Buffer = Buffer(_space.Accesses[i]), Strides = Strides(_space.Accesses[i].Strides) },
                GatherNode g => g with
                {
                    Buffer = Buffer(_space.Accesses[i]),
                    Strides = Strides(_space.Accesses[i].Strides),
                    Index = _number[g.Index],
                    IndexStride = One(_space.Sizes[i].First),
                    Extent = Parameter(_space.Sizes[i].Second),
                },
                ParameterNode p => p with { Parameter = Parameter(_space.Sizes[i].First) },
                ComputeNode c => c with { Operands = [.. c.Operands.Select(o => _number[o])] },
                UniformNode u => u with { Seed = _number[u.Seed], Offset = _number[u.Offset], Counter = _number[u.Counter] },
                ReducedNode r => reduction(r.Reduction) is var (stage, position) ? r with { Stage = stage, Reduction = position } : r,
                IndexNode => null,
                var other => other,
            };
            _number.Add(settled is null ? LinearIndex(StridesOf(_space.Linear[i])) : Add(settled));
        }
    }

    private int LinearIndex(ImmutableArray<Dim> strides)
    {
        var sum = -1;
        for (var a = 0; a < strides.Length; a++)
        {
            if (strides[a].Is(0))
            {
                continue;
            }

            var term = Add(new IndexNode(a));
            if (!strides[a].Is(1))
            {
                term = Add(new ComputeNode(DType.I64, OpCode.Mul, [term, Add(new ParameterNode(DType.I64, Parameter(strides[a])))]));
            }

            sum = sum < 0 ? term : Add(new ComputeNode(DType.I64, OpCode.Add, [sum, term]));
        }

        return sum < 0 ? Add(new ConstantNode(DType.I64, 0)) : sum;
    }

    private ImmutableArray<Stride> Strides(ImmutableArray<Dim> strides) => [.. StridesOf(strides).Select(One)];

    private Stride One(Dim stride) => stride.Is(0) ? Stride.Zero : stride.Is(1) ? Stride.One : Stride.Of(Parameter(stride));

    private int Add(ScalarNode node)
    {
        _nodes.Add(node);
        return _nodes.Count - 1;
    }
}
