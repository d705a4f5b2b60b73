using Unified;
using Unified.Nn.Data;

namespace Classics;

/// <summary>Small grey images of discs, squares, crosses and stripes, drawn by number with noise: [1, 12, 12] in 0 to 1, and which of the four it is.</summary>
public static class Shapes
{
    public const int Size = 12;

    public const int Kinds = 4;

    public static Dataset<(float[] Pixels, int Kind)> Images(int count, int seed) => Dataset.Of(count, i => Draw(new Random((seed * 1_000_003) + i))).Cache();

    public static (Tensor Images, Tensor Kinds) Batch(IReadOnlyList<(float[] Pixels, int Kind)> items) => (
        Tensor.From<float>([.. items.SelectMany(i => i.Pixels)], items.Count, 1, Size, Size), Collate.Vector(items.Select(i => i.Kind)));

    private static (float[] Pixels, int Kind) Draw(Random random)
    {
        var kind = random.Next(Kinds);
        var (row, column, radius) = ((random.NextDouble() * 4) + 3.5, (random.NextDouble() * 4) + 3.5, (random.NextDouble() * 1.5) + 2.5);
        var pixels = new float[Size * Size];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (y, x) = (Math.Abs((i / Size) - row), Math.Abs((i % Size) - column));
            var isInside = kind switch
            {
                0 => (y * y) + (x * x) < radius * radius,
                1 => Math.Max(y, x) < radius * 0.85,
                2 => Math.Min(y, x) < 0.9 && Math.Max(y, x) < radius,
                _ => Math.Max(y, x) < radius && i % Size % 2 == 0,
            };
            pixels[i] = (float)Math.Clamp((isInside ? 0.85 : 0.1) + ((random.NextDouble() - 0.5) * 0.3), 0, 1);
        }

        return (pixels, kind);
    }
}
