using Unified.Ir;

namespace Unified.Tests;

/// <summary>A tensor of doubles for naive reference computations.</summary>
internal sealed record Nd(double[] Values, int[] Shape)
{
    public static Nd From(Tensor x)
    {
        using var wide = Ops.Cast(x, DType.F64);
        return new Nd(wide.ToArray<double>(), x.Shape);
    }

    public static int SizeOf(IEnumerable<int> shape) => shape.Aggregate(1, (a, b) => a * b);

    public static Nd Make(int[] shape, Func<int[], double> value)
    {
        var values = new double[SizeOf(shape)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(Index(i, shape));
        }

        return new Nd(values, shape);
    }

    public static int[] Index(int flat, int[] shape)
    {
        var index = new int[shape.Length];
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            (index[axis], flat) = (flat % shape[axis], flat / shape[axis]);
        }

        return index;
    }

    /// <summary>The element at an index of a shape this one broadcasts to.</summary>
    public double At(params int[] index)
    {
        var flat = 0;
        for (var axis = 0; axis < Shape.Length; axis++)
        {
            flat = (flat * Shape[axis]) + (Shape[axis] == 1 ? 0 : index[index.Length - Shape.Length + axis]);
        }

        return Values[flat];
    }

    public Nd Map(Func<double, double> f) => new([.. Values.Select(f)], Shape);

    public static Nd Map(Nd x, Nd y, Func<double, double, double> f)
    {
        var rank = Math.Max(x.Shape.Length, y.Shape.Length);
        var shape = new int[rank];
        for (var i = 1; i <= rank; i++)
        {
            var a = i <= x.Shape.Length ? x.Shape[^i] : 1;
            var b = i <= y.Shape.Length ? y.Shape[^i] : 1;
            shape[^i] = a == 1 ? b : a;
        }

        return Make(shape, i => f(x.At(i), y.At(i)));
    }

    /// <summary>Folds the elements that share the kept indices.</summary>
    public Nd Reduce(int[] axes, bool keepDims, Func<IEnumerable<double>, double> fold)
    {
        int[] all = axes.Length == 0 ? [.. Enumerable.Range(0, Shape.Length)] : [.. axes.Select(a => a < 0 ? a + Shape.Length : a)];
        int[] kept = [.. Shape.Select((d, a) => all.Contains(a) ? 1 : d)];
        var groups = Enumerable.Range(0, Values.Length).ToLookup(
            i => string.Join(',', Index(i, Shape).Select((v, a) => all.Contains(a) ? 0 : v)), i => Values[i]);
        var result = Make(kept, i => fold(groups[string.Join(',', i)]));
        return keepDims ? result : new Nd(result.Values, [.. Shape.Where((_, a) => !all.Contains(a))]);
    }
}

/// <summary>Comparisons and inputs that the tests share.</summary>
internal static class Check
{
    /// <summary>|error| ≤ absolute + relative·|expected|, element for element; NaN equals NaN.</summary>
    public static void Close(Nd expected, Tensor actual, double relative = 1e-6, double absolute = 1e-6)
    {
        Assert.Equal(expected.Shape, actual.Shape.ToArray());
        var values = Nd.From(actual).Values;
        for (var i = 0; i < values.Length; i++)
        {
            Near(expected.Values[i], values[i], relative, absolute, $"element {i} of {actual.Type}");
        }
    }

    public static void Near(double expected, double actual, double relative, double absolute, string where)
    {
        if (double.IsNaN(expected) && double.IsNaN(actual))
        {
            return;
        }

        if (expected != actual && !(Math.Abs(expected - actual) <= absolute + (relative * Math.Abs(expected))))
        {
            Assert.Fail($"{where}: expected {expected:R}, was {actual:R}");
        }
    }

    /// <summary>The shape rule of the op gives the type that the eager result has.</summary>
    public static void TypeAgrees(OpCode code, Tensor result, Attributes attributes, params Tensor[] operands)
    {
        var types = OpTable.Get(code).InferTypes([.. operands.Select(o => o.Type)], ref attributes);
        Assert.Equal(types[0], result.Type);
    }

    public static double Bound(Tolerance tolerance, DType dtype) => dtype switch
    {
        DType.F64 => tolerance.F64,
        DType.F32 => tolerance.F32,
        DType.F16 or DType.BF16 => tolerance.Half,
        _ => 0,
    };

    /// <summary>Reproducible values between two bounds; integers for integer dtypes.</summary>
    public static Tensor Random(DType dtype, int[] shape, double low = -3, double high = 3, int seed = 1)
    {
        var random = new Random(seed);
        var values = new double[Nd.SizeOf(shape)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = low + (random.NextDouble() * (high - low));
            values[i] = dtype.IsFloat() ? values[i] : Math.Floor(values[i]);
        }

        using var wide = Tensor.From<double>(values, shape.Length == 0 ? [values.Length] : shape);
        using var shaped = wide.Reshape(shape);
        return Ops.Cast(shaped, dtype).Clone();
    }

    /// <summary>The same values in other layouts: dense, transposed, cut out of a larger tensor, every second of a larger one.</summary>
    public static IEnumerable<Tensor> Layouts(Tensor x)
    {
        yield return x;
        if (x.Rank >= 2)
        {
            int[] order = [.. Enumerable.Range(0, x.Rank)];
            (order[0], order[^1]) = (order[^1], order[0]);
            yield return x.Transpose(order).Clone().Transpose(order);
        }

        if (x.Rank >= 1)
        {
            int[] one = [.. x.Shape.Select(_ => 1)];
            var padded = Ops.Pad(x, one, one, 7);
            yield return Ops.Slice(padded, one, x.Shape);
            var doubled = x.Reshape([.. x.Shape, 1]).BroadcastTo([.. x.Shape, 2]).Clone();
            int[] flat = [.. x.Shape.AsSpan()[..^1], x.Shape[^1] * 2];
            int[] steps = [.. one[..^1], 2];
            yield return Ops.Slice(doubled.Reshape(flat), new int[x.Rank], x.Shape, steps);
        }
    }
}
