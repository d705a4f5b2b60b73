using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Unified.Ir;
using Unified.Nn.Data;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Data sets and loaders give the same batches in the same order, however they are made, and go on where they were.</summary>
public class DataTests
{
    private static readonly Dataset<int> s_numbers = Dataset.Of(100, i => i);

    [Fact]
    public void Data_sets_are_changed_item_by_item()
    {
        Assert.Equal([0, 4, 8], s_numbers.Slice(0, 10).Filter(i => i % 2 == 0).Map(i => i * 2).Filter(i => i % 4 == 0).Slice(0, 3));
        Assert.Equal([(7, "7"), (8, "8")], s_numbers.Slice(7, 2).Zip(s_numbers.Slice(7).Map(i => $"{i}")));
        Assert.Equal([98, 99, 0, 98, 99, 0], s_numbers.Slice(98).Concat(s_numbers.Slice(0, 1)).Repeat(2));
        var (first, second) = s_numbers.Split(0.3, seed: 5);
        Assert.Equal(30, first.Count);
        Assert.Equal(Enumerable.Range(0, 100), first.Concat(second).Order());
        Assert.NotEqual(Enumerable.Range(0, 30), first);
        Assert.Throws<ArgumentOutOfRangeException>(() => s_numbers[100]);
        Assert.Throws<ArgumentOutOfRangeException>(() => s_numbers.Select([3, -1]));
    }

    [Fact]
    public void A_cache_makes_each_item_once()
    {
        var made = 0;
        var cached = Dataset.Of(10, i => { Interlocked.Increment(ref made); return i; }).Cache();
        Assert.Equal(cached.ToList(), cached.ToList());
        Assert.Equal(10, made);
    }

    [Fact]
    public void An_order_by_chance_is_the_same_on_every_machine()
    {
        Assert.Equal([6, 4, 7, 2, 9, 1, 5, 0, 8, 3], new Shuffled(10, 4, seed: 1).Batches(0).SelectMany(b => b));
        Assert.NotEqual(new Shuffled(100, 100, 1).Batches(0)[0], new Shuffled(100, 100, 1).Batches(1)[0]);
        Assert.Equal(Enumerable.Range(0, 100), new Shuffled(100, 7, 3).Batches(5).SelectMany(b => b).Order());
        Assert.Equal(14, new Shuffled(100, 7, 3) { DropsLast = true }.Batches(0).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Batches_do_not_depend_on_workers(int workers)
    {
        var expected = New(0).Concat(New(0)).ToList();
        var loader = New(workers);
        Assert.Equal(expected[..15], loader);
        Assert.Equal(new LoaderPosition(1, 0), loader.Position);
        var later = new List<string>();
        await foreach (var batch in loader.Async(TestContext.Current.CancellationToken))
        {
            later.Add(batch);
        }

        var plain = New(0);
        _ = plain.ToList();
        Assert.Equal(plain.ToList(), later);

        DataLoader<int, string> New(int count) => new(s_numbers, new Shuffled(100, 7, seed: 3), b => string.Join(' ', b))
        {
            Workers = count, Seed = 4, Augment = (item, random) => (item * 1000) + random.Next(1000),
        };
    }

    [Fact]
    public void A_loader_goes_on_in_the_middle()
    {
        DataLoader<int, int[]> New() => new(s_numbers, new Shuffled(100, 8, seed: 3), b => [.. b]) { Workers = 2 };
        var whole = New();
        var all = whole.Concat(whole).ToList();
        var first = New();
        var some = first.Take(5).ToList();
        Assert.Equal(new LoaderPosition(0, 5), first.Position);
        var second = New();
        second.Position = first.Position;
        Assert.Equal(all, [.. some, .. second, .. second]);
    }

    [Fact]
    public void No_more_is_made_ahead_than_allowed()
    {
        var (made, most, taken) = (0, 0, 0);
        var loader = new DataLoader<int, int>(s_numbers, new InOrder(100, 5), b =>
        {
            var ahead = Interlocked.Increment(ref made) - Volatile.Read(ref taken);
            InterlockedMax(ref most, ahead);
            return b[0];
        }) { Workers = 3, Ahead = 4 };
        foreach (var first in loader)
        {
            Thread.Sleep(1);
            Interlocked.Increment(ref taken);
        }

        // Those ahead, and the one that the loop holds.
        Assert.InRange(most, 1, 5);
        Assert.Equal(20, made);

        static void InterlockedMax(ref int place, int value)
        {
            for (var old = Volatile.Read(ref place); value > old && Interlocked.CompareExchange(ref place, value, old) != old; old = Volatile.Read(ref place))
            {
            }
        }
    }

    [Fact]
    public void An_error_of_a_worker_comes_where_its_batch_would()
    {
        var loader = new DataLoader<int, int>(s_numbers.Map(i => i == 33 ? throw new InvalidDataException("item 33") : i), new InOrder(100, 10), b => b[0]) { Workers = 2 };
        var seen = new List<int>();
        Assert.Equal("item 33", Assert.Throws<InvalidDataException>(() => seen.AddRange(loader.Select(b => b))).Message);
        Assert.Equal(new LoaderPosition(0, 3), loader.Position);
    }

    [Fact]
    public void Weights_are_how_often_items_come()
    {
        var counts = new int[3];
        for (var epoch = 0; epoch < 2000; epoch++)
        {
            foreach (var i in new Weighted([1, 0, 3], 2, 7).Batches(epoch).SelectMany(b => b))
            {
                counts[i]++;
            }
        }

        Assert.Equal(0, counts[1]);
        Assert.Equal(0.25, counts[0] / 6000.0, 0.02);
        Assert.Throws<ArgumentException>(() => new Weighted([0, 0], 2, 7));
    }

    [Fact]
    public void Buckets_hold_similar_lengths()
    {
        var lengths = Enumerable.Range(0, 200).Select(i => i * 37 % 101).ToArray();
        int Padded(BatchPlan plan) => plan.Batches(0).Sum(b => b.Max(i => lengths[i]) * b.Length);
        var bucketed = new Bucketed(lengths, 8, 1, pool: 10);
        Assert.Equal(Enumerable.Range(0, 200), bucketed.Batches(3).SelectMany(b => b).Order());
        Assert.True(Padded(bucketed) < 0.75 * Padded(new Shuffled(200, 8, 1)));
    }

    [Fact]
    public void Sequences_are_padded_and_cut()
    {
        var (values, lengths) = Collate.Pad<int>([[1, 2, 3], [4], [5, 6, 7, 8, 9]], padding: -1, multiple: 4, longest: 4);
        Assert.Equal([1, 2, 3, -1, 4, -1, -1, -1, 5, 6, 7, 8], values.ToArray<int>());
        Assert.Equal([3, 4], values.Shape);
        Assert.Equal([3, 1, 4], lengths.ToArray<int>());
    }

    [Fact]
    public void Images_are_cut_mirrored_and_resized()
    {
        var image = Tensor.From<float>([.. Enumerable.Range(0, 24).Select(i => (float)i)], 2, 3, 4);
        Assert.Equal([5, 6, 9, 10, 17, 18, 21, 22], ImageTransforms.Crop(image, 1, 1, 2, 2).ToArray<float>());
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 12], ImageTransforms.Crop(image, -1, -1, 2, 2).ToArray<float>());
        Assert.Equal([5, 6, 17, 18], ImageTransforms.CenterCrop(image, 1, 2).ToArray<float>());
        Assert.Equal([3, 2, 1, 0], ImageTransforms.Mirror(image).ToArray<float>()[..4]);
        Assert.Equal([1, 0.5f], ImageTransforms.Normalize(image, [4, 12], [-4, 2]).ToArray<float>() is var n ? [n[0], n[13]] : []);

        // Halved, each pixel is the mean of four; of a ramp, enlarging keeps the ramp inside.
        Assert.Equal([2.5f, 4.5f], ImageTransforms.Resize(Tensor.From<float>([0, 1, 2, 3, 4, 5, 6, 7], 1, 2, 4), 1, 2).ToArray<float>());
        Assert.Equal([0, 0.25f, 0.75f, 1], ImageTransforms.Resize(Tensor.From<float>([0, 1], 1, 1, 2), 1, 4).ToArray<float>());
        Assert.Equal(2, ImageTransforms.RandomCrop(image, 3, 4, 1, new Random(1)).Shape[0]);
        Assert.Throws<ArgumentException>(() => ImageTransforms.RandomCrop(image, 9, 9, 1, new Random(1)));
    }
}

/// <summary>Files of numbers and text.</summary>
public sealed class DataFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("unified-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.F64)]
    [InlineData(DType.I64)]
    [InlineData(DType.U8)]
    [InlineData(DType.Bool)]
    [InlineData(DType.F16)]
    public void Arrays_come_back(DType type)
    {
        var path = At("a.npy");
        foreach (var shape in (int[][])[[], [3], [2, 3], [2, 0, 3], [2, 1, 4]])
        {
            var tensor = Ops.Cast(new Generator(1).Uniform(shape) * 3f, type);
            NumpyFile.Save(path, tensor);
            var read = NumpyFile.Load(path);
            Assert.Equal(tensor.Type, read.Type);
            Assert.Equal(tensor.AsBytes().ToArray(), read.AsBytes().ToArray());
            Assert.Equal(0, (File.ReadAllBytes(path).Length - (int)(tensor.Size * type.Bytes())) % 64);
        }
    }

    [Fact]
    public void Fortran_order_and_named_arrays_are_read()
    {
        var header = Encoding.ASCII.GetBytes("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }".PadRight(117) + "\n");
        var values = new float[] { 1, 4, 2, 5, 3, 6 };
        File.WriteAllBytes(At("f.npy"), [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header, .. values.SelectMany(BitConverter.GetBytes)]);
        var read = NumpyFile.Load(At("f.npy"));
        Assert.Equal([2, 3], read.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], read.ToArray<float>());
        NumpyFile.SaveAll(At("z.npz"), [("one", Tensor.Ones([2])), ("two", read)]);
        var all = NumpyFile.LoadAll(At("z.npz"));
        Assert.Equal(["one", "two"], all.Keys);
        Assert.Equal(read.ToArray<float>(), all["two"].ToArray<float>());
    }

    [Fact]
    public void Damaged_arrays_are_errors_and_never_a_crash()
    {
        NumpyFile.Save(At("a.npy"), new Generator(1).Normal([4, 5]));
        var good = File.ReadAllBytes(At("a.npy"));
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var bad = random.Next(2) == 0 ? good[..random.Next(good.Length)] : [.. good];
            for (var j = random.Next(1, 4); j > 0 && bad.Length > 0; j--)
            {
                bad[random.Next(Math.Min(bad.Length, 80))] = (byte)random.Next(256);
            }

            File.WriteAllBytes(At("b.npy"), bad);
            try
            {
                NumpyFile.Load(At("b.npy"));
            }
            catch (InvalidDataException e)
            {
                Assert.Contains("b.npy", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Idx_files_are_read_packed_or_not()
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
        File.WriteAllBytes(At("images"), images);
        using (var packed = new GZipStream(File.Create(At("images.gz")), CompressionMode.Compress))
        {
            packed.Write(images);
        }

        foreach (var name in (string[])["images", "images.gz"])
        {
            var read = IdxFile.Load(At(name));
            Assert.Equal(new TensorType(DType.U8, Shape.Of([2, 1, 3])), read.Type);
            Assert.Equal(images[16..], read.ToArray<byte>());
        }

        var wide = new byte[16];
        new byte[] { 0, 0, 0x0C, 1, 0, 0, 0, 2 }.CopyTo(wide, 0);
        BinaryPrimitives.WriteInt32BigEndian(wide.AsSpan(8), -70000);
        BinaryPrimitives.WriteInt32BigEndian(wide.AsSpan(12), 12);
        File.WriteAllBytes(At("labels"), wide);
        Assert.Equal([-70000, 12], IdxFile.Load(At("labels")).ToArray<int>());
        File.WriteAllBytes(At("labels"), wide[..13]);
        Assert.Contains("cut short", Assert.Throws<InvalidDataException>(() => IdxFile.Load(At("labels"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_are_read_with_quotes_numbers_and_names()
    {
        File.WriteAllText(At("t.csv"), "name,size,\"a \"\"b\"\"\"\r\n\"x, y\",1.5,\nz,,3\n\n\"two\nlines\",-2e1,4");
        var table = CsvFile.Load(At("t.csv"));
        Assert.Equal(["name", "size", "a \"b\""], table.Columns);
        Assert.Equal(["x, y", "z", "two\nlines"], table.Rows.Select(r => r[0]));
        Assert.Equal([1.5f, float.NaN, float.NaN, 3, -20, 4], table.Numbers("size", "a \"b\"").ToArray<float>());
        var (numbers, names) = table.Categories("name");
        Assert.Equal(["two\nlines", "x, y", "z"], names);
        Assert.Equal([1, 2, 0], numbers.ToArray<int>());
        Assert.Contains("row 1, column 'name': 'x, y' is no number", Assert.Throws<InvalidDataException>(() => table.Numbers("name")).Message, StringComparison.Ordinal);
        Assert.Contains("it has name, size", Assert.Throws<InvalidDataException>(() => table.Numbers("age")).Message, StringComparison.Ordinal);
        File.WriteAllText(At("t.csv"), "a;b\n1;2;3");
        Assert.Contains("row 2: 3 fields", Assert.Throws<InvalidDataException>(() => CsvFile.Load(At("t.csv"), separator: ';')).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_lines_are_read_and_a_bad_one_is_named()
    {
        File.WriteAllText(At("l.jsonl"), "{\"text\":\"a\"}\n\n{\"text\":\"b\"}\n{\"text\":");
        var seen = new List<string>();
        var e = Assert.Throws<InvalidDataException>(() => seen.AddRange(JsonLines.Read(At("l.jsonl")).Select(v => v.GetProperty("text").GetString()!)));
        Assert.Contains("line 4", e.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], JsonLines.Read(At("l.jsonl")).Take(2).Select(v => v.GetProperty("text").GetString()));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
