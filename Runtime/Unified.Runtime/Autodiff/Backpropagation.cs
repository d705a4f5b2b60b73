using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>Walks the record backwards from a result and applies each op's gradient rule.</summary>
[StackTraceHidden]
internal sealed class Backpropagation
{
    private readonly Dictionary<GradSlot, Tensor> _cotangents = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<GradSlot> _wanted = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<GradSlot> _targets;
    private readonly List<TapeNode> _nodes;

    /// <param name="result">Where to begin.</param>
    /// <param name="targets">The slots to find cotangents for; null: the leaves that require a gradient.</param>
    /// <param name="since">Nodes made up to this moment are not walked over: what they made is a constant.</param>
    public Backpropagation(GradSlot result, IEnumerable<GradSlot>? targets, long since = 0)
    {
        _nodes = Tape.Reach(result, since);
        var leaves = _nodes.SelectMany(n => n.Operands).Select(o => o.Slot).Append(result).OfType<GradSlot>();
        _targets = new HashSet<GradSlot>(targets ?? leaves.Where(s => s.Leaf is { RequiresGrad: true }), ReferenceEqualityComparer.Instance);
        _wanted.UnionWith(_targets);
        foreach (var node in _nodes)
        {
            if (node.Operands.Any(o => o.Slot is { } slot && _wanted.Contains(slot)))
            {
                _wanted.Add(node.Result!.Slot!);
            }
        }
    }

    public IEnumerable<GradSlot> Targets => _targets;

    /// <summary>Cotangents of the targets that are reached; the caller owns them.</summary>
    /// <param name="result">Where to begin.</param>
    /// <param name="seed">The cotangent of the result.</param>
    /// <param name="record">Record the rules' own ops, for derivatives of the gradients.</param>
    /// <param name="releaseAfter">Nodes made after this moment are freed as soon as they are used.</param>
    public Dictionary<GradSlot, Tensor> Run(GradSlot result, Tensor seed, bool record, long releaseAfter)
    {
        _cotangents[result] = seed.Saved();
        using (MixedPrecision.Off())
        using (record ? default(IDisposable) : Tape.Pause())
        {
            for (var i = _nodes.Count - 1; i >= 0; i--)
            {
                Step(_nodes[i]);
                if (!record && _nodes[i].Sequence > releaseAfter)
                {
                    _nodes[i].Release();
                }
            }
        }

        return _cotangents;
    }

    private void Step(TapeNode node)
    {
        var slot = node.Result!.Slot!;
        if (!_cotangents.TryGetValue(slot, out var cotangent))
        {
            return;
        }

        var wanted = node.Operands.Select(o => o.Slot is { } s && _wanted.Contains(s)).ToImmutableArray();
        if (node.Backward is { } backward)
        {
            var gradients = backward(cotangent);
            for (var i = 0; i < node.Operands.Length; i++)
            {
                if (wanted[i])
                {
                    Add(node.Operands[i].Slot!, gradients[i]);
                }
            }
        }
        else if (wanted.Contains(true))
        {
            using var builder = new EagerBuilder();
            var call = new GradientInputs(
                node.Op, [.. node.Operands.Select(builder.Wrap)], [builder.Wrap(node.Result)], [builder.Wrap(cotangent)], node.Attributes) { Wanted = wanted };
            var results = node.Op.Gradient!(builder, call);
            for (var i = 0; i < node.Operands.Length; i++)
            {
                if (wanted[i] && results[i] is { } value)
                {
                    Add(node.Operands[i].Slot!, ((EagerValue)value).Tensor);
                }
            }
        }

        if (!_targets.Contains(slot))
        {
            _cotangents.Remove(slot);
            cotangent.Dispose();
        }
    }

    private void Add(GradSlot slot, Tensor cotangent)
    {
        if (!_cotangents.TryGetValue(slot, out var sum))
        {
            _cotangents[slot] = cotangent.Saved();
            return;
        }

        using var total = sum + cotangent;
        _cotangents[slot] = total.Saved();
        sum.Dispose();
    }
}
