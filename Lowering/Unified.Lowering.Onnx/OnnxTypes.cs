using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Onnx.Wire;

namespace Unified.Lowering.Onnx;

/// <summary>Tensor types in ONNX's words. A named dim becomes a <c>dim_param</c>; so does any other symbolic size, by its text.</summary>
internal static class OnnxTypes
{
    // TensorProto.DataType of the specification.
    private static readonly ImmutableDictionary<DType, int> Codes = ImmutableDictionary.CreateRange(
        new KeyValuePair<DType, int>[]
        {
            new(DType.F32, 1), new(DType.U8, 2), new(DType.I8, 3), new(DType.I16, 5), new(DType.I32, 6), new(DType.I64, 7),
            new(DType.Bool, 9), new(DType.F16, 10), new(DType.F64, 11), new(DType.BF16, 16),
        });

    public static int Code(DType dtype) => Codes[dtype];

    public static ValueInfoProto Info(string name, TensorType type)
    {
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(type.Shape.Select(d => d.IsConstant
            ? new TensorShapeProto.Types.Dimension { DimValue = d.Value }
            : new TensorShapeProto.Types.Dimension { DimParam = d.ToString() }));
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = Code(type.DType), Shape = shape } },
        };
    }

    /// <summary>One element's bytes, little-endian.</summary>
    public static byte[] Bytes(DType dtype, double value) => dtype switch
    {
        DType.Bool => [value != 0 ? (byte)1 : (byte)0],
        DType.U8 => [(byte)value],
        DType.I8 => [unchecked((byte)(sbyte)value)],
        DType.I16 => BitConverter.GetBytes((short)value),
        DType.I32 => BitConverter.GetBytes((int)value),
        DType.I64 => BitConverter.GetBytes((long)value),
        DType.F16 => BitConverter.GetBytes((Half)value),
        DType.BF16 => BitConverter.GetBytes(BFloat((float)value)),
        DType.F32 => BitConverter.GetBytes((float)value),
        _ => BitConverter.GetBytes(value),
    };

    // Round to nearest, ties to even; a NaN stays one.
    private static ushort BFloat(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7fc0 : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
