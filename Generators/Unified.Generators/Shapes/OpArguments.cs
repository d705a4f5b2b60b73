using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>The arguments of an op as its row names them.</summary>
/// <param name="Registers">Where the operands came from.</param>
internal sealed record OpArguments(ImmutableArray<TensorFact> Operands, ImmutableArray<int> Registers, Attributes Attributes)
{
    /// <summary>Null where an argument that decides the shape is not known.</summary>
    public static OpArguments? Bind(ShapeFrame frame, Op op, ApplyInstruction step)
    {
        var given = step.Arguments.Where(a => frame[a.Register] is not ConstantFact { Value: null }).ToDictionary(a => a.Name, a => a.Register, StringComparer.Ordinal);
        var operands = ImmutableArray.CreateBuilder<TensorFact>();
        var registers = ImmutableArray.CreateBuilder<int>();
        foreach (var spec in op.Operands)
        {
            if (!given.TryGetValue(spec.Name, out var register))
            {
                continue;
            }

            registers.Add(register);
            if (spec.Variadic && frame[register] is ListFact list && list.Items.Select(Operand).ToList() is var items && items.All(i => i is not null))
            {
                operands.AddRange(items.OfType<TensorFact>());
            }
            else if (!spec.Variadic && Operand(frame[register]) is { } operand)
            {
                operands.Add(operand);
            }
            else
            {
                return null;
            }
        }

        var attributes = Attributes.Empty;
        foreach (var spec in op.Attributes)
        {
            if (given.TryGetValue(spec.Name, out var register))
            {
                if (Attribute(spec.Kind, frame[register]) is not { } value)
                {
                    return null;
                }

                attributes = attributes.With(spec.Name, value);
            }
        }

        // An optional operand of which nothing is known may be null, and then the call means another number of operands.
        return op.Operands.Any(o => o.Optional && given.TryGetValue(o.Name, out var r) && frame[r] is TensorFact { SaysNothing: true })
            ? null
            : new OpArguments(operands.ToImmutable(), registers.ToImmutable(), attributes);
    }

    private static TensorFact? Operand(Fact fact) => fact switch
    {
        TensorFact tensor => tensor,
        SizeFact or ConstantFact { Value: float or double } => TensorFact.Number,
        ConstantFact { Value: bool } => new TensorFact(Shape.Scalar, false, DType.Bool, ""),
        _ => null,
    };

    private static AttributeValue? Attribute(AttributeKind kind, Fact fact) => (kind, fact) switch
    {
        (AttributeKind.Bool, ConstantFact { Value: bool value }) => new BoolAttribute(value),
        (AttributeKind.String, ConstantFact { Value: string value }) => new StringAttribute(value),
        (AttributeKind.DType, ConstantFact { Value: DType value }) => new DTypeAttribute(value),
        (AttributeKind.Int or AttributeKind.Dim, SizeFact size) => new DimAttribute(size.Value),
        (AttributeKind.Dims, SizeFact size) => new DimsAttribute([size.Value]),
        (AttributeKind.Dims, ListFact list) when list.Items.All(i => i is SizeFact) => new DimsAttribute([.. list.Items.OfType<SizeFact>().Select(s => s.Value)]),

        // No shape depends on it.
        (AttributeKind.Float, _) => new FloatAttribute(1),
        _ => null,
    };
}
