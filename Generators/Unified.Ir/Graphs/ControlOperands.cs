using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The operands of an If, While, RecordedWhile or Unwind node by their meaning.</summary>
/// <param name="Condition">Bool of rank 0: whether the callee runs (the first time). Of an Unwind: the tape.</param>
/// <param name="Values">One per result: what it is where the callee does not run; of a loop, what it starts from.</param>
/// <param name="Arguments">What else the callee takes.</param>
public sealed record ControlOperands<T>(T Condition, ImmutableArray<T> Values, ImmutableArray<T> Arguments)
{
    /// <exception cref="ArgumentException">There are fewer operands than the results need.</exception>
    public static ControlOperands<T> Of(Node node, ImmutableArray<T> operands)
    {
        var results = node.Results.Length - (node.Op.Code == OpCode.RecordedWhile ? 1 : 0);
        return operands.Length > results
            ? new(operands[0], [.. operands.Skip(1).Take(results)], [.. operands.Skip(1 + results)])
            : throw new ArgumentException($"{node.Op.Name} with {results} results needs more than {operands.Length} operands", nameof(operands));
    }
}
