using Unified.Ir;

namespace Unified.Conformance.Tests;

/// <summary>
/// Every op of the table, in both modes, against a reference that is not ours. By default a selection of the cases;
/// <c>UNIFIED_CONFORMANCE=full</c> runs all.
/// </summary>
public sealed class ConformanceTests
{
    // Drawn from Philox by definition, or exact by another test: no reference draws the same numbers.
    private static readonly OpCode[] s_withoutReference = [OpCode.RandomUniform, OpCode.RandomAdvance];

    public static TheoryData<string> OpNames => [.. OpTable.All.Where(o => !o.Has(OpTraits.Structural)).Select(o => o.Name)];

    [Theory]
    [MemberData(nameof(OpNames))]
    public void An_op_agrees_with_the_reference(string name)
    {
        var outcome = Conformance.Run(OpTable.Find(name)!);
        Assert.True(outcome.Failures.IsEmpty, $"{outcome.Failures.Length} of {outcome.Failures.Length + outcome.Passed} cases fail:\n{string.Join("\n", outcome.Failures.Take(6))}");
        Assert.True(outcome.Passed > 0 || s_withoutReference.Contains(outcome.Op.Code), $"{name}: no case ran against a reference");
        TestContext.Current.SendDiagnosticMessage($"{name}: {outcome.Passed} passed, {outcome.Unreferenced} without reference");
    }
}
