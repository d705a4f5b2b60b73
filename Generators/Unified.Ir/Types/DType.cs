using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The element type of a tensor.</summary>
public enum DType : byte
{
    Bool,
    U8,
    I8,
    I16,
    I32,
    I64,
    F16,
    BF16,
    F32,
    F64,
}

/// <summary>Facts about each <see cref="DType"/>, one row each.</summary>
public static class DTypes
{
    private sealed record Row(DType Type, string Text, int Bytes, bool IsFloat, bool IsInteger);

    private static readonly ImmutableArray<Row> Rows =
    [
        new(DType.Bool, "bool", 1, false, false),
        new(DType.U8, "u8", 1, false, true),
        new(DType.I8, "i8", 1, false, true),
        new(DType.I16, "i16", 2, false, true),
        new(DType.I32, "i32", 4, false, true),
        new(DType.I64, "i64", 8, false, true),
        new(DType.F16, "f16", 2, true, false),
        new(DType.BF16, "bf16", 2, true, false),
        new(DType.F32, "f32", 4, true, false),
        new(DType.F64, "f64", 8, true, false),
    ];

    public static ImmutableArray<DType> All { get; } = [.. Rows.Select(r => r.Type)];

    public static int Bytes(this DType type) => Rows[(int)type].Bytes;

    public static bool IsFloat(this DType type) => Rows[(int)type].IsFloat;

    public static bool IsInteger(this DType type) => Rows[(int)type].IsInteger;

    public static bool IsNumeric(this DType type) => type != DType.Bool;

    /// <summary>The name used in every text form: <c>f32</c>, <c>i64</c>, <c>bool</c>.</summary>
    public static string Text(this DType type) => Rows[(int)type].Text;

    public static bool TryParse(string text, out DType type)
    {
        foreach (var row in Rows)
        {
            if (row.Text == text)
            {
                type = row.Type;
                return true;
            }
        }

        type = default;
        return false;
    }
}
