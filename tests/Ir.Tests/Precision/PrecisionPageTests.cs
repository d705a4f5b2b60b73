using System.Globalization;
using System.Runtime.CompilerServices;

namespace Unified.Ir.Tests;

/// <summary>The tables of docs/precision.md are those of the op table and the rule. <c>UPDATE_GOLDEN=1</c> writes them.</summary>
public class PrecisionPageTests
{
    private const string Begin = "<!-- written by UPDATE_GOLDEN=1 dotnet run -c Release --project tests/Ir.Tests -- -class '*PrecisionPageTests' -->\n";
    private const string End = "<!-- end of what is written -->\n";

    [Fact]
    public void The_page_says_what_the_table_says()
    {
        var path = Path.GetFullPath(Path.Combine(Folder(), "../../../docs/precision.md"));
        var text = File.ReadAllText(path);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        Assert.True(from >= Begin.Length && to >= from, "docs/precision.md has lost the marks around its tables");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, text[..from] + Tables() + text[to..]);
            return;
        }

        Assert.Equal(Tables(), text[from..to]);
    }

    private static string Tables()
    {
        var ops = OpTable.All.Where(o => !o.Has(OpTraits.Structural) && !o.Has(OpTraits.Creation)).OrderBy(o => o.Name, StringComparer.Ordinal).ToList();
        List<string> lines =
        [
            "| | ops |", "|---|---|",
            .. Enum.GetValues<OpPrecision>().Order(Comparer<OpPrecision>.Create((a, b) => Place(a) - Place(b)))
                .Select(p => $"| {Name(p)} | {string.Join(", ", ops.Where(o => o.Precision == p).Select(o => o.Name))} |"),
            "",
            "| operands are | products | full | others |", "|---|---|---|---|",
        ];
        foreach (var level in (PrecisionLevel[])[PrecisionLevel.O1, PrecisionLevel.O2, PrecisionLevel.O3])
        {
            foreach (var (name, met) in ((string, FloatTypes)[])[("f32", FloatTypes.F32), ("low", FloatTypes.BF16), ("low and f32", FloatTypes.BF16 | FloatTypes.F32), ("f64, and others", FloatTypes.F64 | FloatTypes.F32)])
            {
                var policy = new PrecisionPolicy(DType.BF16, level);
                var cells = ((OpCode[])[OpCode.MatMul, OpCode.Softmax, OpCode.Add]).Select(c => policy.OperandType(OpTable.Get(c), met) switch
                {
                    DType.F32 => "f32",
                    DType.BF16 => "low",
                    _ => "as they are",
                });
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"| {level}, {name} | {string.Join(" | ", cells)} |"));
            }
        }

        return string.Join("\n", lines.Select(l => l.TrimEnd())) + "\n";
    }

    private static int Place(OpPrecision precision) => precision == OpPrecision.Low ? 0 : precision == OpPrecision.Full ? 1 : 2;

    private static string Name(OpPrecision precision) => precision switch
    {
        OpPrecision.Low => "products: low",
        OpPrecision.Full => "full: f32",
        _ => "others: as their operands come",
    };

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
