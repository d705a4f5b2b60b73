using System.Reflection;
using Unified.Ir;

namespace Unified.Conformance.Tests;

/// <summary>
/// Every op of the table, in both modes, against a reference that is not ours. By default a selection of the cases;
/// <c>UNIFIED_CONFORMANCE=full</c> runs all, <c>graphs</c> one graph of each op without a definition.
/// </summary>
[Collection("one call at a time")]
public sealed class ConformanceTests
{
    // Exact by another test.
    private static readonly OpCode[] s_withoutReference = [OpCode.RandomAdvance];

    public static TheoryData<string> OpNames => [.. OpTable.All.Where(o => !o.Has(OpTraits.Structural)).Select(o => o.Name)];

    [Fact]
    public void Every_op_has_a_public_method_whose_parameters_are_those_of_its_row()
    {
        var methods = typeof(Ops).Assembly.GetExportedTypes().SelectMany(t => t.GetMethods())
            .Select(m => (Method: m, Op: m.GetCustomAttribute<OpAttribute>())).Where(m => m.Op is not null).ToLookup(m => m.Op!.Code, m => m.Method);
        foreach (var op in OpTable.All.Where(o => !o.Has(OpTraits.Structural)))
        {
            Assert.True(methods[op.Code].Any(), $"{op.Name} has no public method");
            var names = op.Operands.Select(o => o.Name).Concat(op.Attributes.Select(a => a.Name)).ToHashSet();
            Assert.All(methods[op.Code].Where(m => m.IsStatic && m.DeclaringType == typeof(Ops)), m => Assert.All(m.GetParameters(), p => Assert.Contains(p.Name!, names)));
        }
    }

    [Theory]
    [MemberData(nameof(OpNames))]
    public void An_op_agrees_with_the_reference(string name)
    {
        var outcome = Conformance.Run(OpTable.Find(name)!);
        Assert.True(outcome.Failures.IsEmpty, $"{outcome.Failures.Length} of {outcome.Failures.Length + outcome.Passed} cases fail:\n{string.Join("\n", outcome.Failures.Take(6))}");
        Assert.True(outcome.Passed > 0 || Conformance.IsOfGraphsAlone || s_withoutReference.Contains(outcome.Op.Code), $"{name}: no case ran against a reference");
        TestContext.Current.SendDiagnosticMessage($"{name}: {outcome.Passed} passed, {outcome.Unreferenced} without reference");
    }
}
