using System.Numerics;
using System.Runtime.InteropServices;

namespace Unified;

/// <summary>
/// Vectors of doubles, by the registers of the machine. <c>TensorPrimitives</c> has the same, in a form for each width of a register: that many matrices cost an
/// app compiled to native code 200 kB.
/// </summary>
internal static class Doubles
{
    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var left = MemoryMarshal.Cast<double, Vector<double>>(x);
        var right = MemoryMarshal.Cast<double, Vector<double>>(y[..x.Length]);
        var (first, second) = (Vector<double>.Zero, Vector<double>.Zero);
        var i = 0;
        for (; i + 1 < left.Length; i += 2)
        {
            first += left[i] * right[i];
            second += left[i + 1] * right[i + 1];
        }

        for (; i < left.Length; i++)
        {
            first += left[i] * right[i];
        }

        var sum = Vector.Sum(first + second);
        for (i = left.Length * Vector<double>.Count; i < x.Length; i++)
        {
            sum += x[i] * y[i];
        }

        return sum;
    }

    /// <summary>y = y + factor · x.</summary>
    public static void AddScaled(ReadOnlySpan<double> x, double factor, Span<double> y)
    {
        var from = MemoryMarshal.Cast<double, Vector<double>>(x);
        var into = MemoryMarshal.Cast<double, Vector<double>>(y[..x.Length]);
        var wide = new Vector<double>(factor);
        for (var i = 0; i < from.Length; i++)
        {
            into[i] += wide * from[i];
        }

        for (var i = from.Length * Vector<double>.Count; i < x.Length; i++)
        {
            y[i] += factor * x[i];
        }
    }

    /// <summary>(x, y) becomes (c·x - s·y, s·x + c·y).</summary>
    public static void Rotate(Span<double> x, Span<double> y, double c, double s)
    {
        var left = MemoryMarshal.Cast<double, Vector<double>>(x);
        var right = MemoryMarshal.Cast<double, Vector<double>>(y[..x.Length]);
        var (cosine, sine) = (new Vector<double>(c), new Vector<double>(s));
        for (var i = 0; i < left.Length; i++)
        {
            (left[i], right[i]) = ((cosine * left[i]) - (sine * right[i]), (sine * left[i]) + (cosine * right[i]));
        }

        for (var i = left.Length * Vector<double>.Count; i < x.Length; i++)
        {
            (x[i], y[i]) = ((c * x[i]) - (s * y[i]), (s * x[i]) + (c * y[i]));
        }
    }

    /// <summary>As <see cref="Rotate"/> for c above 0, by what is added to each, so that a small turn has a small error (Rutishauser, 1966).</summary>
    public static void RotateSlightly(Span<double> x, Span<double> y, double c, double s)
    {
        var tau = s / (1 + c);
        var left = MemoryMarshal.Cast<double, Vector<double>>(x);
        var right = MemoryMarshal.Cast<double, Vector<double>>(y[..x.Length]);
        var (sine, half) = (new Vector<double>(s), new Vector<double>(tau));
        for (var i = 0; i < left.Length; i++)
        {
            var (a, b) = (left[i], right[i]);
            (left[i], right[i]) = (a - (sine * (b + (half * a))), b + (sine * (a - (half * b))));
        }

        for (var i = left.Length * Vector<double>.Count; i < x.Length; i++)
        {
            var (a, b) = (x[i], y[i]);
            (x[i], y[i]) = (a - (s * (b + (tau * a))), b + (s * (a - (tau * b))));
        }
    }

    /// <summary>Each divided by a number.</summary>
    public static void Divide(ReadOnlySpan<double> x, double by, Span<double> into)
    {
        for (var i = 0; i < x.Length; i++)
        {
            into[i] = x[i] / by;
        }
    }

    /// <summary>The largest |x|; 0 of nothing.</summary>
    public static double Largest(ReadOnlySpan<double> x)
    {
        var wide = MemoryMarshal.Cast<double, Vector<double>>(x);
        var most = Vector<double>.Zero;
        foreach (var elements in wide)
        {
            most = Vector.Max(most, Vector.Abs(elements));
        }

        var largest = 0.0;
        for (var i = 0; i < Vector<double>.Count; i++)
        {
            largest = Math.Max(largest, most[i]);
        }

        for (var i = wide.Length * Vector<double>.Count; i < x.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(x[i]));
        }

        return largest;
    }

    /// <summary>√Σx², where no square overflows or vanishes.</summary>
    public static double Norm(ReadOnlySpan<double> x)
    {
        var largest = Largest(x);
        if (largest is 0 || !double.IsFinite(largest) || largest is > 1e-140 and < 1e140)
        {
            return Math.Sqrt(Dot(x, x));
        }

        var sum = 0.0;
        foreach (var element in x)
        {
            sum += element / largest * (element / largest);
        }

        return largest * Math.Sqrt(sum);
    }
}
