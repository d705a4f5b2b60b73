using Unified.Ir;

namespace Unified.Nn;

/// <summary>
/// Starting values of parameters. A parameter that exists starts anew with <c>parameter.Assign(Initialize.KaimingNormal(generator, parameter.Shape))</c>.
/// Fan-in and fan-out of a weight [outputs, inputs, kernel…] are inputs and outputs times the kernel's size.
/// </summary>
public static class Initialize
{
    [ThreadStatic]
    private static bool s_isLeftOut;

    [ThreadStatic]
    private static DType? s_dtype;

    /// <summary>
    /// Until the scope is disposed, parameters made on this thread are zeros where they would be drawn at random, and no random numbers are used: for a
    /// model whose weights are loaded next, which then starts in a fraction of the time.
    /// </summary>
    public static InitializationScope LeaveOut()
    {
        var scope = new InitializationScope(s_isLeftOut, s_dtype);
        s_isLeftOut = true;
        return scope;
    }

    /// <summary>
    /// Until the scope is disposed, parameters made on this thread have this dtype, in place of f32: a model without f32 weights, for
    /// <see cref="PrecisionLevel.O3"/>. The same numbers are drawn, and rounded.
    /// </summary>
    /// <exception cref="ArgumentException">The dtype is not f32, bf16 or f16.</exception>
    public static InitializationScope In(DType dtype)
    {
        if (dtype is not (DType.F32 or DType.BF16 or DType.F16))
        {
            throw new ArgumentException($"parameters start in f32, bf16 or f16, not in {dtype.Text()}", nameof(dtype));
        }

        var scope = new InitializationScope(s_isLeftOut, s_dtype);
        s_dtype = dtype;
        return scope;
    }

    private static Parameter Made(Tensor values)
    {
        if (s_dtype is null or DType.F32)
        {
            return new Parameter(values);
        }

        using var rounded = Ops.Cast(values, s_dtype.Value);
        return new Parameter(rounded);
    }

    private static Parameter Zeros(ReadOnlySpan<int> shape)
    {
        using var values = Tensor.Zeros(shape);
        return Made(values);
    }

    /// <summary>Restores what was before when disposed.</summary>
    public readonly struct InitializationScope : IDisposable
    {
        private readonly bool _wasLeftOut;
        private readonly DType? _dtype;

        internal InitializationScope(bool wasLeftOut, DType? dtype) => (_wasLeftOut, _dtype) = (wasLeftOut, dtype);

        public void Dispose() => (s_isLeftOut, s_dtype) = (_wasLeftOut, _dtype);
    }

    /// <summary>Normal with mean 0.</summary>
    public static Parameter Normal(Generator generator, float deviation, params ReadOnlySpan<int> shape)
    {
        if (s_isLeftOut)
        {
            return Zeros(shape);
        }

        using var unit = generator.Normal(shape);
        using var values = unit * deviation;
        return Made(values);
    }

    /// <summary>Normal with mean 0, drawn again beyond <paramref name="limit"/> deviations.</summary>
    public static Parameter TruncatedNormal(Generator generator, float deviation, float limit, params ReadOnlySpan<int> shape)
    {
        if (!(limit > 0.1f))
        {
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "numbers are drawn until they lie within so many deviations: take at least 0.1");
        }

        if (s_isLeftOut)
        {
            return Zeros(shape);
        }

        using var first = generator.Normal(shape);
        var values = first.ToArray<float>();
        Tensor? spare = null;
        var (drawn, next) = (Array.Empty<float>(), 0);
        for (var i = 0; i < values.Length; i++)
        {
            while (MathF.Abs(values[i]) > limit)
            {
                if (next == drawn.Length)
                {
                    spare?.Dispose();
                    spare = generator.Normal([Math.Max(64, values.Length / 4)]);
                    (drawn, next) = (spare.ToArray<float>(), 0);
                }

                values[i] = drawn[next++];
            }

            values[i] *= deviation;
        }

        spare?.Dispose();
        using var result = Tensor.From<float>(values, shape);
        return Made(result);
    }

    /// <summary>Uniform between two bounds.</summary>
    public static Parameter Uniform(Generator generator, float low, float high, params ReadOnlySpan<int> shape)
    {
        if (s_isLeftOut)
        {
            return Zeros(shape);
        }

        using var unit = generator.Uniform(shape);
        using var wide = unit * (high - low);
        using var values = wide + low;
        return Made(values);
    }

    /// <summary>Uniform in ±1/√fanIn, as PyTorch's linear layer starts.</summary>
    public static Parameter FanIn(Generator generator, int fanIn, params ReadOnlySpan<int> shape)
    {
        if (s_isLeftOut)
        {
            return Zeros(shape);
        }

        var bound = 1 / MathF.Sqrt(fanIn);
        using var unit = generator.Uniform(shape);
        using var centred = unit - 0.5f;
        using var values = centred * (2 * bound);
        return Made(values);
    }

    /// <summary>Uniform in ±gain·√(6/(fan-in + fan-out)) (Glorot and Bengio, 2010).</summary>
    public static Parameter XavierUniform(Generator generator, ReadOnlySpan<int> shape, float gain = 1)
    {
        var (fanIn, fanOut) = Fans(shape);
        var bound = gain * MathF.Sqrt(6f / (fanIn + fanOut));
        return Uniform(generator, -bound, bound, shape);
    }

    /// <summary>Normal with deviation gain·√(2/(fan-in + fan-out)) (Glorot and Bengio, 2010).</summary>
    public static Parameter XavierNormal(Generator generator, ReadOnlySpan<int> shape, float gain = 1)
    {
        var (fanIn, fanOut) = Fans(shape);
        return Normal(generator, gain * MathF.Sqrt(2f / (fanIn + fanOut)), shape);
    }

    /// <summary>Uniform in ±√(6/((1 + slope²)·fan-in)), for a ReLU with that slope below 0 (He et al., 2015).</summary>
    public static Parameter KaimingUniform(Generator generator, ReadOnlySpan<int> shape, float slope = 0)
    {
        var bound = MathF.Sqrt(6 / ((1 + (slope * slope)) * Fans(shape).In));
        return Uniform(generator, -bound, bound, shape);
    }

    /// <summary>Normal with deviation √(2/((1 + slope²)·fan-in)), for a ReLU with that slope below 0 (He et al., 2015).</summary>
    public static Parameter KaimingNormal(Generator generator, ReadOnlySpan<int> shape, float slope = 0) =>
        Normal(generator, MathF.Sqrt(2 / ((1 + (slope * slope)) * Fans(shape).In)), shape);

    /// <summary>Normal with deviation √(1/fan-in), cut at two deviations (LeCun et al., 1998).</summary>
    public static Parameter LecunNormal(Generator generator, ReadOnlySpan<int> shape) =>
        TruncatedNormal(generator, MathF.Sqrt(1f / Fans(shape).In), 2, shape);

    /// <summary>
    /// Rows, or columns where there are fewer, at right angles and of length gain (Saxe et al., 2014); axes behind the first count as one.
    /// </summary>
    public static Parameter Orthogonal(Generator generator, ReadOnlySpan<int> shape, float gain = 1)
    {
        Fans(shape);
        if (s_isLeftOut)
        {
            return Zeros(shape);
        }

        var rows = shape[0];
        var columns = 1;
        foreach (var dim in shape[1..])
        {
            columns *= dim;
        }

        using var draw = generator.Normal(shape);
        var values = Array.ConvertAll(draw.ToArray<float>(), v => (double)v);
        var (count, length, step, inner) = rows <= columns ? (rows, columns, columns, 1) : (columns, rows, 1, columns);
        for (var i = 0; i < count; i++)
        {
            // Gram and Schmidt, twice, so that nothing of the earlier vectors is left in double precision.
            for (var j = 0; j < 2 * i; j++)
            {
                var other = j % i;
                var product = Product(values, i * step, other * step, length, inner);
                for (var k = 0; k < length; k++)
                {
                    values[(i * step) + (k * inner)] -= product * values[(other * step) + (k * inner)];
                }
            }

            var norm = Math.Sqrt(Product(values, i * step, i * step, length, inner));
            for (var k = 0; k < length; k++)
            {
                values[(i * step) + (k * inner)] /= norm;
            }
        }

        using var result = Tensor.From<float>(Array.ConvertAll(values, v => (float)v * gain), shape);
        return Made(result);
    }

    /// <summary>1 where both indices are equal, else 0: shape [rows, columns].</summary>
    public static Parameter Identity(int rows, int columns)
    {
        using var values = Ops.Eye(rows, columns);
        return Made(values);
    }

    public static Parameter Constant(float value, params ReadOnlySpan<int> shape)
    {
        using var values = Tensor.Filled(shape, value);
        return Made(values);
    }

    private static double Product(double[] values, int first, int second, int length, int inner)
    {
        double sum = 0;
        for (var k = 0; k < length; k++)
        {
            sum += values[first + (k * inner)] * values[second + (k * inner)];
        }

        return sum;
    }

    private static (int In, int Out) Fans(ReadOnlySpan<int> shape)
    {
        if (shape.Length < 2)
        {
            throw new ArgumentException($"a weight of shape [{string.Join(",", shape.ToArray())}] has no fan-in: it needs two axes", nameof(shape));
        }

        var window = 1;
        foreach (var dim in shape[2..])
        {
            window *= dim;
        }

        return (shape[1] * window, shape[0] * window);
    }
}
