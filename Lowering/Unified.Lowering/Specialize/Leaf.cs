using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>A single tensor or number of a variable, on its way out of a branch or around a loop.</summary>
/// <param name="Value">A value of the branch's graph or of one around it; null for a constant.</param>
/// <param name="Make">Makes the constant where it is wanted.</param>
internal sealed record Leaf(OpValue? Value, Func<GraphBuilder, OpValue>? Make, TensorType Type)
{
    // The C# types of numbers that a graph can compute, and their dtypes.
    private static readonly ImmutableArray<(string Name, DType DType)> Types =
        [("int", DType.I32), ("long", DType.I64), ("float", DType.F32), ("double", DType.F64), ("bool", DType.Bool)];

    public Leaf(OpValue value)
        : this(value, null, value.Type)
    {
    }

    /// <summary>The dtype of a C# number that a graph can compute, else null.</summary>
    public static DType? DTypeOf(string type) => Types.FirstOrDefault(t => t.Name == type) is { Name: not null } row ? row.DType : null;

    public OpValue In(Region region) => Value is null ? Make!(region.Builder) : region.Import(Value);

    public static Leaf Zeros(TensorType type) => new(null, b => type.Rank == 0 ? b.Scalar(type.DType, 0) : b.Full(type.Shape, type.DType, 0), type);

    /// <summary>The C# type of a host number; null for a tensor and for anything else.</summary>
    public static string? ScalarType(Value value) => value switch
    {
        ScalarValue scalar => scalar.Type,
        SizeValue size => size.Type,
        HostValue { Object: int } => "int",
        HostValue { Object: long } => "long",
        HostValue { Object: float } => "float",
        HostValue { Object: double } => "double",
        HostValue { Object: bool } => "bool",
        _ => null,
    };

    /// <summary>The leaf that a value is, in the given state of its frame; null when it is none.</summary>
    public static Leaf? Of(Value value, FrameState state)
    {
        switch (value)
        {
            case TensorValue { IsDisposed: true }:
                return null;
            case TensorValue tensor:
                return new Leaf(tensor.Key is { } key && state.Places.TryGetValue(key, out var written) ? written.Current : tensor.Tensor);
            case PlaceValue place:
                return state.Places.TryGetValue(place.Key, out var now) ? new Leaf(now.Current) : null;
            case ScalarValue scalar:
                return new Leaf(scalar.Tensor);
            case SizeValue size when DTypeOf(size.Type) is { } dtype:
                return new Leaf(null, b => b.DimSize(size.Dim, dtype), new TensorType(dtype, Shape.Scalar));
            case HostValue host when ScalarType(host) is { } type && DTypeOf(type) is { } dtype && IsExact(host.Object, out var number):
                return new Leaf(null, b => b.Scalar(dtype, number), new TensorType(dtype, Shape.Scalar));
            default:
                return null;
        }
    }

    /// <summary>The value that a graph value means to the function.</summary>
    public static Value AsValue(OpValue value, string? scalarType) =>
        scalarType is null ? new TensorValue(value) : new ScalarValue(value, scalarType);

    /// <summary>The same whichever path was taken.</summary>
    public static bool Same(Value a, Value b) => ReferenceEquals(a, b) || (a, b) switch
    {
        (ScalarValue x, ScalarValue y) => ReferenceEquals(x.Tensor, y.Tensor) && x.Type == y.Type,
        (PlaceValue x, PlaceValue y) => x.Key.Equals(y.Key),
        (HostValue x, HostValue y) => ReferenceEquals(x.Object, y.Object) || (x.Object is System.ValueType or string && x.Object.Equals(y.Object)),
        (SizeValue x, SizeValue y) => x == y,
        (UnsetValue, UnsetValue) => true,
        _ => false,
    };

    // Constants are kept as doubles.
    private static bool IsExact(object? value, out double number)
    {
        number = value is bool flag ? (flag ? 1 : 0) : HostNumbers.TryNumber(value, out var n) ? n : double.NaN;
        return value is not long whole || (long)number == whole;
    }
}
