using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// The gradient of a composite through its definition: runs the definition once more, remembers its ops, and walks back over them.
/// In a graph the ops are the forward pass's own, once common subexpressions are merged.
/// </summary>
internal static class DefinitionGradient
{
    public static ImmutableArray<OpValue?> Rule(OpBuilder builder, GradientInputs call)
    {
        var tape = new Recorder(builder);
        ImmutableArray<OpValue> operands = [.. call.Operands.Select(tape.Wrap)];
        var results = call.Op.Definition!(tape, operands, call.Attributes);
        var seeds = results.Zip(call.Cotangents, (r, c) => (Result: r, Cotangent: c)).Where(s => s.Cotangent is not null)
            .Select(s => (s.Result, tape.Wrap(s.Cotangent!)));
        ImmutableArray<int> wanted = [.. Enumerable.Range(0, operands.Length).Where(call.Wants)];
        var found = tape.WalkBack(seeds, [.. wanted.Select(i => operands[i])]);
        var flow = new OpValue?[operands.Length];
        for (var k = 0; k < wanted.Length; k++)
        {
            flow[wanted[k]] = found[k] is { } cotangent ? Recorder.Unwrap(cotangent) : builder.ZerosLike(call[wanted[k]]);
        }

        return [.. flow];
    }
}
