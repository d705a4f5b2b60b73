using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Conformance.Tests;

/// <summary>Every op under Vmap, in both modes, for each choice of the operands that have examples, against a loop over the examples.</summary>
[Collection("one call at a time")]
public sealed class VmapConformanceTests
{
    private const int Examples = 3;

    public static TheoryData<string> OpNames => [.. OpTable.All.Where(o => !o.Has(OpTraits.Structural) && !o.Operands.IsEmpty).Select(o => o.Name)];

    [Fact]
    public void Every_op_has_a_rule_or_a_definition() =>
        Assert.Empty(OpTable.All.Where(o => !o.Has(OpTraits.Structural) && !o.Operands.IsEmpty && Batching.RuleOf(o) is null && o.Definition is null).Select(o => o.Name));

    [Theory]
    [MemberData(nameof(OpNames))]
    public void A_mapped_op_is_a_loop_over_examples(string name)
    {
        var ran = 0;
        foreach (var call in Case.Of(OpTable.Find(name)!, isLong: false).Where(c => c.Sizes == "usual" && c.Values == Values.Normal && c.Layout == Layout.Dense && c.DType is DType.F32 or DType.Bool or DType.I64))
        {
            var count = call.Sample.Operands.Length;
            ImmutableArray<ImmutableArray<double[]>> drawn = [.. Enumerable.Range(0, Examples).Select(e => Varied(call, e))];
            foreach (var mapped in Masks(count))
            {
                if (call.Op.Code is OpCode.RandomUniform || (call.Op.Code is OpCode.RandomUniformLike && mapped[0]))
                {
                    Assert.Throws<ShapeException>(() => Modes.MappedEagerly(call, Operands(call, drawn, mapped), mapped));
                    ran++;
                    continue;
                }

                double[] expected = [.. Enumerable.Range(0, Examples).SelectMany(e => Modes.Eager(call, [.. Enumerable.Range(0, count).Select(i => drawn[mapped[i] ? e : 0][i])]))];
                Same(call, mapped, "eager", expected, Modes.MappedEagerly(call, Operands(call, drawn, mapped), mapped));

                // A compilation each: all operands, and one that is not the first.
                if (call.DType is DType.F32 or DType.Bool && (mapped.All(m => m) || (count > 1 && mapped.Count(m => m) == 1 && mapped[^1])))
                {
                    Same(call, mapped, "graph", expected, Modes.MappedInGraph(call, Operands(call, drawn, mapped), mapped) ?? throw new InvalidOperationException("runs eagerly"));
                }

                ran++;
            }
        }

        Assert.True(ran > 0, $"{name}: no case");
    }

    // Each example has values of its own.
    private static ImmutableArray<double[]> Varied(Case call, int example) => call.Draw(17 + example);

    private static IEnumerable<ImmutableArray<bool>> Masks(int count) =>
        Enumerable.Range(1, (1 << Math.Min(count, 4)) - 1).Select(bits => Enumerable.Range(0, count).Select(i => (bits >> Math.Min(i, 3) & 1) == 1).ToImmutableArray());

    private static ImmutableArray<Tensor> Operands(Case call, ImmutableArray<ImmutableArray<double[]>> drawn, ImmutableArray<bool> mapped) =>
    [
        .. call.Sample.Operands.Select((t, i) => mapped[i]
            ? Modes.Make(t with { Shape = new Shape([Examples, .. t.Shape.Dims]) }, [.. drawn.SelectMany(d => d[i])], Layout.Dense)
            : Modes.Make(t, drawn[0][i], Layout.Dense)),
    ];

    private static void Same(Case call, ImmutableArray<bool> mapped, string mode, double[] expected, double[] actual)
    {
        var who = $"{mode} {call}, examples of ({string.Join(", ", mapped)})";
        Assert.True(expected.Length == actual.Length, $"{who}: {actual.Length} elements, not {expected.Length}");
        var bound = Math.Max(call.Op.Tolerance.F32, 1e-6);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(
                expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) <= bound * (1 + Math.Abs(expected[i])),
                $"{who}: element {i} is {actual[i]:R}, not {expected[i]:R}");
        }
    }
}
