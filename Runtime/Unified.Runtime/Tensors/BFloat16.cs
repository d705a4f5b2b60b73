using System.Runtime.CompilerServices;

namespace Unified;

/// <summary>The upper 16 bits of an f32: 8 bits of exponent, 7 of fraction. Conversion rounds to nearest, ties to even.</summary>
public readonly struct BFloat16(ushort bits) : IEquatable<BFloat16>, IComparable<BFloat16>
{
    public ushort Bits { get; } = bits;

    public static explicit operator BFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? new BFloat16((ushort)((bits >> 16) | 0x40))
            : new BFloat16((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    public static explicit operator BFloat16(double value)
    {
        // Rounding to odd first makes the second rounding exact.
        var single = (float)value;
        if (single != value && !double.IsNaN(value) && !float.IsInfinity(single))
        {
            var bits = BitConverter.SingleToInt32Bits(single);
            if ((bits & 1) == 0)
            {
                single = BitConverter.Int32BitsToSingle(Math.Abs((double)single) > Math.Abs(value) ? bits - 1 : bits + 1);
            }
        }

        return (BFloat16)single;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    public static bool operator ==(BFloat16 left, BFloat16 right) => (float)left == right;

    public static bool operator !=(BFloat16 left, BFloat16 right) => (float)left != right;

    public static bool operator <(BFloat16 left, BFloat16 right) => (float)left < right;

    public static bool operator >(BFloat16 left, BFloat16 right) => (float)left > right;

    public static bool operator <=(BFloat16 left, BFloat16 right) => (float)left <= right;

    public static bool operator >=(BFloat16 left, BFloat16 right) => (float)left >= right;

    public bool Equals(BFloat16 other) => ((float)this).Equals(other);

    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    public override int GetHashCode() => ((float)this).GetHashCode();

    public int CompareTo(BFloat16 other) => ((float)this).CompareTo(other);

    public override string ToString() => ((float)this).ToString("G4");
}
