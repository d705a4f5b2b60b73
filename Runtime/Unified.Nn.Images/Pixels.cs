using SkiaSharp;

namespace Unified.Nn.Data;

/// <summary>Pictures in memory: four bytes a pixel (red, green, blue, opacity), upright.</summary>
internal static class Pixels
{
    private const int Bytes = 4;

    /// <param name="codec">Null where the bytes begin like no picture.</param>
    /// <param name="name">For messages.</param>
    public static SKBitmap Upright(SKCodec? codec, string name)
    {
        if (codec is null)
        {
            throw new InvalidDataException($"{name} is no picture of a known kind (PNG, JPEG, WebP, GIF, BMP), or its beginning is damaged");
        }

        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var picture = new SKBitmap(info);
        var result = codec.GetPixels(info, picture.GetPixels());
        if (result != SKCodecResult.Success)
        {
            picture.Dispose();
            throw new InvalidDataException($"{name} is damaged: {(result == SKCodecResult.IncompleteInput ? "it ends before its last row" : $"decoding ends with '{result}'")}");
        }

        return codec.EncodedOrigin is SKEncodedOrigin.TopLeft or SKEncodedOrigin.Default ? picture : Turned(picture, codec.EncodedOrigin);
    }

    /// <summary>Scaled so that it just covers so many pixels, and of that the middle; smaller pictures are averaged, larger ones interpolated.</summary>
    public static SKBitmap Cover(SKBitmap picture, int height, int width)
    {
        var scale = Math.Max((double)height / picture.Height, (double)width / picture.Width);
        var (rows, columns) = (Math.Max(height, (int)Math.Round(picture.Height * scale)), Math.Max(width, (int)Math.Round(picture.Width * scale)));
        using var scaled = rows == picture.Height && columns == picture.Width ? picture.Copy()
            : picture.Resize(picture.Info.WithSize(columns, rows), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        var part = new SKBitmap(picture.Info.WithSize(width, height));
        var (top, left) = ((rows - height) / 2, (columns - width) / 2);
        var from = scaled.GetPixelSpan();
        var to = part.GetPixelSpan();
        for (var row = 0; row < height; row++)
        {
            from.Slice(((top + row) * scaled.RowBytes) + (left * Bytes), width * Bytes).CopyTo(to[(row * part.RowBytes)..]);
        }

        return part;
    }

    public static Tensor ToTensor(SKBitmap picture, int channels)
    {
        if (channels is not (1 or 3 or 4))
        {
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "a picture has 1 channel (grey), 3 (red, green, blue) or 4 (with opacity)");
        }

        var (height, width) = (picture.Height, picture.Width);
        var plane = height * width;
        var values = new float[channels * plane];
        var pixels = picture.GetPixelSpan();
        for (var row = 0; row < height; row++)
        {
            for (var column = 0; column < width; column++)
            {
                var from = pixels.Slice((row * picture.RowBytes) + (column * Bytes), Bytes);
                var to = (row * width) + column;
                if (channels == 1)
                {
                    values[to] = ((0.299f * from[0]) + (0.587f * from[1]) + (0.114f * from[2])) / 255;
                    continue;
                }

                for (var channel = 0; channel < channels; channel++)
                {
                    values[(channel * plane) + to] = from[channel] / 255f;
                }
            }
        }

        return Tensor.From<float>(values, channels, height, width);
    }

    public static SKBitmap FromTensor(Tensor image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Rank != 3 || image.DType != Ir.DType.F32 || image.Shape[0] is not (1 or 3 or 4) || image.Size == 0)
        {
            throw new ArgumentException($"a picture is f32[channels, height, width] of 1, 3 or 4 channels, not {image.DType}{image.Shape}", nameof(image));
        }

        var (channels, height, width) = (image.Shape[0], image.Shape[1], image.Shape[2]);
        var values = image.ToArray<float>();
        var picture = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, channels == 4 ? SKAlphaType.Unpremul : SKAlphaType.Opaque));
        var pixels = picture.GetPixelSpan();
        for (var i = 0; i < height * width; i++)
        {
            var to = pixels.Slice((i / width * picture.RowBytes) + (i % width * Bytes), Bytes);
            for (var channel = 0; channel < Bytes; channel++)
            {
                var value = channel == 3 && channels < 4 ? 1 : values[(Math.Min(channel, channels - 1) * height * width) + i];
                to[channel] = (byte)Math.Round(Math.Clamp(float.IsNaN(value) ? 0 : value, 0, 1) * 255);
            }
        }

        return picture;
    }

    // Where a pixel of the upright picture is in the one that was stored; the origins are those of TIFF and EXIF (tag 274).
    private static SKBitmap Turned(SKBitmap stored, SKEncodedOrigin origin)
    {
        var isOnSide = origin >= SKEncodedOrigin.LeftTop;
        var upright = new SKBitmap(stored.Info.WithSize(isOnSide ? stored.Height : stored.Width, isOnSide ? stored.Width : stored.Height));
        var from = stored.GetPixelSpan();
        var to = upright.GetPixelSpan();
        var (lastRow, lastColumn) = (stored.Height - 1, stored.Width - 1);
        for (var y = 0; y < upright.Height; y++)
        {
            for (var x = 0; x < upright.Width; x++)
            {
                var (row, column) = origin switch
                {
                    SKEncodedOrigin.TopRight => (y, lastColumn - x),
                    SKEncodedOrigin.BottomRight => (lastRow - y, lastColumn - x),
                    SKEncodedOrigin.BottomLeft => (lastRow - y, x),
                    SKEncodedOrigin.LeftTop => (x, y),
                    SKEncodedOrigin.RightTop => (lastRow - x, y),
                    SKEncodedOrigin.RightBottom => (lastRow - x, lastColumn - y),
                    _ => (x, lastColumn - y),
                };
                from.Slice((row * stored.RowBytes) + (column * Bytes), Bytes).CopyTo(to[((y * upright.RowBytes) + (x * Bytes))..]);
            }
        }

        stored.Dispose();
        return upright;
    }
}
