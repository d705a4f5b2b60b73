using System.Collections.Immutable;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>Moves elements without computing. A negative index counts from the end.</summary>
internal static class DataMovementOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        new(OpCode.Concat, OpTraits.DataMovement, [new("xs", Variadic: true)], InferConcat)
        {
            Attributes = [new("axis", AttributeKind.Int)],
            Gradient = ConcatGradient,
            Batch = BatchRules.AxisOfAll,
            Tolerance = Tolerance.Exact,
        },
        new(OpCode.Pad, OpTraits.DataMovement, ElementwiseOps.X, InferPad)
        {
            Attributes =
            [
                new("low", AttributeKind.Dims), new("high", AttributeKind.Dims), new("value", AttributeKind.Float, new FloatAttribute(0)),
            ],
            Batch = BatchRules.Pad,
            Gradient = Each((b, c) => b.Slice(c.Dy, c.Attributes.Dims("low"), c[0].Shape)),
            Tolerance = Tolerance.Exact,
        },
        new(OpCode.Gather, OpTraits.DataMovement, [new("x"), new("indices")], InferGather)
        {
            Attributes = [new("axis", AttributeKind.Int, new DimAttribute(0))],
            Gradient = Each(GatherGradient),
            Batch = BatchRules.Gather,
            Check = i =>
            {
                var axis = OpAxes.One(i);
                return OperandCheck.Index(1, i[0].Shape[axis], i[0].Shape.Where((_, a) => a != axis));
            },
            Tolerance = Tolerance.Exact,
        },

        // Rows are added in order, so the sum is the same every time.
        new(OpCode.ScatterAdd, OpTraits.DataMovement, [new("indices"), new("updates")], InferScatterAdd)
        {
            Attributes = [new("size", AttributeKind.Dim), new("axis", AttributeKind.Int, new DimAttribute(0))],
            Batch = BatchRules.ScatterAdd,
            Check = i => OperandCheck.Index(0, i.Attributes.Dim("size"), i[1].Shape.Skip(i[0].Rank)),
            Gradient = Each((b, c) => null, (b, c) => b.Apply(OpCode.Gather, c.Dy, c[0])),
            Tolerance = Tolerance.Approximate,
        },
    ];

    private static ImmutableArray<TensorType> InferConcat(OpInputs inputs)
    {
        if (inputs.Operands.IsEmpty)
        {
            throw inputs.Error("takes 1 or more operands, not 0");
        }

        var axis = OpAxes.One(inputs);
        var total = Dim.Zero;
        for (var i = 0; i < inputs.Operands.Length; i++)
        {
            InferRules.SameDType(inputs, 0, i);
            if (inputs[i].Rank != inputs[0].Rank)
            {
                throw inputs.Error($"ranks {inputs[0].Rank} and {inputs[i].Rank} differ");
            }

            for (var other = 0; other < inputs[0].Rank; other++)
            {
                if (other != axis)
                {
                    InferRules.RequireEqual(inputs, inputs[0].Shape[other], inputs[i].Shape[other], $"axis {other}");
                }
            }

            total += inputs[i].Shape[axis];
        }

        return [inputs[0] with { Shape = new Shape(inputs[0].Shape.Dims.SetItem(axis, total)) }];
    }

    private static ImmutableArray<OpValue?> ConcatGradient(OpBuilder b, GradientInputs c)
    {
        var axis = OpAxes.One(c.Attributes, c.Y.Shape.Rank);
        var cotangents = ImmutableArray.CreateBuilder<OpValue?>(c.Operands.Length);
        var start = Dim.Zero;
        for (var i = 0; i < c.Operands.Length; i++)
        {
            var starts = c.Y.Shape.Select((_, a) => a == axis ? start : Dim.Zero);
            cotangents.Add(c.Wants(i) ? b.Slice(c.Dy, [.. starts], c[i].Shape) : null);
            start += c[i].Shape[axis];
        }

        return cotangents.MoveToImmutable();
    }

    private static ImmutableArray<TensorType> InferPad(OpInputs inputs)
    {
        var low = InferRules.PerAxis(inputs, "low", 0);
        var high = InferRules.PerAxis(inputs, "high", 0);
        return [inputs[0] with { Shape = new Shape([.. inputs[0].Shape.Select((size, axis) => low[axis] + size + high[axis])]) }];
    }

    private static ImmutableArray<TensorType> InferGather(OpInputs inputs)
    {
        InferRules.Require(inputs, 1, DTypeSet.Index);
        var axis = OpAxes.One(inputs);
        var dims = inputs[0].Shape.Dims;
        return [inputs[0] with { Shape = new Shape([.. dims.Take(axis), .. inputs[1].Shape, .. dims.Skip(axis + 1)]) }];
    }

    // ScatterAdd works on axis 0: the gathered axes are brought to the front, and the result's axis back.
    private static OpValue GatherGradient(OpBuilder b, GradientInputs c)
    {
        var axis = OpAxes.One(c.Attributes, c[0].Shape.Rank);
        var dy = c.Dy;
        var gathered = c[1].Shape.Rank;
        var size = Attributes.Empty.With("size", c[0].Shape[axis]);
        if (axis == 0)
        {
            return b.Apply(OpCode.ScatterAdd, size, c[1], dy);
        }

        var front = Enumerable.Range(axis, gathered).Concat(Enumerable.Range(0, axis))
            .Concat(Enumerable.Range(axis + gathered, dy.Shape.Rank - axis - gathered));
        var back = Enumerable.Range(1, axis).Concat([0]).Concat(Enumerable.Range(axis + 1, c[0].Shape.Rank - axis - 1));
        return b.Transpose(b.Apply(OpCode.ScatterAdd, size, c[1], b.Transpose(dy, front)), back);
    }

    private static ImmutableArray<TensorType> InferScatterAdd(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Index);
        InferRules.Require(inputs, 1, DTypeSet.Numeric);
        InferRules.RequireRank(inputs, 1, inputs[0].Rank);
        if (inputs.Attributes.Int("axis") != 0)
        {
            throw inputs.Error($"adds rows on axis 0 only, not {inputs.Attributes.Int("axis")}; transpose the updates");
        }

        var size = inputs.Attributes.Dim("size");
        if (size is { IsConstant: true, Value: < 0 })
        {
            throw inputs.Error($"size {size} is negative");
        }

        for (var axis = 0; axis < inputs[0].Rank; axis++)
        {
            InferRules.RequireEqual(inputs, inputs[0].Shape[axis], inputs[1].Shape[axis], $"axis {axis}");
        }

        return [inputs[1] with { Shape = new Shape([size, .. inputs[1].Shape.Skip(inputs[0].Rank)]) }];
    }
}
