using SkiaSharp;

namespace Unified.Nn.Data;

/// <summary>
/// Pictures as tensors [channels, height, width] of f32 from 0 to 1, and back. Channels: 1 for grey (0.299·red + 0.587·green + 0.114·blue, ITU-R BT.601), 3 for red,
/// green and blue, 4 with opacity behind these. A picture stands upright, however the camera was held.
/// </summary>
public static class Images
{
    /// <summary>A data set of the pictures in folders, one folder for each class, at their own sizes.</summary>
    /// <inheritdoc cref="ImageFolder(string, Func{string, Tensor}, IReadOnlyList{string})" path="/exception"/>
    public static ImageFolder Folder(string path, int channels = 3) => new(path, file => Load(file, channels));

    /// <summary>As <see cref="Folder(string, int)"/>, all of one size, as <see cref="Load(string, int, int, int)"/> makes it.</summary>
    public static ImageFolder Folder(string path, int height, int width, int channels = 3) => new(path, file => Load(file, height, width, channels));

    /// <summary>A file's picture, of its own size.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, cut short or no picture; the message has its path.</exception>
    public static Tensor Load(string path, int channels = 3)
    {
        using var picture = Read(path);
        return Pixels.ToTensor(picture, channels);
    }

    /// <summary>A file's picture, scaled so that it just covers so many pixels, and of that the middle: nothing is stretched.</summary>
    /// <inheritdoc cref="Load(string, int)" path="/exception"/>
    public static Tensor Load(string path, int height, int width, int channels = 3)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        using var picture = Read(path);
        using var covering = Pixels.Cover(picture, height, width);
        return Pixels.ToTensor(covering, channels);
    }

    /// <summary>The picture in the bytes of a file.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged, cut short or no picture.</exception>
    public static Tensor Decode(ReadOnlySpan<byte> bytes, int channels = 3)
    {
        using var data = SKData.CreateCopy(bytes);
        using var codec = SKCodec.Create(data);
        using var picture = Pixels.Upright(codec, "the picture");
        return Pixels.ToTensor(picture, channels);
    }

    /// <summary>Writes a picture; the name's ending says how: .png, .jpg, .jpeg or .webp. What is below 0 or above 1 is cut off.</summary>
    /// <param name="image">[channels, height, width] of 1, 3 or 4 channels, in f32.</param>
    /// <param name="path">The file.</param>
    /// <param name="quality">From 0 to 100, for what loses by being small: JPEG and WebP.</param>
    /// <exception cref="ArgumentException">The tensor is no picture, or the ending is another one.</exception>
    public static void Save(Tensor image, string path, int quality = 95)
    {
        ArgumentNullException.ThrowIfNull(path);
        var format = Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".PNG" => SKEncodedImageFormat.Png,
            ".JPG" or ".JPEG" => SKEncodedImageFormat.Jpeg,
            ".WEBP" => SKEncodedImageFormat.Webp,
            _ => throw new ArgumentException($"'{path}': pictures are written as .png, .jpg, .jpeg or .webp, not '{Path.GetExtension(path)}'", nameof(path)),
        };
        using var picture = Pixels.FromTensor(image);
        using var data = picture.Encode(format, quality) ?? throw new ArgumentException($"'{path}': a picture of {image.Shape} cannot be written so", nameof(image));
        using var file = File.Create(path);
        data.SaveTo(file);
    }

    private static SKBitmap Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var data = SKData.CreateCopy(File.ReadAllBytes(path));
        using var codec = SKCodec.Create(data);
        return Pixels.Upright(codec, $"'{path}'");
    }
}
