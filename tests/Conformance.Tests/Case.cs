using System.Collections.Immutable;
using Unified.Ir;
using Unified.Ir.Tests.Ops;

namespace Unified.Conformance.Tests;

/// <summary>What the values of a case are drawn from.</summary>
internal enum Values
{
    /// <summary>The op's domain.</summary>
    Normal,

    /// <summary>Normal ones among NaN, infinities, zeros of both signs and the dtype's extremes.</summary>
    Special,
}

/// <summary>How operands lie in memory.</summary>
internal enum Layout
{
    Dense,

    /// <summary>Every second element of a larger tensor.</summary>
    Strided,
}

/// <summary>One call of an op on concrete types: a sample, a dtype in place of its f32, a class of sizes, values and a layout.</summary>
/// <param name="Main">Which operands have the dtype; the others are indices and masks.</param>
internal sealed record Case(OpSample Sample, DType DType, ImmutableArray<bool> Main, string Sizes, Values Values, Layout Layout)
{
    private static readonly ImmutableArray<(string Name, ImmutableDictionary<string, long> Sizes)> Classes =
    [
        ("usual", OpSample.Sizes),
        ("odd", Of(3, 7, 17, 9)),
        ("ones", Of(1, 1, 1, 1)),
        ("empty", Of(0, 3, 4, 5)),
    ];

    public Op Op => Sample.Op;

    /// <summary>Every case of an op that its shape rule accepts.</summary>
    public static IEnumerable<Case> Of(Op op, bool isLong) =>
        from sample in OpSamples.All
        where sample.Code == op.Code
        from dtype in DTypesOf(sample)
        from sizes in Classes
        let sized = With(sample, dtype, sizes.Sizes)
        where Accepts(sized) && (sizes.Name == "usual" || sample.Operands.Any(t => !t.Shape.IsConstant))
        from values in (Values[])[Values.Normal, Values.Special]
        where values == Values.Normal || (op.Has(OpTraits.Elementwise) && dtype.IsFloat() && sizes.Name is "usual" or "odd")
        from layout in (Layout[])[Layout.Dense, Layout.Strided]
        where layout == Layout.Dense || (isLong && values == Values.Normal) || (sizes.Name == "odd" && dtype == DType.F32)
        select new Case(sized, dtype, [.. sample.Operands.Select(t => t.DType == DType.F32 || !sample.Operands.Any(o => o.DType == DType.F32))], sizes.Name, values, layout);

    /// <summary>The dtypes that may stand for a sample's f32; a sample without f32 stays as it is.</summary>
    public static IEnumerable<DType> DTypesOf(OpSample sample) =>
        sample.Operands.Any(t => t.DType == DType.F32)
            ? DTypes.All.Where(d => Accepts(With(sample, d, OpSample.Sizes)))
            : [sample.Operands.Select(t => t.DType).Append(DType.F32).First()];

    /// <summary>The operands' values, exact in their dtypes. The same case and seed draw the same values.</summary>
    public ImmutableArray<double[]> Draw(int seed = 17)
    {
        var random = new Random(seed);
        return [.. Sample.Operands.Select((t, i) => Draw(random, t, i))];
    }

    public override string ToString() => $"{Sample} {DType.Text()} {Sizes} {Values} {Layout}";

    private double[] Draw(Random random, TensorType type, int operand)
    {
        var isMain = Main[operand];
        var data = new double[type.Shape.Size.Value];
        for (var i = 0; i < data.Length; i++)
        {
            var drawn = type.DType.IsFloat() ? Sample.Low + ((Sample.High - Sample.Low) * random.NextDouble())
                : type.DType == DType.Bool ? random.Next(2)
                : !isMain ? random.Next(Sizes == "ones" ? 1 : 3)
                : Sample.Low < 0 && DType != DType.U8 ? random.Next(-3, 4)
                : Sample.Low > 0 ? random.Next(1, 4)
                : random.Next(3);
            data[i] = Values == Values.Special && type.DType.IsFloat() && i % 2 == 0 ? Specials.Of(type.DType, random.Next()) : drawn;
        }

        InputDomains.Confine(Op, operand, type.Shape, data);

        return data;
    }

    private static bool Accepts(OpSample sample)
    {
        try
        {
            sample.Infer();
            return true;
        }
        catch (ShapeException)
        {
            return false;
        }
    }

    private static OpSample With(OpSample sample, DType dtype, ImmutableDictionary<string, long> sizes)
    {
        var sized = Substitution.Sized(sample, sizes);
        return sized with { Operands = [.. sized.Operands.Select(t => t.DType == DType.F32 ? t with { DType = dtype } : t)] };
    }

    private static ImmutableDictionary<string, long> Of(long b, long t, long d, long s) =>
        OpSample.Sizes.SetItem("B", b).SetItem("T", t).SetItem("D", d).SetItem("S", s);
}
