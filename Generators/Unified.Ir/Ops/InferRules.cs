using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The shape rules that many rows share, and the checks that the others are made of.</summary>
internal static class InferRules
{
    /// <summary>The result is like the operand.</summary>
    public static InferRule Unary(DTypeSet accepts) => inputs =>
    {
        Require(inputs, 0, accepts);
        return [inputs[0]];
    };

    /// <summary>Two operands of one dtype, broadcast; the result has their dtype or <paramref name="result"/>.</summary>
    public static InferRule Binary(DTypeSet accepts, DType? result = null) => inputs =>
    {
        Require(inputs, 0, accepts);
        SameDType(inputs, 0, 1);
        return [new TensorType(result ?? inputs[0].DType, Broadcast(inputs, inputs[0].Shape, inputs[1].Shape))];
    };

    /// <summary>Folds attribute <c>axes</c>; <c>keepDims</c> leaves size 1 in their place.</summary>
    public static InferRule Reduction(DTypeSet accepts) => inputs =>
    {
        Require(inputs, 0, accepts);
        return [inputs[0] with { Shape = OpAxes.Fold(inputs[0].Shape, OpAxes.Of(inputs), inputs.Attributes.Bool("keepDims")) }];
    };

    /// <summary>The result is like the operand, which has the axis named by attribute <c>axis</c>.</summary>
    public static InferRule AlongAxis(DTypeSet accepts) => inputs =>
    {
        Require(inputs, 0, accepts);
        OpAxes.One(inputs);
        return [inputs[0]];
    };

    /// <summary>The type that attributes <c>shape</c> and <c>dtype</c> state.</summary>
    public static InferRule Stated(DTypeSet accepts) => inputs =>
    {
        var dtype = inputs.Attributes.DType("dtype");
        return accepts.Contains(dtype)
            ? [new TensorType(dtype, Sizes(inputs, "shape"))]
            : throw inputs.WrongDType($"makes {accepts.Words}, not {dtype.Text()}");
    };

    public static void Require(OpInputs inputs, int operand, DTypeSet accepts)
    {
        if (!accepts.Contains(inputs[operand].DType))
        {
            throw inputs.WrongDType($"operand {NameOf(inputs, operand)} must have {accepts.Words}, not {inputs[operand].DType.Text()}; cast it");
        }
    }

    public static void SameDType(OpInputs inputs, int first, int second)
    {
        if (inputs[first].DType != inputs[second].DType)
        {
            throw inputs.WrongDType($"dtypes {inputs[first].DType.Text()} and {inputs[second].DType.Text()} differ; cast one of them");
        }
    }

    public static void RequireRank(OpInputs inputs, int operand, int least)
    {
        if (inputs[operand].Rank < least)
        {
            throw inputs.Error($"operand {NameOf(inputs, operand)} must have rank {least} or more, not {inputs[operand].Rank}");
        }
    }

    /// <summary>The operand has exactly this shape.</summary>
    public static void RequireShape(OpInputs inputs, int operand, Shape shape)
    {
        if (inputs[operand].Shape != shape)
        {
            var why = $"operand {NameOf(inputs, operand)} must have shape {shape}, not {inputs[operand].Shape}";
            throw Shape.ProvablyDiffer(shape, inputs[operand].Shape) ? inputs.Error(why) : inputs.Undecided(why);
        }
    }

    public static void RequireEqual(OpInputs inputs, Dim a, Dim b, string where)
    {
        if (a != b)
        {
            throw Differ(inputs, a, b, where, "");
        }
    }

    /// <summary>NumPy broadcasting: right-aligned; two dims agree when equal, or when one is the constant 1.</summary>
    public static Shape Broadcast(OpInputs inputs, Shape a, Shape b)
    {
        var rank = Math.Max(a.Rank, b.Rank);
        var dims = ImmutableArray.CreateBuilder<Dim>(rank);
        for (var axis = 0; axis < rank; axis++)
        {
            var x = axis < rank - a.Rank ? Dim.One : a[axis - rank + a.Rank];
            var y = axis < rank - b.Rank ? Dim.One : b[axis - rank + b.Rank];
            dims.Add(x == y || y.Is(1) ? x : x.Is(1) ? y : throw Differ(inputs, x, y, $"axis {axis}", $" (broadcasting {a} with {b})"));
        }

        return new Shape(dims.MoveToImmutable());
    }

    /// <summary>An attribute that holds a shape: no constant in it is negative.</summary>
    public static Shape Sizes(OpInputs inputs, string attribute)
    {
        var dims = inputs.Attributes.Dims(attribute);
        return dims.Any(d => d.IsConstant && d.Value < 0)
            ? throw inputs.Error($"{attribute} {new Shape(dims)} has a negative size")
            : new Shape(dims);
    }

    /// <summary>An attribute with one entry for each axis of the first operand.</summary>
    public static ImmutableArray<Dim> PerAxis(OpInputs inputs, string attribute, long least)
    {
        var dims = inputs.Attributes.Dims(attribute);
        if (dims.Length != inputs[0].Rank)
        {
            throw inputs.Error($"{attribute} has {dims.Length} entries for rank {inputs[0].Rank}");
        }

        return dims.Any(d => d.IsConstant && d.Value < least)
            ? throw inputs.Error($"{attribute} {new Shape(dims)} has an entry below {least}")
            : dims;
    }

    private static ShapeException Differ(OpInputs inputs, Dim a, Dim b, string where, string note) => Dim.ProvablyDiffer(a, b)
        ? inputs.Error($"{where}: sizes {a} and {b} differ{note}")
        : inputs.Undecided($"{where}: sizes {a} and {b} cannot be shown equal; use one name for both, or the same constant{note}");

    private static string NameOf(OpInputs inputs, int operand) => inputs.Op.OperandNames(inputs.Operands.Length).ElementAt(operand);
}
