using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Which extrema of a row need not look for NaN: those whose NaN a sum along the row meets as well, where that sum makes NaN of all that is stored of the extremum. So it is with softmax: the sum of the
/// exponentials of x less the maximum is NaN where any x is, whatever the maximum.
/// </summary>
internal sealed class CaughtNaN(RowKernel kernel)
{
    // NaN if any operand is.
    private static readonly OpCode[] s_strict = [OpCode.Add, OpCode.Sub, OpCode.Mul, OpCode.Div, OpCode.Neg, OpCode.Exp, OpCode.Exp2, OpCode.Log, OpCode.Sqrt, OpCode.Tanh];

    public bool Of(int stage, int reduction)
    {
        var (op, source) = Reduction(stage, reduction);
        if (op == OpCode.Sum)
        {
            return false;
        }

        // The sums that are NaN where the source is anywhere in the row, and what is NaN where they are.
        var met = Carried(n => n == source);
        var caught = Carried(n => kernel.Nodes[n] is ReducedNode r && Reduction(r.Stage, r.Reduction) is { Op: OpCode.Sum } sum && met[sum.Node]);
        var depends = Each((n, known) => kernel.Nodes[n] is ReducedNode r
            ? (r.Stage, r.Reduction) == (stage, reduction) || Reduction(r.Stage, r.Reduction).Node is var made && (made > n || known[made])
            : NodeEmitter.Operands(kernel.Nodes[n]).Any(o => known[o]));
        return kernel.Stages.SelectMany(s => s.Stores).All(s => !depends[s.Node] || caught[s.Node]);
    }

    private bool[] Carried(Func<int, bool> isNaN) => Each((n, known) => kernel.Nodes[n].Type.IsFloat() && (isNaN(n) || (kernel.Nodes[n] is ComputeNode compute
        && (compute.Op == OpCode.Select ? compute.Operands.Skip(1).All(o => known[o]) : s_strict.Contains(compute.Op) && compute.Operands.Any(o => known[o])))));

    // Operands come before what is made of them.
    private bool[] Each(Func<int, bool[], bool> rule)
    {
        var known = new bool[kernel.Nodes.Length];
        for (var n = 0; n < known.Length; n++)
        {
            known[n] = rule(n, known);
        }

        return known;
    }

    private Reduction Reduction(int stage, int reduction) => kernel.Stages[stage].Reductions[reduction];
}
