using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns operands from outside a group into loads, or into the same few operations done again where that is cheaper than memory.</summary>
internal sealed class ObtainOperands(GroupTable groups)
{
    private const int Budget = 12;

    // A division, and what takes about as long, is done again only for what is small.
    private static readonly ImmutableHashSet<OpCode> Cheap =
    [
        OpCode.Neg, OpCode.Abs, OpCode.Sign, OpCode.Floor, OpCode.Ceil, OpCode.Round, OpCode.LogicalNot, OpCode.Cast, OpCode.Add, OpCode.Sub, OpCode.Mul,
        OpCode.Maximum, OpCode.Minimum, OpCode.LogicalAnd, OpCode.LogicalOr, OpCode.LogicalXor, OpCode.Equal, OpCode.NotEqual, OpCode.Less,
        OpCode.LessEqual, OpCode.Greater, OpCode.GreaterEqual, OpCode.Select, OpCode.RandomUniform,
    ];

    private ImmutableHashSet<int> _loads = [];
    private ImmutableHashSet<int> _inlined = [];
    private int _fresh = -1;

    private GraphContext Graph => groups.Graph;

    /// <summary>Plans how to get a value.</summary>
    public void Obtain(int value)
    {
        var budget = Budget;
        if (!Graph.IsCreation(value) && IsReady(value))
        {
            _loads = _loads.Add(value);
        }
        else if (!TryInline(value, ref budget))
        {
            _loads = _loads.Add(value);
        }
    }

    /// <summary>Plans to read a value from memory, whatever it takes to make.</summary>
    public void Load(int value) => _loads = _loads.Add(value);

    /// <summary>The groups that would have to run before; those that none has made yet need nothing.</summary>
    public IEnumerable<int> Sources => _loads.Select(v => groups.Find(groups.Layouts[v].Base)).OfType<int>().Distinct();

    public bool Shares(FusionGroup group) => _loads.Overlaps(group.Loads);

    /// <summary>All that the group would load.</summary>
    public int LoadsWith(FusionGroup group) => group.Loads.Union(_loads).Count;

    /// <summary>Carries the plan out: what is loaded goes to memory.</summary>
    public FusionGroup Apply(FusionGroup group) => group with
    {
        Loads = group.Loads.Union(_loads),
        Inlined = group.Inlined.Union(_inlined),
        Reads = group.Reads.Union(_loads.Select(groups.Store).OfType<int>()),
    };

    private bool IsReady(int value) => groups.IsStored(value) || groups.WillBeStored(value) || Graph.IsFixed(groups.Layouts[value].Base);

    private bool TryInline(int value, ref int budget)
    {
        var (loads, inlined, fresh) = (_loads, _inlined, _fresh);
        var node = Graph.Producer(value);
        var done = node is not null && (Graph.IsCreation(value)
            || (IsSimpleView(node) && TryGet(node.Operands[0], value, ref budget))
            || (IsCheap(node, value, ref budget) && AllGot(node, value, ref budget)));
        if (done)
        {
            _inlined = _inlined.Add(value);
        }
        else
        {
            (_loads, _inlined, _fresh) = (loads, inlined, fresh);
        }

        return done;
    }

    private bool AllGot(Node node, int value, ref int budget)
    {
        foreach (var operand in node.Operands)
        {
            if (!TryGet(operand, value, ref budget))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryGet(int operand, int value, ref int budget)
    {
        if (!Graph.IsCreation(operand) && IsReady(operand))
        {
            _loads = _loads.Add(operand);
            return true;
        }

        if (TryInline(operand, ref budget))
        {
            return true;
        }

        if (!IsSmall(operand, value))
        {
            if (!IsWorthMore(operand, value))
            {
                return false;
            }

            _fresh = operand;
        }

        _loads = _loads.Add(operand);
        return true;
    }

    private bool IsCheap(Node node, int value, ref int budget)
    {
        var scalar = Graph.ShapeOf(value).Size.Is(1) && node.Op.Has(OpTraits.Elementwise);
        budget -= node.Op.Code == OpCode.RandomUniform ? Budget / 2 : 1;
        return budget >= 0 && (scalar || Cheap.Contains(node.Op.Code));
    }

    /// <summary>A view whose operand is found at the point without any division.</summary>
    private bool IsSimpleView(Node node) => node.Op.Has(OpTraits.View) && (node.Op.Code != OpCode.Reshape || OperandIndices.OnlyUnitAxes(Graph, node));

    // In place of a value, the one it is made of may go to memory, once: others want that one, too.
    private bool IsWorthMore(int operand, int value) => (_fresh < 0 || _fresh == operand) && Graph.Uses(operand).Count > 1
        && Graph.TypeOf(operand).DType.Bytes() <= Graph.TypeOf(value).DType.Bytes();

    // A row's statistics against the row: to write them costs next to nothing.
    private bool IsSmall(int operand, int value)
    {
        var ratio = Graph.ShapeOf(value).Size.TryDivide(Graph.ShapeOf(operand).Size);
        return ratio is not null && (!ratio.IsConstant || ratio.Value >= 8);
    }
}
