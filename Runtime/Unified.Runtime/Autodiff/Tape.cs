using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>A place where a gradient can arrive: a tensor that requires one, or the result of a recorded op.</summary>
internal sealed class GradSlot(TapeNode? node, Tensor? leaf)
{
    /// <summary>The op that made the tensor; null for a leaf.</summary>
    public TapeNode? Node { get; } = node;

    public Tensor? Leaf { get; } = leaf;
}

/// <summary>A recorded op. It holds its own handles on operands and result, so that it decides how long their memory lives.</summary>
internal sealed class TapeNode(Op op, Attributes attributes, long sequence)
{
    public Op Op { get; } = op;

    public Attributes Attributes { get; } = attributes;

    /// <summary>Grows with time: operands are always made before results.</summary>
    public long Sequence { get; } = sequence;

    /// <summary>Of <see cref="Ops.CustomGradient(Func{Tensor}, IReadOnlyList{Tensor}, Func{Tensor, IReadOnlyList{Tensor}})"/>: from the cotangent to those of the operands.</summary>
    public Func<Tensor, IReadOnlyList<Tensor>>? Backward { get; init; }

    public Tensor[] Operands { get; set; } = [];

    public Tensor? Result { get; set; }

    public bool IsReleased => Result is null;

    public void Release()
    {
        foreach (var operand in Operands)
        {
            operand.Dispose();
        }

        Result?.Dispose();
        (Operands, Result) = ([], null);
    }
}

/// <summary>
/// The record of ops whose operands lead to a tensor that requires a gradient. It is a graph that hangs on the tensors
/// themselves: a result that is dropped takes its record with it.
/// </summary>
[StackTraceHidden]
internal static class Tape
{
    private static long s_sequence;

    [ThreadStatic]
    private static int t_paused;

    [ThreadStatic]
    private static int t_depth;

    [ThreadStatic]
    private static List<(Tensor Tensor, GradSlot? Before)>? t_overwritten;

    /// <summary>Inside <see cref="Ops.ValueAndGrad"/> on this thread: compiled graphs must not run, for they leave no record.</summary>
    public static bool IsRecording => t_depth > 0 && t_paused == 0;

    /// <summary>How many <see cref="Ops.ValueAndGrad"/> are under way on this thread.</summary>
    public static int Depth => t_depth;

    public static long Now => Interlocked.Read(ref s_sequence);

    public static bool IsPaused => t_paused > 0;

    /// <summary>
    /// A tensor has a new value, with the history of that. Within <c>ValueAndGrad</c> and its kin it keeps it until that ends, when the record is
    /// freed; a tensor that requires a gradient is then again what gradients are taken by. Outside, such a tensor has no history.
    /// </summary>
    public static void Overwritten(Tensor tensor, GradSlot? history)
    {
        if (t_depth == 0)
        {
            tensor.Slot = tensor.RequiresGrad ? tensor.Slot : history;
            return;
        }

        if (!ReferenceEquals(tensor.Slot, history))
        {
            (t_overwritten ??= []).Add((tensor, tensor.RequiresGrad && tensor.Slot?.Leaf is not null ? tensor.Slot : null));
            tensor.Slot = history;
        }
    }

    /// <summary>The outermost derivative has been taken.</summary>
    public static void Forget()
    {
        if (t_depth > 0 || t_overwritten is not { Count: > 0 } overwritten)
        {
            return;
        }

        // The first entry of a tensor says what it was before.
        for (var i = overwritten.Count - 1; i >= 0; i--)
        {
            overwritten[i].Tensor.Slot = overwritten[i].Before;
        }

        overwritten.Clear();
    }

    public static bool Records(Op op, ReadOnlySpan<Tensor> operands)
    {
        if (t_paused > 0 || op.Has(OpTraits.NonDifferentiable))
        {
            return false;
        }

        foreach (var operand in operands)
        {
            if (operand.Slot is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Some operand leads to a tensor that requires a gradient.</summary>
    public static bool Records(IReadOnlyList<Tensor> operands) => t_paused == 0 && operands.Any(o => o.Slot is not null);

    public static void Record(
        Op op, ReadOnlySpan<Tensor> operands, Tensor result, Attributes attributes, Func<Tensor, IReadOnlyList<Tensor>>? backward = null)
    {
        if (!result.DType.IsFloat())
        {
            return;
        }

        var node = new TapeNode(op, attributes, Interlocked.Increment(ref s_sequence)) { Backward = backward };
        result.Slot = new GradSlot(node, null);
        var saved = new Tensor[operands.Length];
        for (var i = 0; i < saved.Length; i++)
        {
            saved[i] = operands[i].Saved();
        }

        (node.Operands, node.Result) = (saved, result.Saved());
    }

    /// <summary>The nodes that a result was made by, of those made after a moment; oldest first.</summary>
    public static List<TapeNode> Reach(GradSlot result, long since)
    {
        var seen = new HashSet<TapeNode>(ReferenceEqualityComparer.Instance);
        var open = new Stack<TapeNode>();
        Visit(result);
        while (open.TryPop(out var node))
        {
            if (node.IsReleased)
            {
                throw new InvalidOperationException(
                    $"the record of {node.Op.Name} was used by an earlier Backward and freed; pass keepRecord: true to that one to go back twice");
            }

            foreach (var operand in node.Operands)
            {
                if (operand.Slot is { } slot)
                {
                    Visit(slot);
                }
            }
        }

        return [.. seen.OrderBy(n => n.Sequence)];

        void Visit(GradSlot slot)
        {
            if (slot.Node is { } node && node.Sequence > since && seen.Add(node))
            {
                open.Push(node);
            }
        }
    }

    /// <summary>Nothing is recorded on this thread until the scope ends.</summary>
    public static Scope Pause()
    {
        var scope = new Scope(t_paused, t_depth);
        t_paused++;
        return scope;
    }

    /// <summary>Records on this thread, whatever was paused, until the scope ends.</summary>
    public static Scope Enter()
    {
        var scope = new Scope(t_paused, t_depth);
        (t_paused, t_depth) = (0, t_depth + 1);
        return scope;
    }

    /// <summary>Restores the former state.</summary>
    internal readonly struct Scope(int paused, int depth) : IDisposable
    {
        public void Dispose() => (t_paused, t_depth) = (paused, depth);
    }
}
