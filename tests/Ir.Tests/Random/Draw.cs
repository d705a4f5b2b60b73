namespace Unified.Ir.Tests;

/// <summary>Random choices from a seed: the same seed, the same choices.</summary>
internal sealed class Draw(int seed)
{
    private readonly System.Random _random = new(seed);

    public int Int(int from, int toInclusive) => _random.Next(from, toInclusive + 1);

    public long Long() => _random.NextInt64(long.MinValue, long.MaxValue);

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public T Of<T>(params IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    public void Bytes(byte[] bytes) => _random.NextBytes(bytes);

    public List<T> List<T>(int least, int most, Func<T> item) => [.. Enumerable.Range(0, Int(least, most)).Select(_ => item())];

    /// <summary>Finite, special, tiny and huge numbers.</summary>
    public double Double() => Int(0, 9) switch
    {
        0 => Of(double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0, BitConverter.Int64BitsToDouble(0x7FF8000000000123)),
        1 => Of(double.MaxValue, double.MinValue, double.Epsilon, 1e300, -1e-300, 1.0 / 3, 123456789012345680),
        2 => BitConverter.Int64BitsToDouble(Long()),
        < 6 => Int(-3, 3),
        _ => _random.NextDouble() * 10,
    };

    public float Single() => Chance(0.3) ? (float)Double() : BitConverter.Int32BitsToSingle(Int(int.MinValue, int.MaxValue - 1)) is var f && float.IsNaN(f) ? 0 : f;

    /// <summary>Names that need no quotes, and strings that need every escape.</summary>
    public string Text() => Int(0, 7) switch
    {
        0 => Of("", " ", "\"", "\\", "\n\r\t\0", "\ud800", "a\udc00\ud800b", "\u2028\uFEFF", "%0", "// no comment", "�", "{0}", "yield", "loc", "_"),
        1 => "M:Ns.Outer`1.Method(System.Collections.Generic.List{System.Int32},Unified.Tensor[])",
        2 => "größe 😀 " + Int(0, 9),
        3 => new string([.. List(0, 6, () => (char)Int(0, 0xFFFF))]),
        _ => Of("x", "w", "weights", "layer.0.bias", "_t0", "this", "Ünïcode", "f32", "nan") + Of("", "1", "_"),
    };

    public SourceSpan? Source() => Chance(0.7) ? null : new SourceSpan(Of("Models/Mlp.cs", "C:\\a b\\c.cs", ""), Int(0, 500), Int(-1, 90), Text());
}
