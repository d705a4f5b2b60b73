using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Modules know their state without reflection, and files keep it.</summary>
[Collection("graphs")]
public sealed class ModuleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("unified-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void State_is_found_through_fields_lists_and_children()
    {
        var names = new Deep(2, 4).NamedState().Select(s => s.Name);
        Assert.Equal(
            [
                "blocks.0.norm.weight", "blocks.0.norm.bias", "blocks.0.inner.weight", "blocks.0.inner.bias",
                "blocks.1.norm.weight", "blocks.1.norm.bias", "blocks.1.inner.weight", "blocks.1.inner.bias",
                "head.weight", "head.bias",
            ],
            names);
    }

    [Fact]
    public void Weights_that_are_loaded_next_need_not_be_drawn()
    {
        var (generator, untouched) = (new Generator(7), new Generator(7));
        Parameter[] left;
        using (Initialize.LeaveOut())
        {
            left =
            [
                new Linear(3, 4, generator: generator).Weight, Initialize.Normal(generator, 1, 2, 3), Initialize.TruncatedNormal(generator, 1, 2, 2, 3),
                Initialize.Orthogonal(generator, [2, 3]), Initialize.KaimingUniform(generator, [2, 3]), Initialize.FanIn(generator, 3, 5),
            ];
        }

        Assert.All(left, p => Assert.All(p.ToArray<float>(), v => Assert.Equal(0, v)));
        Assert.Equal(Initialize.Normal(untouched, 1, 2, 3).ToArray<float>(), Initialize.Normal(generator, 1, 2, 3).ToArray<float>());
        Assert.Equal([2, 2, 2], Initialize.Constant(2, 3).ToArray<float>());
    }

    [Fact]
    public void The_optimizer_lists_its_own_state_only()
    {
        var model = new Mlp(3, 4, 2);
        var names = new AdamW(model.Parameters, new ConstantSchedule(1)).NamedState().Select(s => s.Name).ToList();
        Assert.Equal(9, names.Count);
        Assert.All((string[])["mean.0", "square.3", "step"], n => Assert.Contains(n, names));
    }

    [Fact]
    public void A_file_gives_back_what_was_saved()
    {
        var path = Path.Combine(_folder, "m.safetensors");
        var (a, b) = (new Mlp(3, 4, 2), new Mlp(3, 4, 2));
        Safetensors.Save(path, a.NamedState(), new Dictionary<string, string> { ["note"] = "ä\"\\" });
        var file = Safetensors.Open(path);
        Assert.Equal("ä\"\\", file.Metadata["note"]);
        file.LoadInto(b.NamedState());
        Assert.All(a.Parameters.Zip(b.Parameters), p => Assert.Equal(p.First.ToArray<float>(), p.Second.ToArray<float>()));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_file_of_another_model_changes_nothing()
    {
        var path = Path.Combine(_folder, "m.safetensors");
        Safetensors.Save(path, new Mlp(3, 5, 2).NamedState());
        var model = new Mlp(3, 4, 2);
        var before = model.Parameters.Select(p => p.ToArray<float>()).ToList();
        var e = Assert.Throws<InvalidDataException>(() => Safetensors.Open(path).LoadInto(model.NamedState()));
        Assert.Contains("up.weight", e.Message, StringComparison.Ordinal);
        Assert.All(model.Parameters.Zip(before), p => Assert.Equal(p.Second, p.First.ToArray<float>()));
    }

    [Fact]
    public void A_damaged_file_is_an_error_and_never_a_crash()
    {
        var path = Path.Combine(_folder, "m.safetensors");
        var model = new Mlp(3, 4, 2);
        Safetensors.Save(path, model.NamedState());
        var good = File.ReadAllBytes(path);
        var random = new Random(1);
        for (var i = 0; i < 2000; i++)
        {
            var bad = random.Next(2) == 0 ? good[..random.Next(good.Length)] : [.. good];
            for (var j = random.Next(1, 4); j > 0 && bad.Length > 0; j--)
            {
                bad[random.Next(Math.Min(bad.Length, 700))] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, bad);
            try
            {
                Safetensors.Open(path).LoadInto(model.NamedState());
            }
            catch (InvalidDataException e)
            {
                Assert.Contains(path, e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_failed_save_leaves_the_former_file()
    {
        var path = Path.Combine(_folder, "m.safetensors");
        var model = new Mlp(3, 4, 2);
        Safetensors.Save(path, model.NamedState());
        var before = File.ReadAllBytes(path);
        var gone = Tensor.Zeros([4]);
        gone.Dispose();
        Assert.ThrowsAny<Exception>(() => Safetensors.Save(path, [("gone", gone)]));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void A_width_that_heads_do_not_divide_is_refused(int heads) =>
        Assert.Throws<ArgumentException>(() => new CausalSelfAttention(24, heads == 0 ? 0 : heads));
}
