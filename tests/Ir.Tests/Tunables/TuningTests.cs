namespace Unified.Ir.Tests;

public class TuningTests
{
    public static TheoryData<string> Names => [.. TunableTable.All.Select(t => t.Name)];

    [Fact]
    public void Names_are_unique_and_families_are_all_used()
    {
        Assert.Distinct(TunableTable.All.Select(t => t.Name));
        Assert.Distinct(KernelFamily.All.Select(f => f.Name));
        Assert.Equal(KernelFamily.All.ToHashSet(), TunableTable.All.SelectMany(t => t.Families).ToHashSet());
        var rows = typeof(TunableTable).GetProperties().Where(p => p.PropertyType == typeof(Tunable)).Select(p => (Tunable)p.GetValue(null)!).ToHashSet();
        Assert.Equal(rows, TunableTable.All.ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_row_has_its_default_among_ascending_candidates(string name)
    {
        var tunable = TunableTable.Get(name);
        Assert.Matches("^[a-z][a-z_]*$", name);
        Assert.Contains(tunable.Default, tunable.Candidates);
        Assert.True(tunable.Candidates.Length > 1 && tunable.Candidates.SequenceEqual(tunable.Candidates.Order().Distinct()));
        Assert.NotEmpty(tunable.Families);
    }

    [Fact]
    public void What_is_printed_parses_back()
    {
        var random = new Random(5);
        var all = (from t in TunableTable.All from f in t.Families from c in KernelClass.Of(f) select (Class: c, Tunable: t)).ToList();
        for (var trial = 0; trial < 200; trial++)
        {
            var tuning = Enumerable.Range(0, random.Next(8)).Select(_ => all[random.Next(all.Count)])
                .Aggregate(Tuning.Default, (t, at) => t.With(at.Class, at.Tunable, at.Tunable.Candidates[random.Next(at.Tunable.Candidates.Length)]));
            var back = Tuning.Parse(tuning.ToString());
            Assert.Equal(tuning, back);
            Assert.Equal(tuning.GetHashCode(), back.GetHashCode());
            Assert.Equal(tuning.Entries, back.Entries);
            foreach (var (kernels, tunable) in all)
            {
                Assert.Equal(tuning.For(kernels)[tunable], back.For(kernels)[tunable]);
            }
        }
    }

    [Fact]
    public void Equal_settings_are_equal_however_they_are_written()
    {
        Assert.Equal(Tuning.Default, Tuning.Parse("product unroll=4; rows/small grain=4096"));
        Assert.True(Tuning.Parse("").IsDefault);
        Assert.Equal(Tuning.Parse("product/small unroll=8; product/large unroll=8"), Tuning.Parse("product unroll=8"));
        Assert.NotEqual(Tuning.Parse("product/small unroll=8"), Tuning.Parse("product unroll=8"));
        Assert.Equal(Tuning.Default.With(TunableTable.ColumnBlock, 32), Tuning.Parse("scatter column_block=32; columns column_block=32"));
        Assert.Equal("rows/large grain=256; rows/small row_unroll=8", Tuning.Parse("rows/small row_unroll=8; rows/large grain=256").ToString());
    }

    [Fact]
    public void Settings_that_change_rounding_can_be_taken_apart_from_the_others()
    {
        var tuning = Tuning.Parse("rows/small row_unroll=8; rows/large grain=256");
        Assert.Equal("rows/small row_unroll=8", tuning.Where(changesRounding: true).ToString());
        Assert.Equal("rows/large grain=256", tuning.Where(changesRounding: false).ToString());
    }

    [Theory]
    [InlineData("product unroll", "'product unroll' is no setting: write a class of kernels, a tunable and a number, as 'product/small unroll=8'")]
    [InlineData("product unroll=-1", "'product unroll=-1' is no setting")]
    [InlineData("produce unroll=8", "'produce' is no family of kernels; there are product, dots,")]
    [InlineData("product rolled=8", "'rolled' is no tunable; there are rows_per_unit,")]
    [InlineData("product unroll=3", "'unroll' is 3; it may be 1, 2, 4, 8")]
    [InlineData("rows unroll=8", "'unroll' does not act on kernels of 'rows', but of product, dots, scaled, attention, attention_gradient")]
    [InlineData("scatter/small column_block=32", "kernels of 'scatter' have no classes of size: write 'scatter'")]
    public void A_wrong_setting_says_what_is_wrong(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => Tuning.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_size_that_is_not_known_is_large()
    {
        Assert.Equal("product/large", KernelClass.Of(KernelFamily.Product, Dim.Named("B"), 12).ToString());
        Assert.Equal("product/large", KernelClass.Of(KernelFamily.Product, 13, 12).ToString());
        Assert.Equal("product/small", KernelClass.Of(KernelFamily.Product, 12, 12).ToString());
        Assert.Equal("scatter", KernelClass.Of(KernelFamily.Scatter, 1, 12).ToString());
    }
}
