using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Host arithmetic, comparisons and conversions. Sizes stay symbolic through them where that is possible.</summary>
internal static class HostSteps
{
    private const string Conversion = "to_";

    public static ImmutableArray<Step> Rows { get; } = [Step.Of<HostInstruction>((f, i) => f[i.Result] = Evaluate(f, i))];

    private static Value Evaluate(Frame frame, HostInstruction step)
    {
        var operands = step.Operands.Select(r => frame[r]).ToImmutableArray();
        if (step.Operator == "item")
        {
            return ScalarSteps.Item(frame, operands[0], step.Type);
        }

        if (operands.Any(o => o is ScalarValue))
        {
            return ScalarSteps.Apply(frame, step.Operator, step.Type, operands);
        }

        if (operands.Any(o => o is TensorValue or PlaceValue) && step.Operator is not ("eq" or "ne"))
        {
            throw frame.Fail($"'{step.Operator}' on host values got {operands.First(o => o is TensorValue or PlaceValue).Describe()}");
        }

        if (step.Operator.StartsWith(Conversion, StringComparison.Ordinal))
        {
            return Convert(frame, operands[0], step.Operator[Conversion.Length..]);
        }

        try
        {
            return HostConditions.TryApply(frame, step.Operator, operands) ?? HostArithmetic.Apply(frame, step.Operator, step.Type, operands);
        }
        catch (ArithmeticException e) when (frame.IsConditional || frame.HasEffects)
        {
            throw ThunkSteps.Thrown(frame, e);
        }
    }

    // A size is a whole number in every C# number type, so a conversion only changes how it is used next.
    private static Value Convert(Frame frame, Value value, string type) => value is SizeValue size
        ? new SizeValue(size.Dim, type)
        : new HostValue(HostNumbers.Convert(frame.Object(value, $"the conversion to {type}"), type));
}
