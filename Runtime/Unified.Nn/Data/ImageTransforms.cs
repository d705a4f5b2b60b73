namespace Unified.Nn.Data;

/// <summary>Changes of images of shape [channels, height, width] in f32, for data sets and <see cref="DataLoader{T, TBatch}.Augment"/>.</summary>
public static class ImageTransforms
{
    /// <summary>(x − mean)/deviation by channel.</summary>
    public static Tensor Normalize(Tensor image, ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation)
    {
        var (channels, height, width) = SizeOf(image);
        if (mean.Length != channels || deviation.Length != channels)
        {
            throw new ArgumentException($"an image of {channels} channels needs as many means and deviations, not {mean.Length} and {deviation.Length}", nameof(mean));
        }

        var values = image.ToArray<float>();
        for (var i = 0; i < values.Length; i++)
        {
            var channel = i / (height * width);
            values[i] = (values[i] - mean[channel]) / deviation[channel];
        }

        return Tensor.From<float>(values, channels, height, width);
    }

    /// <summary>A part of the image; what lies outside is 0.</summary>
    public static Tensor Crop(Tensor image, int top, int left, int height, int width)
    {
        var (channels, rows, columns) = SizeOf(image);
        var values = image.ToArray<float>();
        var part = new float[channels * height * width];
        for (var i = 0; i < part.Length; i++)
        {
            var (row, column) = (top + (i / width % height), left + (i % width));
            part[i] = row >= 0 && row < rows && column >= 0 && column < columns ? values[(((i / (height * width) * rows) + row) * columns) + column] : 0;
        }

        return Tensor.From<float>(part, channels, height, width);
    }

    public static Tensor CenterCrop(Tensor image, int height, int width)
    {
        var (_, rows, columns) = SizeOf(image);
        return Crop(image, (rows - height) / 2, (columns - width) / 2, height, width);
    }

    /// <summary>A part of the image with so many rows and columns of 0 around it, at a place by chance.</summary>
    public static Tensor RandomCrop(Tensor image, int height, int width, int padding, Random random)
    {
        var (_, rows, columns) = SizeOf(image);
        if (rows + (2 * padding) < height || columns + (2 * padding) < width)
        {
            throw new ArgumentException($"an image of {rows}×{columns} with {padding} around it has no part of {height}×{width}", nameof(image));
        }

        return Crop(image, random.Next(rows + (2 * padding) - height + 1) - padding, random.Next(columns + (2 * padding) - width + 1) - padding, height, width);
    }

    /// <summary>Left and right exchanged.</summary>
    public static Tensor Mirror(Tensor image) => Ops.Flip(image, 2);

    /// <summary>Mirrored with the given probability.</summary>
    public static Tensor RandomMirror(Tensor image, Random random, double probability = 0.5) => random.NextDouble() < probability ? Mirror(image) : image;

    /// <summary>To another size, bilinear between the centres of pixels (as PyTorch's interpolate does without aligned corners).</summary>
    public static Tensor Resize(Tensor image, int height, int width)
    {
        var (channels, rows, columns) = SizeOf(image);
        var values = image.ToArray<float>();
        var resized = new float[channels * height * width];
        for (var i = 0; i < resized.Length; i++)
        {
            var (row, top, bottom) = Between(i / width % height, height, rows);
            var (column, left, right) = Between(i % width, width, columns);
            var plane = i / (height * width) * rows * columns;
            float Value(int r, int c) => values[plane + (r * columns) + c];
            resized[i] = ((Value(top, left) * (1 - column)) + (Value(top, right) * column)) * (1 - row)
                + (((Value(bottom, left) * (1 - column)) + (Value(bottom, right) * column)) * row);
        }

        return Tensor.From<float>(resized, channels, height, width);
    }

    private static (float Share, int Low, int High) Between(int index, int size, int from)
    {
        var place = Math.Max(0, ((index + 0.5) * from / size) - 0.5);
        var low = Math.Min((int)place, from - 1);
        return ((float)(place - low), low, Math.Min(low + 1, from - 1));
    }

    private static (int Channels, int Height, int Width) SizeOf(Tensor image) => image.Rank == 3
        ? (image.Shape[0], image.Shape[1], image.Shape[2])
        : throw new ArgumentException($"an image has shape [channels, height, width], not {image.Shape}", nameof(image));
}
