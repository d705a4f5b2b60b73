using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Unified.Ir;
using Unified.Ir.Tests.Ops;
using Unified.Lowering.Onnx;

namespace Unified.Conformance.Tests;

/// <summary>
/// docs/operators.md: a line for every op. <c>UPDATE_GOLDEN=1</c> measures and writes it; a run without holds all but the measured columns
/// against the table.
/// </summary>
[Collection("one call at a time")]
public sealed class OperatorsPage
{
    private const string Head = """
        # Operators

        Written by `UPDATE_GOLDEN=1 UNIFIED_CONFORMANCE=full dotnet run -c Release --project tests/Conformance.Tests -- -class '*OperatorsPage'`; a test fails when a line is
        missing or stale. A dash is a gap.

        **Dtypes.** There is no implicit promotion between tensors:

        | operands | result |
        |---|---|
        | two tensors of one dtype | that dtype; comparisons and predicates give bool |
        | two tensors of different dtypes | an error that names both; cast one of them |
        | a tensor and a C# number | the tensor's dtype |
        | an integer tensor where real numbers are wanted | an error; cast it |

        Shapes broadcast as NumPy's do. Integers wrap.

        **Columns.** *Gradient*: `rule` of its own, through its `definition`, or none by nature. *Vmap*: `rule` of its own,
        from its `traits`, through its `definition`, or the same for all examples. *ONNX*: what it is exported as. *Tolerance*: |error| / (1 + |reference|) allowed in
        f32, f64, and f16 or bf16. *Reference*: `ONNX Runtime` by operators of the op's own meaning; `double` formula of .NET; `definition`: ONNX Runtime on the op's own definition,
        which proves kernels and compiler but not the formula. *Cases*: (dtype, shape, layout, values, mode) that passed. *Error*: the largest measured.

        | op | dtypes | gradient | vmap | ONNX | tolerance | reference | cases | error f32 | error f64 | error half |
        |---|---|---|---|---|---|---|---|---|---|---|
        """;

    [Fact]
    public void The_page_has_a_current_line_for_every_op()
    {
        var path = Path.GetFullPath(Path.Combine(Folder(), "../../docs/operators.md"));
        var ops = OpTable.All.Where(o => !o.Has(OpTraits.Structural)).OrderBy(o => o.Name, StringComparer.Ordinal).ToArray();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            var page = new StringBuilder(Head.ReplaceLineEndings("\n")).Append('\n');
            var cases = 0;
            foreach (var op in ops)
            {
                var outcome = Conformance.Run(op);
                cases += outcome.Passed;
                page.Append(Stated(op)).Append(Measured(outcome)).Append('\n');
            }

            page.Append(CultureInfo.InvariantCulture, $"\n{ops.Length} ops, {cases} cases.\n");
            File.WriteAllText(path, page.ToString());
            return;
        }

        var text = File.ReadAllText(path);
        Assert.StartsWith(Head.ReplaceLineEndings("\n"), text, StringComparison.Ordinal);
        var lines = text[Head.Length..].Split('\n').Where(l => l.StartsWith('|')).ToArray();
        Assert.Equal(ops.Length, lines.Length);
        Assert.All(ops.Zip(lines), p => Assert.StartsWith(Stated(p.First), p.Second, StringComparison.Ordinal));
    }

    private static string Stated(Op op)
    {
        var dtypes = OpSamples.All.Where(s => s.Code == op.Code).SelectMany(Case.DTypesOf).Distinct().Order().Select(d => d.Text());
        var gradient = op.Has(OpTraits.NonDifferentiable) ? "none" : op.Gradient == DefinitionGradientOf(op) ? "definition" : "rule";
        var vmap = op.Operands.IsEmpty ? "same" : op.Batch is not null ? "rule" : Batching.RuleOf(op) is not null ? "traits" : op.Definition is not null ? "definition" : "—";
        var bound = op.Tolerance;
        var reference = DoubleReference.Has(op) ? "double" : OnnxModel.FormOf(op) switch { null => "—", "by definition" or "Loop" => "definition", _ => "ONNX Runtime" };
        return FormattableString.Invariant(
            $"| {op.Name} | {string.Join(" ", dtypes)} | {gradient} | {vmap} | {OnnxModel.FormOf(op) ?? "—"} | {bound.F32:G2} {bound.F64:G2} {bound.Half:G2} | {reference} |");
    }

    // The rule through the definition is one and the same for all ops that have it.
    private static GradientRule? DefinitionGradientOf(Op op) => op.Definition is null ? null : OpTable.Get(OpCode.Mish).Gradient;

    private static string Measured(Outcome outcome)
    {
        string Error(params DType[] dtypes) => dtypes.Where(outcome.Errors.ContainsKey).Select(d => outcome.Errors[d]).ToArray() is { Length: > 0 } found
            ? found.Max().ToString("G2", CultureInfo.InvariantCulture)
            : "—";
        return $" {outcome.Passed} | {Error(DType.F32)} | {Error(DType.F64)} | {Error(DType.F16, DType.BF16)} |";
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
