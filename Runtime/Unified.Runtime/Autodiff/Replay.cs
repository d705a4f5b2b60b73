using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>A piece of the record without the tensors between its ends: its ops, to be run again.</summary>
[StackTraceHidden]
internal sealed class Replay
{
    private readonly List<Step> _steps = [];
    private readonly List<Tensor> _leaves = [];

    /// <param name="Node">What made the operand, by number; -1: the tensor is there.</param>
    private readonly record struct Operand(int Node, Tensor? Tensor);

    /// <param name="Result">Of an op whose way back is stated: it cannot be run again.</param>
    private sealed record Step(Op Op, Attributes Attributes, Operand[] Operands, Tensor? Result, Func<Tensor, IReadOnlyList<Tensor>>? Backward);

    /// <summary>Takes over the record of what was made after a moment on the way to a result, and frees its tensors.</summary>
    public Replay(GradSlot result, long since)
    {
        var nodes = Tape.Reach(result, since);
        var numbers = new Dictionary<GradSlot, int>(ReferenceEqualityComparer.Instance);
        var leaves = new Dictionary<GradSlot, Tensor>(ReferenceEqualityComparer.Instance);
        foreach (var node in nodes)
        {
            var operands = new Operand[node.Operands.Length];
            for (var i = 0; i < operands.Length; i++)
            {
                var operand = node.Operands[i];
                if (operand.Slot is { } slot && numbers.TryGetValue(slot, out var number))
                {
                    operands[i] = new(number, null);
                }
                else if (operand.Slot is { } leaf)
                {
                    if (!leaves.TryGetValue(leaf, out var kept))
                    {
                        leaves[leaf] = kept = operand.Saved();
                        _leaves.Add(kept);
                    }

                    operands[i] = new(-1, kept);
                }
                else
                {
                    operands[i] = new(-1, operand.Saved());
                }
            }

            numbers[node.Result!.Slot!] = _steps.Count;
            _steps.Add(new Step(node.Op, node.Attributes, operands, node.Backward is null ? null : node.Result.Saved(), node.Backward));
        }

        nodes.ForEach(n => n.Release());
    }

    /// <summary>The tensors from before that gradients flow to.</summary>
    public IReadOnlyList<Tensor> Leaves => _leaves;

    public Tensor Run()
    {
        var results = new Tensor[_steps.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var step = _steps[i];
            Tensor[] operands = [.. step.Operands.Select(o => o.Tensor ?? results[o.Node])];
            if (step.Backward is { } backward)
            {
                results[i] = Ops.StopGradient(step.Result!);
                Tape.Record(step.Op, operands, results[i], step.Attributes, backward);
            }
            else
            {
                results[i] = Eager.Run(step.Op, operands, step.Attributes);
            }
        }

        // The record has handles of its own on what it needs.
        foreach (var between in results.AsSpan(..^1))
        {
            between.Dispose();
        }

        return results[^1];
    }
}
