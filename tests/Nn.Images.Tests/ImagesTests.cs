using System.IO.Compression;
using System.Text;
using Unified.Nn.Data;

namespace Unified.Nn.Images.Tests;

using Images = Data.Images;

/// <summary>Pictures made here, written by hand or by the library, are the tensors that they were made of.</summary>
public sealed class ImagesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("unified-images").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_png_written_by_hand_is_read_pixel_by_pixel()
    {
        var path = Path.Combine(_folder, "hand.png");
        byte[] pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 51, 102, 153, 255, 255, 255, 0, 0, 0];
        File.WriteAllBytes(path, Png(3, 2, pixels));
        var image = Images.Load(path);
        Assert.Equal([3, 2, 3], image.Shape);
        var expected = Enumerable.Range(0, 18).Select(i => pixels[(i % 6 * 3) + (i / 6)] / 255f).ToArray();
        Assert.Equal(expected, image.ToArray<float>());
        Assert.Equal(expected, Images.Decode(File.ReadAllBytes(path)).ToArray<float>());
        Assert.Equal([4, 2, 3], Images.Load(path, 4).Shape);
        Assert.All(Images.Load(path, 4)[3].ToArray<float>(), v => Assert.Equal(1f, v));

        // ITU-R BT.601.
        Assert.Equal([0.299f, 0.587f, 0.114f, (0.299f * 0.2f) + (0.587f * 0.4f) + (0.114f * 0.6f), 1, 0], Images.Load(path, 1).ToArray<float>(), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Contains("3 (red, green, blue)", Assert.Throws<ArgumentOutOfRangeException>(() => Images.Load(path, 2)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.png", 0.0015)]
    [InlineData("a.jpg", 0.02)]
    [InlineData("a.webp", 0.02)]
    public void What_is_saved_is_read_again(string name, double tolerance)
    {
        var path = Path.Combine(_folder, name);
        var image = Smooth(3, 24, 40);
        Images.Save(image, path);
        var again = Images.Load(path);
        Assert.Equal(image.Shape, again.Shape);
        Assert.InRange(image.ToArray<float>().Zip(again.ToArray<float>(), (a, b) => Math.Abs(a - b)).Average(), 0, tolerance);
    }

    [Fact]
    public void Opacity_stays()
    {
        var path = Path.Combine(_folder, "clear.png");
        var image = Smooth(4, 5, 6);
        Images.Save(image, path);
        Assert.All(image.ToArray<float>().Zip(Images.Load(path, 4).ToArray<float>()), v => Assert.Equal(v.First, v.Second, 0.003));
    }

    [Fact]
    public void A_size_is_covered_and_the_middle_kept()
    {
        var path = Path.Combine(_folder, "wide.png");

        // Left half 0, right half 1: of a wide picture the middle has both.
        Images.Save(Ops.Cast(Ops.Iota([3, 40, 120], 2) >= 60, Ir.DType.F32), path);
        var image = Images.Load(path, 20, 20);
        Assert.Equal([3, 20, 20], image.Shape);
        Assert.All(image[0, 10, ..9].ToArray<float>(), v => Assert.Equal(0f, v, 0.02f));
        Assert.All(image[0, 10, 11..].ToArray<float>(), v => Assert.Equal(1f, v, 0.02f));
        Assert.Equal([3, 80, 30], Images.Load(path, 80, 30).Shape);
    }

    [Fact]
    public void A_smaller_picture_is_an_average()
    {
        var path = Path.Combine(_folder, "lines.png");
        Images.Save(Ops.Cast(Ops.Equal(Ops.Remainder(Ops.Iota([3, 64, 64], 1), 2), 0), Ir.DType.F32), path);
        Assert.All(Images.Load(path, 8, 8).ToArray<float>(), v => Assert.Equal(0.5f, v, 0.05f));
    }

    [Theory]
    [InlineData(1, "0 1 2 3 4 5", 3, 2)]
    [InlineData(2, "2 1 0 5 4 3", 3, 2)]
    [InlineData(3, "5 4 3 2 1 0", 3, 2)]
    [InlineData(4, "3 4 5 0 1 2", 3, 2)]
    [InlineData(5, "0 3 1 4 2 5", 2, 3)]
    [InlineData(6, "3 0 4 1 5 2", 2, 3)]
    [InlineData(7, "5 2 4 1 3 0", 2, 3)]
    [InlineData(8, "2 5 1 4 0 3", 2, 3)]
    public void A_picture_stands_upright(byte origin, string expected, int width, int height)
    {
        const int Tile = 16;
        var stored = new float[3 * 2 * Tile * 3 * Tile];
        for (var i = 0; i < stored.Length; i++)
        {
            stored[i] = ((i / (3 * Tile * Tile) % 2 * 3) + (i / Tile % 3)) * 50 / 255f;
        }

        var path = Path.Combine(_folder, "turned.jpg");
        Images.Save(Tensor.From<float>(stored, 3, 2 * Tile, 3 * Tile), path);
        var file = File.ReadAllBytes(path);

        // APP1 with EXIF behind the start of the image: its orientation (tag 274) alone.
        byte[] exif = [.. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, origin, 0, 0, 0, 0, 0, 0];
        var image = Images.Decode([.. file[..2], 0xff, 0xe1, 0, (byte)(exif.Length + 2), .. exif, .. file[2..]]);
        Assert.Equal([3, height * Tile, width * Tile], image.Shape);
        var values = image[0].ToArray<float>();
        Assert.Equal(
            expected.Split(' ').Select(int.Parse),
            Enumerable.Range(0, 6).Select(i => (int)Math.Round(values[(((i / width * Tile) + (Tile / 2)) * width * Tile) + (i % width * Tile) + (Tile / 2)] * 255 / 50)));
    }

    [Fact]
    public void A_folder_of_pictures_is_a_data_set_in_one_line()
    {
        foreach (var (kind, count) in new[] { ("cat", 2), ("dog", 3) })
        {
            Directory.CreateDirectory(Path.Combine(_folder, kind));
            for (var i = 0; i < count; i++)
            {
                Images.Save(Smooth(3, 10 + i, 12), Path.Combine(_folder, kind, $"{i}.png"));
            }
        }

        var images = Images.Folder(_folder, 8, 8);
        Assert.Equal(["cat", "dog"], images.Classes);
        Assert.Equal([0, 0, 1, 1, 1], Enumerable.Range(0, images.Count).Select(i => images[i].Class));
        Assert.All(Enumerable.Range(0, images.Count), i => Assert.Equal([3, 8, 8], images[i].Image.Shape));
        Assert.Equal([1, 10, 12], Images.Folder(_folder, channels: 1)[0].Image.Shape);
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        var path = Path.Combine(_folder, "broken.png");
        Images.Save(Smooth(3, 64, 64), path);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
        Assert.Contains("broken.png' is damaged", Assert.Throws<InvalidDataException>(() => Images.Load(path)).Message, StringComparison.Ordinal);
        foreach (var (name, content) in new[] { ("text.jpg", Encoding.UTF8.GetBytes("no picture")), ("empty.png", []) })
        {
            File.WriteAllBytes(Path.Combine(_folder, name), content);
            Assert.Contains($"{name}' is no picture", Assert.Throws<InvalidDataException>(() => Images.Load(Path.Combine(_folder, name))).Message, StringComparison.Ordinal);
        }

        Assert.Throws<FileNotFoundException>(() => Images.Load(Path.Combine(_folder, "none.png")));
        Assert.Contains("'.tif'", Assert.Throws<ArgumentException>(() => Images.Save(Smooth(3, 2, 2), "a.tif")).Message, StringComparison.Ordinal);
        Assert.Contains("[2,2,2]", Assert.Throws<ArgumentException>(() => Images.Save(Smooth(2, 2, 2), "a.png")).Message.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private static Tensor Smooth(int channels, int height, int width)
    {
        var values = new float[channels * height * width];
        for (var i = 0; i < values.Length; i++)
        {
            var (c, y, x) = (i / (height * width), i / width % height, i % width);
            values[i] = 0.5f + (0.4f * MathF.Sin((x * 0.15f) + (y * 0.1f * (c + 1))));
        }

        return Tensor.From<float>(values, channels, height, width);
    }

    // The parts of the PNG specification that 24-bit pixels need: header, data, end.
    private static byte[] Png(int width, int height, byte[] pixels)
    {
        using var file = new MemoryStream();
        file.Write([0x89, .. "PNG\r\n\x1a\n"u8]);
        Chunk(file, "IHDR", [0, 0, 0, (byte)width, 0, 0, 0, (byte)height, 8, 2, 0, 0, 0]);
        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var row = 0; row < height; row++)
            {
                stream.WriteByte(0);
                stream.Write(pixels, row * width * 3, width * 3);
            }
        }

        Chunk(file, "IDAT", packed.ToArray());
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, string name, byte[] data)
    {
        static byte[] Big(uint v) => [(byte)(v >> 24), (byte)(v >> 16), (byte)(v >> 8), (byte)v];
        byte[] all = [.. Encoding.ASCII.GetBytes(name), .. data];
        file.Write([.. Big((uint)data.Length), .. all, .. Big(Crc(all))]);
    }

    private static uint Crc(byte[] data)
    {
        var crc = 0xffffffffu;
        foreach (var b in data)
        {
            crc ^= b;
            for (var k = 0; k < 8; k++)
            {
                crc = (crc & 1) != 0 ? 0xedb88320 ^ (crc >> 1) : crc >> 1;
            }
        }

        return ~crc;
    }
}
