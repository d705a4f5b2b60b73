using System.Security.Cryptography;

namespace Unified.Ir.Tests;

/// <summary>Damaged input gives a value or the one exception that says so; nothing else, and never a verifier or printer that falls over it.</summary>
public sealed class MutationTests
{
    // The long form: UNIFIED_MUTATIONS=100000.
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("UNIFIED_MUTATIONS"), out var wanted) ? wanted : 10_000;

    [Fact]
    public void Functions() => ForAll(
        d => FunctionCodec.Encode(RandomFunctions.Next(d)),
        bytes =>
        {
            var function = FunctionCodec.Decode(bytes);
            _ = FunctionVerifier.Verify(function);
            _ = FunctionText.Print(function, sources: true);
        });

    [Fact]
    public void Packed_functions() => ForAll(
        d => FunctionCodec.Pack(RandomFunctions.Next(d)).SelectMany(BitConverter.GetBytes).ToArray(),
        bytes => FunctionCodec.Unpack(new string([.. Enumerable.Range(0, bytes.Length / 2).Select(i => BitConverter.ToChar(bytes, i * 2))])));

    [Fact]
    public void Modules() => ForAll(
        d => GraphCodec.Encode(new RandomGraphs(d).Module()),
        bytes =>
        {
            var module = GraphCodec.Decode(bytes);
            _ = GraphVerifier.Verify(module);
            _ = GraphText.Print(module, sources: true);
        });

    [Fact]
    public void Images_with_the_right_hash() => ForAll(
        d => ProgramImageCodec.Encode(new RandomImages(d).Image())[..^32],
        bytes => ProgramImageCodec.Decode([.. bytes, .. SHA256.HashData(bytes)]));

    [Fact]
    public void Artifacts_with_the_right_hash() => ForAll(
        d => ArtifactCodec.Encode(new RandomArtifacts(d).Artifact())[..^32],
        bytes => ArtifactCodec.Open([.. bytes, .. SHA256.HashData(bytes)]).Read());

    [Fact]
    public void Artifacts_with_the_wrong_hash()
    {
        var bytes = ArtifactCodec.Encode(new RandomArtifacts(new Draw(3)).Artifact());
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 4;
            Assert.Throws<InvalidDataException>(() => ArtifactCodec.Open(bytes));
            bytes[at] ^= 4;
            Assert.Throws<InvalidDataException>(() => ArtifactCodec.Open(bytes.AsSpan(0, at)));
        }
    }

    [Fact]
    public void Images_with_the_wrong_hash()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var draw = new Draw(seed);
            var bytes = ProgramImageCodec.Encode(new RandomImages(draw).Image());
            bytes[draw.Int(0, bytes.Length - 1)] ^= (byte)(1 << draw.Int(0, 7));
            Assert.Throws<InvalidDataException>(() => ProgramImageCodec.Decode(bytes));
        }
    }

    [Fact]
    public void Every_beginning_of_an_image_is_refused()
    {
        var bytes = ProgramImageCodec.Encode(new RandomImages(new Draw(1)).Image());
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => ProgramImageCodec.Decode(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Texts()
    {
        var read = 0;
        var original = "";
        for (var seed = 0; seed < Count; seed++)
        {
            var draw = new Draw(seed);
            if (seed % 10 == 0)
            {
                original = draw.Chance(0.5) ? FunctionText.Print(RandomFunctions.Next(draw), true) : GraphText.Print(new RandomGraphs(draw).Module(), true);
            }

            var text = original;
            var at = draw.Int(0, text.Length - 1);
            var length = Math.Min(draw.Int(0, 3), text.Length - at);
            text = text.Remove(at, length).Insert(at, draw.Of("", "%", "{", "}", "(", "9999999999", "%2000000000", ",", "\"", "\\", "-", ".", "f32", "\n", "[", "loc", "@", "_"));
            try
            {
                _ = text.StartsWith("func", StringComparison.Ordinal) ? (object)FunctionText.Parse(text) : GraphText.Parse(text);
                read++;
            }
            catch (IrTextException e)
            {
                Assert.StartsWith($"line {e.Line}, column {e.Column}: ", e.Message, StringComparison.Ordinal);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }

        Assert.InRange(read, 1, Count - 1);
    }

    private static void ForAll(Func<Draw, byte[]> make, Action<byte[]> read)
    {
        var refused = 0;
        byte[] original = [];
        for (var seed = 0; seed < Count; seed++)
        {
            // Ten mutations of each original.
            original = seed % 10 == 0 ? make(new Draw(seed)) : original;
            var bytes = Mutate(original, new Draw(seed));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(bytes);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 20, $"seed {seed}: {bytes.Length} bytes took more than 64 MB to read");
        }

        Assert.InRange(refused, Count / 10, Count);
    }

    private static byte[] Mutate(byte[] original, Draw draw)
    {
        var bytes = original.ToList();
        for (var times = draw.Int(1, 3); times > 0 && bytes.Count > 0; times--)
        {
            var at = draw.Int(0, bytes.Count - 1);
            var length = Math.Min(draw.Int(1, 8), bytes.Count - at);
            switch (draw.Int(0, 5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << draw.Int(0, 7));
                    break;
                case 1:
                    bytes[at] = (byte)draw.Of(0, 1, 127, 128, 255, draw.Int(0, 255));
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    // The largest varints.
                    bytes.InsertRange(at, draw.Of<byte[]>([0xFF, 0xFF, 0xFF, 0xFF, 0x07], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0xFE, 0xFF, 0xFF, 0xFF, 0x0F]));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
