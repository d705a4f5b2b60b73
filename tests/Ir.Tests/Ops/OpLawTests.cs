using System.Collections.Immutable;

namespace Unified.Ir.Tests.Ops;

/// <summary>Laws that hold for every row of the op table.</summary>
public sealed class OpLawTests
{
    public static TheoryData<string> Samples => [.. OpSamples.All.Select(s => s.ToString())];

    [Fact]
    public void Every_op_code_has_one_row_and_one_name()
    {
        Assert.Equal(Enum.GetValues<OpCode>().Order(), OpTable.All.Select(o => o.Code).Order());
        Assert.All(OpTable.All, o => Assert.Same(o, OpTable.Find(o.Name)));
        Assert.Equal("mat_mul", OpTable.Get(OpCode.MatMul).Name);
        Assert.Null(OpTable.Find("matmul"));
    }

    [Fact]
    public void Every_op_is_sampled() => Assert.Equal(
        OpTable.All.Where(o => !o.Has(OpTraits.Structural)).Select(o => o.Code).Order(),
        OpSamples.All.Select(s => s.Code).Distinct().Order());

    [Fact]
    public void Every_op_has_a_gradient_or_says_that_none_flows() => Assert.All(
        OpTable.All.Where(o => !o.Has(OpTraits.Structural)),
        o => Assert.True(o.Has(OpTraits.NonDifferentiable) != (o.Gradient is not null), o.Name));

    [Fact]
    public void Names_are_those_of_csharp_parameters() => Assert.All(
        OpTable.All.SelectMany(o => o.Operands.Select(p => p.Name).Concat(o.Attributes.Select(a => a.Name))),
        name => Assert.Matches("^[a-z][A-Za-z]*$", name));

    [Fact]
    public void Operands_and_attributes_of_an_op_have_different_names() => Assert.All(
        OpTable.All, o => Assert.Distinct(o.Operands.Select(p => p.Name).Concat(o.Attributes.Select(a => a.Name))));

    [Fact]
    public void Reductions_fold_an_attribute_named_axes() => Assert.All(
        OpTable.All.Where(o => o.Has(OpTraits.Reduction)),
        o => Assert.Contains(o.Attributes, a => a.Name == "axes" && a.Kind == AttributeKind.Dims));

    /// <summary>Without one, work that writes could be ordered before a look-up that fails.</summary>
    [Fact]
    public void What_looks_up_places_and_is_not_taken_apart_says_what_it_checks() => Assert.All(
        OpTable.All.Where(o => (o.IsPrimitive || o.Has(OpTraits.Managed)) && o.Operands.Any(p => p.Name is "indices" or "start")), o => Assert.NotNull(o.Check));

    [Fact]
    public void What_is_checked_are_whole_numbers_in_a_range()
    {
        var checks = OpSamples.All.Concat(OpTable.All.SelectMany(o => o.Examples.Select(e => new OpSample(o.Code, [.. e.Operands.Select(OpSample.Type)], e.Attributes, 0, 1)))).Where(s => s.Op.Check is not null)
            .Select(s => (Sample: s, Check: s.Op.Check!(new OpInputs(s.Op, s.Operands, s.Op.Complete(s.Attributes))))).Where(c => c.Check is not null).ToList();
        Assert.Equal(OpTable.All.Where(o => o.Check is not null).Select(o => o.Code).Order(), checks.Select(c => c.Sample.Code).Distinct().Order());
        Assert.All(checks, c =>
        {
            Assert.True(c.Sample.Operands[c.Check!.Operand].DType is DType.I32 or DType.I64, c.Sample.ToString());
            Assert.False((c.Check.Most - c.Check.Least) is { IsConstant: true, Value: < 0 }, c.Sample.ToString());
        });
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_definition_has_the_types_that_the_row_infers(string name)
    {
        var sample = Sample(name);
        var builder = new GraphBuilder("definition");
        var operands = Operands(builder, sample);
        if (sample.Op.Definition is not { } definition)
        {
            Assert.True(sample.Op.IsPrimitive);
            return;
        }

        var results = definition(builder, operands, sample.Op.Complete(sample.Attributes));
        Assert.Equal(sample.Infer(), results.Select(r => r.Type));
        Assert.All(builder.Build().Nodes, n => EndsInPrimitives(n.Op, []));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_gradient_has_the_type_of_its_operand(string name)
    {
        var sample = Sample(name);
        if (sample.Op.Gradient is not { } gradient)
        {
            Assert.True(sample.Op.Has(OpTraits.NonDifferentiable));
            return;
        }

        var builder = new GraphBuilder("gradient");
        var operands = Operands(builder, sample);
        var results = builder.Apply(sample.Op, operands, sample.Attributes);
        var call = new GradientInputs(
            sample.Op, operands, results,
            [.. results.Select((r, i) => builder.Input($"d{i}", r.Type, InputKind.Argument))],
            builder.Build().Nodes[0].Attributes);
        var cotangents = gradient(builder, call);
        Assert.Equal(operands.Length, cotangents.Length);
        for (var i = 0; i < operands.Length; i++)
        {
            var flows = operands[i].DType.IsFloat() && results[0].DType.IsFloat();
            Assert.Equal(flows ? operands[i].Type : null, cotangents[i]?.Type);
        }

        // A rule that was asked for nothing hands back nothing.
        Assert.All(gradient(builder, call with { Wanted = [.. operands.Select(_ => false)] }), Assert.Null);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Types_of_named_sizes_are_those_of_their_values(string name)
    {
        var sample = Sample(name);
        var concrete = Substitution.Sized(sample, OpSample.Sizes);
        Assert.Equal(concrete.Infer(), sample.Infer().Select(t => Substitution.Sized(t, OpSample.Sizes)));
    }

    // No definition leads back to itself.
    private static void EndsInPrimitives(Op op, ImmutableList<Op> within)
    {
        Assert.DoesNotContain(op, within);
        if (op.Definition is not { } definition)
        {
            Assert.True(op.IsPrimitive, op.Name);
            return;
        }

        foreach (var sample in OpSamples.All.Where(s => s.Code == op.Code))
        {
            var builder = new GraphBuilder("definition");
            definition(builder, Operands(builder, sample), op.Complete(sample.Attributes));
            Assert.All(builder.Build().Nodes, n => EndsInPrimitives(n.Op, within.Add(op)));
        }
    }

    internal static OpSample Sample(string name) => OpSamples.All.First(s => s.ToString() == name);

    private static ImmutableArray<OpValue> Operands(GraphBuilder builder, OpSample sample) =>
        [.. sample.Operands.Select((t, i) => (OpValue)builder.Input($"x{i}", t, InputKind.Argument))];
}
