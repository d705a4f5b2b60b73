using Unified.Ir;

namespace Unified.Tests;

public class RandomTests
{
    /// <summary>The known answers published with Random123 (kat_vectors, philox4x32 10).</summary>
    [Theory]
    [InlineData(0ul, 0ul, 0ul, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(0xfffffffffffffffful, 0xfffffffffffffffful, 0xfffffffffffffffful, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x85a308d3243f6a88ul, 0x0370734413198a2eul, 0x299f31d0a4093822ul, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Philox_gives_the_published_words(ulong low, ulong high, ulong key, uint w0, uint w1, uint w2, uint w3)
    {
        var words = new uint[4];
        Philox.Block(low, high, key, words);
        Assert.Equal([w0, w1, w2, w3], words);
    }

    [Fact]
    public void The_stream_follows_seed_and_offset()
    {
        var state = Tensor.From<long>([0, 0]);
        var u = Ops.RandomUniform(state, [6]).ToArray<float>();
        Assert.Equal((0x6627e8d5u >> 8) / 16777216f, u[0]);
        Assert.Equal((0x9b00dbd8u >> 8) / 16777216f, u[3]);
        var later = Ops.RandomUniform(Tensor.From<long>([0, 1]), [2]).ToArray<float>();
        Assert.Equal(u[4..], later);
        Assert.Equal([0L, 2], Ops.RandomAdvance(state, [6]).ToArray<long>());
        Assert.Equal(0x6627e8d5u / 4294967296.0, Ops.RandomUniform(state, [1], DType.F64).Item<double>());
    }

    [Fact]
    public void A_generator_goes_on_where_it_was()
    {
        var generator = new Generator(42);
        var a = generator.Uniform([3, 5]).ToArray<float>();
        var saved = generator.State.Clone();
        var b = generator.Uniform([4]).ToArray<float>();
        generator.State.Assign(saved);
        Assert.Equal(b, generator.Uniform([4]).ToArray<float>());
        Assert.Equal(a, new Generator(42).Uniform([15]).ToArray<float>());
        Assert.All(a, v => Assert.InRange(v, 0, 0.99999994f));
    }

    [Fact]
    public void Normal_numbers_have_the_moments()
    {
        foreach (var dtype in (DType[])[DType.F32, DType.F64, DType.BF16])
        {
            var x = Nd.From(Tensor.Randn(new Generator(7), [200, 500], dtype)).Values;
            Assert.Equal(0, x.Average(), 0.02);
            Assert.Equal(1, x.Average(v => v * v), 0.03);
            Assert.Equal(3, x.Average(v => v * v * v * v), 0.15);
        }
    }
}
