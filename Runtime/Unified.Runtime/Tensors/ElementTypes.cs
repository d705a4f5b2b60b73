using Unified.Ir;

namespace Unified;

/// <summary>C# element types and dtypes.</summary>
internal static class ElementTypes
{
    private static readonly Dictionary<Type, DType> ByType = new()
    {
        [typeof(bool)] = DType.Bool,
        [typeof(byte)] = DType.U8,
        [typeof(sbyte)] = DType.I8,
        [typeof(short)] = DType.I16,
        [typeof(int)] = DType.I32,
        [typeof(long)] = DType.I64,
        [typeof(Half)] = DType.F16,
        [typeof(BFloat16)] = DType.BF16,
        [typeof(float)] = DType.F32,
        [typeof(double)] = DType.F64,
    };

    public static DType Of<T>()
        where T : unmanaged => ByType.TryGetValue(typeof(T), out var dtype)
            ? dtype
            : throw new ArgumentException($"{typeof(T).Name} is no tensor element type; use bool, byte, sbyte, short, int, long, Half, BFloat16, float or double");

    /// <summary>The C# type's name, for messages.</summary>
    public static string NameOf(DType dtype) => ByType.First(p => p.Value == dtype).Key.Name;

    /// <summary>An element as a double (exact for integers up to 2^53).</summary>
    public static unsafe double Read(DType dtype, byte* at) => dtype switch
    {
        DType.Bool => *at != 0 ? 1 : 0,
        DType.U8 => *at,
        DType.I8 => *(sbyte*)at,
        DType.I16 => *(short*)at,
        DType.I32 => *(int*)at,
        DType.I64 => *(long*)at,
        DType.F16 => (double)*(Half*)at,
        DType.BF16 => *(BFloat16*)at,
        DType.F32 => *(float*)at,
        _ => *(double*)at,
    };

    /// <summary>Writes a double as an element: integers truncate and saturate, floats round to nearest.</summary>
    public static unsafe void Write(DType dtype, byte* at, double value)
    {
        switch (dtype)
        {
            case DType.Bool:
                *at = value != 0 ? (byte)1 : (byte)0;
                break;
            case DType.U8:
                *at = byte.CreateSaturating(value);
                break;
            case DType.I8:
                *(sbyte*)at = sbyte.CreateSaturating(value);
                break;
            case DType.I16:
                *(short*)at = short.CreateSaturating(value);
                break;
            case DType.I32:
                *(int*)at = int.CreateSaturating(value);
                break;
            case DType.I64:
                *(long*)at = long.CreateSaturating(value);
                break;
            case DType.F16:
                *(Half*)at = (Half)value;
                break;
            case DType.BF16:
                *(BFloat16*)at = (BFloat16)value;
                break;
            case DType.F32:
                *(float*)at = (float)value;
                break;
            default:
                *(double*)at = value;
                break;
        }
    }
}
