using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns scalar nodes into values: those that are constant along the inner axis into scalars, once per row; the others into
/// vectors at a <see cref="Point"/>. Row addresses are made once per row, too.
/// </summary>
internal sealed class NodeEmitter
{
    private readonly KernelBuilder _k;
    private readonly ImmutableArray<ScalarNode> _nodes;
    private readonly int _inner;
    private readonly bool[] _rowConstant;
    private readonly LlvmValue[] _indices;
    private readonly Dictionary<int, LlvmValue> _scalars = [];
    private readonly Dictionary<(int Buffer, string Strides), LlvmValue> _addresses = [];
    private readonly Dictionary<int, LlvmValue> _gatherAddresses = [];
    private readonly Dictionary<(int Stage, int Reduction), LlvmValue> _reduced = [];
    private readonly Dictionary<int, LlvmValue> _remembered = [];
    private readonly Dictionary<Store, LlvmValue?> _streams = [];
    private readonly HashSet<int> _settled = [];
    private readonly Dictionary<int, ShiftedPower> _powers = [];

    /// <param name="kernel">Where code goes.</param>
    /// <param name="nodes">The nodes of the kernel.</param>
    /// <param name="axes">The axes of the iteration space; the last one is vectorised.</param>
    /// <param name="reducedIsVector">Whether reductions are kept per lane (columns) and not per row.</param>
    public NodeEmitter(KernelBuilder kernel, ImmutableArray<ScalarNode> nodes, int axes, bool reducedIsVector)
    {
        (_k, _nodes, _inner, _indices) = (kernel, nodes, axes - 1, new LlvmValue[axes]);
        _rowConstant = new bool[nodes.Length];
        for (var i = 0; i < nodes.Length; i++)
        {
            _rowConstant[i] = nodes[i] switch
            {
                ConstantNode or ParameterNode => true,
                ReducedNode => !reducedIsVector,
                IndexNode index => index.Axis != _inner,
                LoadNode load => load.Strides[_inner].Kind == StrideKind.Zero,
                GatherNode gather => gather.Strides[_inner].Kind == StrideKind.Zero && _rowConstant[gather.Index],
                AccumulatorNode => false,
                _ => Operands(nodes[i]).All(o => _rowConstant[o]),
            };
        }
    }

    private LlvmBuilder B => _k.B;

    public static IEnumerable<int> Operands(ScalarNode node) => node switch
    {
        ComputeNode compute => compute.Operands,
        UniformNode uniform => [uniform.Seed, uniform.Offset, uniform.Counter],
        GatherNode gather => [gather.Index],
        _ => [],
    };

    public bool IsRowConstant(int node) => _rowConstant[node];

    /// <summary>Whether each row finds the same value there.</summary>
    public bool IsSameInRows(int node) => _nodes[node] switch
    {
        LoadNode load => load.Strides.Take(_inner).All(s => s.Kind == StrideKind.Zero),
        GatherNode gather => gather.Strides.Take(_inner).All(s => s.Kind == StrideKind.Zero) && IsSameInRows(gather.Index),
        IndexNode index => index.Axis == _inner,
        ReducedNode => false,
        AccumulatorNode => false,
        var other => Operands(other).All(IsSameInRows),
    };

    /// <summary>The nodes that <paramref name="roots"/> need, themselves included, in ascending order.</summary>
    public IReadOnlyList<int> Reach(IEnumerable<int> roots)
    {
        SortedSet<int> reached = [];
        Stack<int> open = new(roots);
        while (open.TryPop(out var node))
        {
            if (reached.Add(node) && !_remembered.ContainsKey(node))
            {
                foreach (var operand in _settled.Contains(node) ? [Otherwise(node)] : Operands(_nodes[node]))
                {
                    open.Push(operand);
                }
            }
        }

        return [.. reached];
    }

    /// <summary>What <paramref name="roots"/> need from memory at each point.</summary>
    public IEnumerable<int> Loads(IEnumerable<int> roots) => Reach(roots).Where(n => !_rowConstant[n] && (_nodes[n] is LoadNode || _remembered.ContainsKey(n)));

    /// <summary>Forgets the last row and goes to another.</summary>
    /// <param name="outer">The indices along all axes but the inner one.</param>
    public void EnterRow(IReadOnlyList<LlvmValue> outer)
    {
        for (var i = 0; i < outer.Count; i++)
        {
            _indices[i] = outer[i];
        }

        _scalars.Clear();
        _addresses.Clear();
        _gatherAddresses.Clear();
        _reduced.Clear();
        _remembered.Clear();
        _streams.Clear();
        _settled.Clear();
        _powers.Clear();
    }

    /// <summary>Where the row lies along an outer axis.</summary>
    public LlvmValue Index(int axis) => _indices[axis];

    /// <summary>From now on a selection has its last operand at all points.</summary>
    public void Settle(int select) => _settled.Add(select);

    /// <summary>From now on a power lacks a factor that is the same along the row: it is not divided by what rounding took from its exponent.</summary>
    public void Shift(int power, ShiftedPower shifted) => _powers[power] = shifted.At(_k, Scalar(shifted.Start));

    /// <summary>The factor that a power lacks; null: none.</summary>
    public LlvmValue? Lacks(int power) => _powers.TryGetValue(power, out var shifted) ? shifted.Factor(_k) : null;

    public LlvmValue Reduced(int stage, int reduction) => _reduced[(stage, reduction)];

    public void SetReduced(int stage, int reduction, LlvmValue value) => _reduced[(stage, reduction)] = value;

    /// <summary>From now on the node's value is read from a row in memory, which holds values and not elements.</summary>
    public void Remember(int node, LlvmValue row) => _remembered[node] = row;

    /// <summary>Writes a node's value at a point into a row in memory.</summary>
    public void Note(int node, LlvmValue row, Point at)
    {
        var value = Vector(node, at);
        _k.Store(value, B.Gep(value.Type.Scalar, row, at.First), at.Mask);
    }

    /// <summary>Asks for the elements that lie <paramref name="ahead"/> of a point's along the inner axis, which need not exist.</summary>
    public void Prefetch(LoadNode load, Point at, LlvmValue ahead, int level)
    {
        _k.Prefetch(B.GepUnchecked(Numbers.Memory(_k.Context, load.Type), Address(load.Buffer, load.Strides), _k.Add(at.First, ahead)), isWritten: false, level);
    }

    /// <summary>Asks for what the row holds in memory from <paramref name="first"/> on along the inner axis, before it is computed: what is loaded for it alone, and where it is stored.</summary>
    public void PrefetchRow(LlvmValue first, int count, IEnumerable<Store> stores)
    {
        var list = stores.ToList();
        var loads = Reach(list.Select(s => s.Node)).Select(n => _nodes[n]).OfType<LoadNode>().Where(l => l.Strides.Take(_inner).Any(s => s.Kind != StrideKind.Zero)).Select(l => (l.Buffer, l.Strides, l.Type, false));
        var all = loads.Concat(list.Select(s => (s.Buffer, s.Strides, _nodes[s.Node].Type, true))).Where(a => a.Strides[^1].Kind == StrideKind.One);
        foreach (var (buffer, strides, type, isWritten) in all)
        {
            for (var at = 0; at < count * type.Bytes(); at += KernelBuilder.Line)
            {
                _k.Prefetch(B.GepUnchecked(Numbers.Memory(_k.Context, type), Address(buffer, strides), _k.Add(first, _k.I64(at / type.Bytes()))), isWritten, KernelBuilder.FirstLevel);
            }
        }
    }

    /// <summary>Where <paramref name="condition"/> holds (null: always), a store goes past the caches. Its rows then begin at a whole line.</summary>
    public void Stream(Store store, LlvmValue? condition) => _streams[store] = condition;

    /// <summary>The address of a store's row as a number.</summary>
    public LlvmValue RowAddress(Store store) => B.PtrToInt(Address(store.Buffer, store.Strides), _k.Context.I64);

    /// <summary>Loads, before a loop over rows, what a point of each row needs and finds the same: a bias along the row. As many as registers hold.</summary>
    public IReadOnlyList<(int Node, LlvmValue Value)> SameInRows(IEnumerable<Store> stores, Point at)
    {
        const int Most = 6;
        bool IsSame(int node) => _nodes[node] is LoadNode load && load.Strides[_inner].Kind == StrideKind.One && load.Strides.Take(_inner).All(s => s.Kind == StrideKind.Zero);
        return [.. Reach(stores.Select(s => s.Node)).Where(IsSame).Take(Most).Select(n => (n, Vector(n, at)))];
    }

    /// <summary>What several stores need from where one of them goes, to be loaded before the first: an input and the output that takes its place may be one memory.</summary>
    public ImmutableArray<int> Overwritten(IReadOnlyList<Store> stores) => stores.Count < 2 ? [] : [.. Reach(stores.Select(s => s.Node))
        .Where(n => _nodes[n] is LoadNode load && stores.Any(s => s.Strides.Select(x => x.Kind).SequenceEqual(load.Strides.Select(x => x.Kind))))];

    /// <summary>Makes, before the inner loop, all that its points share.</summary>
    public void Prepare(IEnumerable<int> roots, IEnumerable<Store> stores)
    {
        foreach (var root in roots)
        {
            PrepareNode(root);
        }

        foreach (var store in stores)
        {
            _ = Address(store.Buffer, store.Strides);
        }
    }

    /// <summary>The value of a node that is constant along the row.</summary>
    public LlvmValue Scalar(int node)
    {
        if (!_scalars.TryGetValue(node, out var value))
        {
            value = _nodes[node] switch
            {
                LoadNode load => LoadScalar(load.Type, Address(load.Buffer, load.Strides)),
                GatherNode gather => LoadScalar(gather.Type, GatherAddress(node, gather)),
                _ => Evaluate(_nodes[node], null, Scalar),
            };
            _scalars[node] = value;
        }

        return value;
    }

    /// <summary>The value of a node at a point.</summary>
    public LlvmValue Vector(int node, Point at)
    {
        if (!at.Values.TryGetValue(node, out var value))
        {
            value = _rowConstant[node] ? B.Splat(Scalar(node), KernelBuilder.Lanes) : _nodes[node] switch
            {
                _ when _settled.Contains(node) => Vector(Otherwise(node), at),
                var n when _remembered.TryGetValue(node, out var row) && Numbers.Value(_k.Context, n.Type) is var type =>
                    _k.Load(type, B.Gep(type, row, at.First), at.Mask),
                LoadNode load => Load(load.Type, Address(load.Buffer, load.Strides), load.Strides[_inner], at, at.Mask),
                GatherNode gather => Gather(node, gather, at),
                _ when _powers.TryGetValue(node, out var power) => power.Emit(_k, Vector(power.Value, at)),
                _ => Evaluate(_nodes[node], at, n => Vector(n, at)),
            };
            at.Values[node] = value;
        }

        return value;
    }

    /// <summary>Writes a node's value at all lanes of one or more points.</summary>
    public void Store(Store store, DType type, params ReadOnlySpan<Point> points)
    {
        (Point At, LlvmValue Value)[] all = new (Point, LlvmValue)[points.Length];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = (points[i], Numbers.ToMemory(_k, Vector(store.Node, points[i]), type));
        }

        var address = Address(store.Buffer, store.Strides);
        if (store.Strides[_inner].Kind == StrideKind.One && all.All(p => p.At.Mask is null) && _streams.TryGetValue(store, out var streams))
        {
            LlvmValue Target((Point At, LlvmValue Value) p) => B.Gep(p.Value.Type.Scalar, address, p.At.First);
            void Pass()
            {
                foreach (var p in all)
                {
                    B.Store(p.Value, Target(p), KernelBuilder.Line).SetNonTemporal();
                }
            }

            if (streams is not { } condition)
            {
                Pass();
                return;
            }

            _k.If(
                condition,
                Pass,
                () =>
                {
                    foreach (var p in all)
                    {
                        _k.Store(p.Value, Target(p), null);
                    }
                });
            return;
        }

        foreach (var (at, value) in all)
        {
            var element = value.Type.Scalar;
            if (store.Strides[_inner] is { Kind: StrideKind.Parameter } stride)
            {
                _k.Scatter(value, StridedPointers(element, address, at.First, _k.Parameter(stride.Parameter)), at.Mask);
            }
            else
            {
                // A result has no stride 0 but along an axis of one element, such as the one column of a product: the mask leaves its first lane.
                _k.Store(value, B.Gep(element, address, at.First), at.Mask);
            }
        }
    }

    /// <summary>Writes a row's constant to its one place.</summary>
    public void StoreScalar(Store store, DType type) =>
        B.Store(Numbers.ToMemory(_k, Scalar(store.Node), type), Address(store.Buffer, store.Strides));

    private int Otherwise(int select) => ((ComputeNode)_nodes[select]).Operands[^1];

    private void PrepareNode(int root)
    {
        foreach (var node in Reach([root]))
        {
            switch (_nodes[node])
            {
                case var _ when _rowConstant[node]:
                    _ = Scalar(node);
                    break;
                case LoadNode load:
                    _ = Address(load.Buffer, load.Strides);
                    break;
                case GatherNode gather when _rowConstant[gather.Index]:
                    _ = GatherAddress(node, gather);
                    break;
                case GatherNode gather:
                    _ = Address(gather.Buffer, gather.Strides);
                    break;
                default:
                    break;
            }
        }
    }

    private LlvmValue Evaluate(ScalarNode node, Point? at, Func<int, LlvmValue> operand)
    {
        var type = Numbers.Value(_k.Context, node.Type);
        LlvmValue Widen(LlvmValue scalar) => at is null ? scalar : B.Splat(scalar, KernelBuilder.Lanes);
        switch (node)
        {
            case ConstantNode constant:
                return Widen(Numbers.Constant(type, node.Type, constant.Value));
            case ParameterNode parameter:
                return Widen(Casts.Emit(_k, _k.Parameter(parameter.Parameter), DType.I64, node.Type));
            case IndexNode index:
                return index.Axis == _inner ? _k.LaneIndices(at!.First) : Widen(_indices[index.Axis]);
            case ReducedNode reduced:
                return Numbers.Round(_k, at is { Reduced.Count: > 0 } ? at.Reduced[reduced.Reduction] : Widen(_reduced[(reduced.Stage, reduced.Reduction)]), node.Type);
            case AccumulatorNode:
                var sum = at!.Accumulator!.Value;
                return node.Type.IsFloat() ? Numbers.Round(_k, sum, node.Type) : B.IntCast(sum, type.Like(sum.Type), signed: true);
            case UniformNode uniform:
                return Philox.Uniform(_k, node.Type, operand(uniform.Seed), operand(uniform.Offset), operand(uniform.Counter));
            case ComputeNode { Op: OpCode.Cast, Type: DType.I32 } cast when _nodes[cast.Operands[0]] is IndexNode inner && inner.Axis == _inner:
                return B.Add(Widen(B.Trunc(at!.First, type)), B.Iota(type, KernelBuilder.Lanes));
            case ComputeNode { Op: OpCode.Cast } cast:
                return Casts.Emit(_k, operand(cast.Operands[0]), _nodes[cast.Operands[0]].Type, node.Type);
            case ComputeNode compute:
                var rule = Elementwise.Find(compute.Op, OperandType(compute));
                LlvmValue[] values = [.. compute.Operands.Select(operand)];
                return Numbers.Round(_k, rule.Emit(_k, values, OperandType(compute)), node.Type);
            default:
                throw new NotSupportedException($"x86-64 has no code for {node.GetType().Name}");
        }
    }

    /// <summary>The type that says which code an op gets; of a selection it is that of the values and not of the condition.</summary>
    private DType OperandType(ComputeNode node) => _nodes[node.Operands[^1]].Type;

    private LlvmValue LoadScalar(DType type, LlvmValue address) => Numbers.FromMemory(_k, B.Load(Numbers.Memory(_k.Context, type), address), type);

    private LlvmValue Load(DType type, LlvmValue address, Stride inner, Point at, LlvmValue? mask)
    {
        var element = Numbers.Memory(_k.Context, type);
        var value = inner.Kind == StrideKind.One
            ? _k.Load(element, B.Gep(element, address, at.First), mask)
            : _k.Gather(element, StridedPointers(element, address, at.First, _k.Parameter(inner.Parameter)), mask);
        return Numbers.FromMemory(_k, value, type);
    }

    private LlvmValue StridedPointers(LlvmType element, LlvmValue address, LlvmValue first, LlvmValue stride) =>
        B.GepUnchecked(element, address, _k.Mul(_k.LaneIndices(first), B.Splat(stride, KernelBuilder.Lanes)));

    private LlvmValue Address(int buffer, ImmutableArray<Stride> strides)
    {
        var key = (buffer, string.Join(',', strides.Take(_inner)));
        if (!_addresses.TryGetValue(key, out var address))
        {
            var offset = Offset(strides);
            address = offset is { } o ? B.Gep(_k.ElementOf(buffer), _k.Buffer(buffer), o) : _k.Buffer(buffer);
            _addresses[key] = address;
        }

        return address;
    }

    private LlvmValue? Offset(ImmutableArray<Stride> strides)
    {
        LlvmValue? sum = null;
        for (var axis = 0; axis < _inner; axis++)
        {
            if (strides[axis].Kind != StrideKind.Zero)
            {
                var term = strides[axis].Kind == StrideKind.One ? _indices[axis] : _k.Mul(_indices[axis], _k.Parameter(strides[axis].Parameter));
                sum = sum is { } s ? _k.Add(s, term) : term;
            }
        }

        return sum;
    }

    private LlvmValue GatherAddress(int node, GatherNode gather)
    {
        if (!_gatherAddresses.TryGetValue(node, out var address))
        {
            var index = CheckedIndex(gather, Scalar(gather.Index), null);
            var element = B.Gep(_k.ElementOf(gather.Buffer), Address(gather.Buffer, gather.Strides), Scaled(index, gather.IndexStride));

            // An empty table has not even an element 0: read some memory that exists.
            address = B.Select(B.ICmp(LlvmIntPredicate.Sgt, _k.Parameter(gather.Extent), _k.I64(0)), element, _k.ParameterBlock);
            _gatherAddresses[node] = address;
        }

        return address;
    }

    private LlvmValue Gather(int node, GatherNode gather, Point at)
    {
        var some = B.ICmp(LlvmIntPredicate.Sgt, _k.Parameter(gather.Extent), _k.I64(0));
        var mask = B.Splat(some, KernelBuilder.Lanes);
        mask = at.Mask is { } m ? B.And(mask, m) : mask;
        var inner = gather.Strides[_inner];
        if (_rowConstant[gather.Index])
        {
            return Load(gather.Type, GatherAddress(node, gather), inner, at, mask);
        }

        var index = Scaled(CheckedIndex(gather, Vector(gather.Index, at), at.Mask), gather.IndexStride);
        if (inner.Kind != StrideKind.Zero)
        {
            index = _k.Add(index, Scaled(_k.LaneIndices(at.First), inner));
        }

        var element = _k.ElementOf(gather.Buffer);
        var pointers = B.GepUnchecked(element, Address(gather.Buffer, gather.Strides), index);
        return Numbers.FromMemory(_k, _k.Gather(element, pointers, mask), gather.Type);
    }

    private LlvmValue Scaled(LlvmValue index, Stride stride) => stride.Kind switch
    {
        StrideKind.Zero => index.Type.Zero,
        StrideKind.One => index,
        _ => _k.Mul(index, index.Type.IsVector ? B.Splat(_k.Parameter(stride.Parameter), KernelBuilder.Lanes) : _k.Parameter(stride.Parameter)),
    };

    private LlvmValue CheckedIndex(GatherNode gather, LlvmValue index, LlvmValue? mask) =>
        _k.CheckedIndex(index, Numbers.IsUnsigned(_nodes[gather.Index].Type), _k.Parameter(gather.Extent), mask);
}
