using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>Follows the record forwards from tensors that change, and computes how each result changes with them.</summary>
[StackTraceHidden]
internal static class Pushforward
{
    /// <summary>The tangent of a result, to be disposed by the caller; null where it does not change.</summary>
    /// <param name="result">Where to end.</param>
    /// <param name="seeds">The tensors that change, and their tangents.</param>
    /// <param name="record">Record the tangents' own ops, for derivatives of them.</param>
    /// <param name="since">Nodes made up to this moment made constants.</param>
    public static Tensor? Run(GradSlot result, IEnumerable<(GradSlot Slot, Tensor Tangent)> seeds, bool record, long since)
    {
        var tangents = new Dictionary<GradSlot, Tensor>(ReferenceEqualityComparer.Instance);
        using (MixedPrecision.Off())
        using (record ? default(IDisposable) : Tape.Pause())
        {
            foreach (var (slot, tangent) in seeds)
            {
                Add(tangents, slot, tangent);
            }

            foreach (var node in Tape.Reach(result, since))
            {
                Step(tangents, node);
                if (!record)
                {
                    node.Release();
                }
            }
        }

        tangents.Remove(result, out var found);
        foreach (var tangent in tangents.Values)
        {
            tangent.Dispose();
        }

        return found;
    }

    private static void Step(Dictionary<GradSlot, Tensor> tangents, TapeNode node)
    {
        // What was made before is watched itself, and keeps the tangent it was given.
        if (tangents.ContainsKey(node.Result!.Slot!))
        {
            return;
        }

        if (node.Backward is not null)
        {
            throw node.Operands.Any(o => o.Slot is { } slot && tangents.ContainsKey(slot))
                ? new InvalidOperationException("CustomGradient: the function says how cotangents go back, not how tangents go forward; differentiate it by Grad, Vjp or JacobianReverse")
                : new UnreachableException();
        }

        using var builder = new EagerBuilder();
        var changes = node.Operands.Select(o => o.Slot is { } slot && tangents.TryGetValue(slot, out var tangent) ? (OpValue)builder.Wrap(tangent) : null);
        var change = TangentRule.Tangent(
            builder, node.Op, [.. node.Operands.Select(builder.Wrap)], builder.Wrap(node.Result), node.Attributes, [.. changes]);
        if (change is not null)
        {
            Add(tangents, node.Result.Slot!, ((EagerValue)change).Tensor);
        }
    }

    // The same tensor may be given twice: the changes add up.
    private static void Add(Dictionary<GradSlot, Tensor> tangents, GradSlot slot, Tensor tangent)
    {
        if (!tangents.TryGetValue(slot, out var sum))
        {
            tangents[slot] = tangent.Saved();
            return;
        }

        using var total = sum + tangent;
        tangents[slot] = total.Saved();
        sum.Dispose();
    }
}
