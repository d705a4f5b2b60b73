using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Ops: arguments are bound by name to operands and attributes as the op's row says.</summary>
internal static class ApplySteps
{
    public static ImmutableArray<Step> Rows { get; } = [Step.Of<ApplyInstruction>((f, i) => f[i.Result] = Apply(f, i))];

    private static Value Apply(Frame frame, ApplyInstruction step)
    {
        var op = OpTable.Get(step.Op);
        var given = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var argument in step.Arguments)
        {
            if (frame[argument.Register] is not HostValue { Object: null })
            {
                given[argument.Name] = frame[argument.Register];
            }
        }

        if (TurnRows.TryApply(frame, op, given) is { } stack)
        {
            return frame.New(stack);
        }

        var operands = Operands(frame, op, given);
        var attributes = Attributes(frame, op, given);
        if (given.Count > 0)
        {
            throw frame.Fail(
                $"{op.Name} has no operand or attribute '{given.Keys.First()}'; it has {string.Join(", ", op.Operands.Select(o => o.Name).Concat(op.Attributes.Select(a => a.Name)))}");
        }

        var values = Materialize(frame, op, operands);
        var results = frame.Builder.Apply(op, values, attributes);
        if (op.Code == OpCode.Slice)
        {
            foreach (var bound in SliceBounds.Open(values[0].Shape, op.Complete(attributes)))
            {
                frame.Require(bound.Size - bound.End, $"elements up to {bound.End} are taken of {bound.Size} along axis {bound.Axis} of shape {values[0].Shape}");
            }
        }

        return results.Length != 1 ? new AggregateValue([.. results.Select(frame.New)])
            : frame.New(results[0]);
    }

    /// <summary>The operands in the row's order; taken out of <paramref name="given"/>.</summary>
    private static ImmutableArray<Value> Operands(Frame frame, Op op, Dictionary<string, Value> given)
    {
        var operands = ImmutableArray.CreateBuilder<Value>();
        string? missing = null;
        foreach (var spec in op.Operands)
        {
            if (!given.Remove(spec.Name, out var value))
            {
                missing ??= spec.Name;
                if (!spec.Optional && !spec.Variadic)
                {
                    throw frame.Fail($"{op.Name}: operand '{spec.Name}' is missing or null");
                }
            }
            else if (missing is not null)
            {
                throw frame.Fail($"{op.Name}: operand '{spec.Name}' is given but '{missing}' before it is not");
            }
            else if (spec.Variadic)
            {
                operands.AddRange(frame.TryItems(value) ?? [value]);
            }
            else
            {
                operands.Add(value);
            }
        }

        return operands.ToImmutable();
    }

    /// <summary>Graph values of the operands, as the policy of mixed precision wants them. Host numbers take the dtype of the first tensor that holds numbers.</summary>
    private static ImmutableArray<OpValue> Materialize(Frame frame, Op op, ImmutableArray<Value> operands)
    {
        var tensors = operands.Where(o => o is TensorValue or PlaceValue).Select(o => frame.TypeOf(o).DType).ToImmutableArray();
        var wanted = PrecisionSteps.Wanted(frame, op, tensors);
        DType? numbers = wanted ?? (tensors.Any(t => t.IsNumeric()) ? tensors.First(t => t.IsNumeric()) : null);
        return [.. operands.Select(Operand).Select(o => wanted is { } dtype && o.DType.IsFloat() ? frame.Builder.Cast(o, dtype) : o)];

        OpValue Operand(Value value)
        {
            if (value is TensorValue or PlaceValue)
            {
                return frame.Tensor(value);
            }

            if (value is HostValue { Object: bool flag })
            {
                return frame.Builder.Scalar(DType.Bool, flag ? 1 : 0);
            }

            if (value is ScalarValue scalar)
            {
                var known = frame.Region.Import(scalar.Tensor);
                return scalar.Type == "bool" ? known : frame.Builder.Cast(known, Numbers(value));
            }

            if (value is SizeValue size)
            {
                return frame.Builder.DimSize(size.Dim, Numbers(value));
            }

            return value is HostValue host && HostNumbers.TryNumber(host.Object, out var number)
                ? frame.Builder.Scalar(Numbers(value), number)
                : throw frame.Fail($"{op.Name}: an operand is {value.Describe()}; it must be a tensor or a number", eager: true);
        }

        DType Numbers(Value value) => numbers
            ?? throw frame.Fail($"{op.Name}: the dtype of {value.Describe()} is not known, because no operand is a tensor of numbers; make it a tensor", eager: true);
    }

    /// <summary>The attributes of the row that are given; taken out of <paramref name="given"/>.</summary>
    private static Attributes Attributes(Frame frame, Op op, Dictionary<string, Value> given)
    {
        var attributes = Ir.Attributes.Empty;
        foreach (var spec in op.Attributes)
        {
            if (given.Remove(spec.Name, out var value))
            {
                attributes = attributes.With(spec.Name, AttributeConversion.Convert(frame, value, spec, $"{op.Name}: attribute '{spec.Name}'"));
            }
        }

        return attributes;
    }
}
