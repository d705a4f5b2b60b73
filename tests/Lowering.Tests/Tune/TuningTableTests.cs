using System.Text;
using Unified.Ir;
using Unified.Lowering.Tune;

namespace Unified.Lowering.Tests.Tune;

public sealed class TuningTableTests : IDisposable
{
    private const string Good = """
        {
          "version": 1,
          "machine": {
            "processor": "Some \"fast\" CPU",
            "features": "x86-64-v3",
            "caches": "L1 32 KB",
            "threads": 2
          },
          "settings": {
            "product/small": {
              "unroll": 8,
              "low_panels": 2
            },
            "rows": {
              "row_unroll": 8
            }
          }
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("unified-tuning-").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static TuningTable Parse(string text) => TuningTableText.Parse(Encoding.UTF8.GetBytes(text), "t.json");

    [Fact]
    public void What_is_printed_parses_back()
    {
        var table = Parse(Good);
        Assert.Equal(new MachineType("Some \"fast\" CPU", "x86-64-v3", "L1 32 KB", 2), table.Machine);
        Assert.Equal(Tuning.Parse("product/small unroll=8; product/small low_panels=2; rows row_unroll=8"), table.Tuning);
        Assert.Equal(table, Parse(TuningTableText.Print(table)));
        Assert.Equal(TuningTableText.Print(table), TuningTableText.Print(Parse(TuningTableText.Print(table))));
    }

    [Theory]
    [InlineData("\"unroll\": 8", "\"unroll\": 3", "t.json(11): 'unroll' is 3; it may be 1, 2, 4, 8")]
    [InlineData("\"unroll\": 8", "\"unrolled\": 8", "t.json(11): 'unrolled' is no tunable; there are rows_per_unit,")]
    [InlineData("\"unroll\": 8", "\"unroll\": \"8\"", "t.json(11): 'unroll' is a whole number")]
    [InlineData("product/small", "products", "t.json(10): 'products' is no family of kernels;")]
    [InlineData("\"row_unroll\"", "\"unroll\"", "t.json(15): 'unroll' does not act on kernels of 'rows'")]
    [InlineData("\"version\": 1", "\"version\": 9", "t.json(2): the table has format 9, this version reads format 1; run 'unified tune' again")]
    [InlineData("\"version\": 1,", "\"version\": 1", "t.json(3): this is no JSON: ")]
    [InlineData("\"threads\": 2", "\"threads\": 0", "t.json(8): 'machine' needs processor")]
    [InlineData("\"settings\"", "\"setting\"", "t.json(9): 'setting' is no part of a table; there are version, machine, settings")]
    [InlineData("\"machine\": {", "\"machine\": 3, \"x\": {", "t.json(3): 'machine' is an object")]
    public void A_bad_table_is_told_with_file_and_line(string what, string with, string message) => Assert.StartsWith(
        message, Assert.Throws<InvalidDataException>(() => Parse(Good.Replace(what, with, StringComparison.Ordinal))).Message, StringComparison.Ordinal);

    [Fact]
    public void No_piece_of_a_table_and_no_damage_crashes()
    {
        for (var length = 0; length < Good.Length; length++)
        {
            Assert.Contains("t.json(", Assert.Throws<InvalidDataException>(() => Parse(Good[..length])).Message, StringComparison.Ordinal);
        }

        var random = new Random(3);
        for (var trial = 0; trial < 500; trial++)
        {
            var bytes = Encoding.UTF8.GetBytes(Good);
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                TuningTableText.Parse(bytes, "t.json");
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith("t.json(", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void With_other_threads_only_what_changes_rounding_is_taken()
    {
        var table = Parse(Good);
        Assert.Equal(table.Tuning, table.For(2));
        Assert.Equal(Tuning.Parse("rows row_unroll=8"), table.For(1));
    }

    [Fact]
    public void The_table_of_this_machine_is_used_where_nothing_else_is_said()
    {
        var table = new TuningTable(MachineType.Host(3), Tuning.Parse("product unroll=8"));
        table.Save(TuningTable.HostPath(_folder));
        var options = new CompileOptions { CacheFolder = _folder, RunThreads = 3, Warn = _warnings.Add };
        Assert.Equal(table.Tuning, ChooseTuning.For(options));
        Assert.True(ChooseTuning.For(options with { RunThreads = 1 }).IsDefault);
        Assert.Equal(Tuning.Parse("rows grain=256"), ChooseTuning.For(options with { Tuning = Tuning.Parse("rows grain=256") }));
        Assert.Empty(_warnings);
        Assert.True(ChooseTuning.For(options with { CacheFolder = Path.Combine(_folder, "none") }).IsDefault);
    }

    [Fact]
    public void A_table_of_another_machine_is_not_used_and_says_so_once()
    {
        new TuningTable(MachineType.Host(1) with { Caches = "L1 1 KB" }, Tuning.Parse("product unroll=8")).Save(TuningTable.HostPath(_folder));
        var options = new CompileOptions { CacheFolder = _folder, Warn = _warnings.Add };
        Assert.True(ChooseTuning.For(options).IsDefault);
        Assert.True(ChooseTuning.For(options).IsDefault);
        Assert.Contains("is of another kind of machine", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_table_in_the_folder_is_a_warning_and_a_bad_one_that_is_named_an_error()
    {
        var path = TuningTable.HostPath(_folder);
        File.WriteAllText(path, "{\n  \"version\": 1,\n  \"what\": 2\n}");
        Assert.Null(ChooseTuning.Read(_folder, null, _warnings.Add));
        Assert.Contains($"{path}(3): 'what' is no part of a table", Assert.Single(_warnings), StringComparison.Ordinal);
        var error = Assert.Throws<GraphCompileException>(() => ChooseTuning.Read(_folder, path, _warnings.Add));
        Assert.Contains("UNIFIED_TUNING names a table of tuned numbers that cannot be used: " + path + "(3): ", error.Message, StringComparison.Ordinal);
        Assert.False(error.EagerIsPossible);
        Assert.Throws<GraphCompileException>(() => ChooseTuning.Read(_folder, Path.Combine(_folder, "missing.json"), _warnings.Add));
    }

    [Fact]
    public void The_machine_says_what_it_is()
    {
        var host = MachineType.Host(2);
        Assert.NotEmpty(host.Processor);
        Assert.Equal(host, MachineType.Host(2));
        Assert.True(host.IsLike(MachineType.Host(5)));
        Assert.False(host.IsLike(host with { Processor = "another" }));
        Assert.Equal(host.Key, (host with { Threads = 9 }).Key);
        Assert.NotEqual(host.Key, (host with { Features = "x86-64" }).Key);
    }
}
