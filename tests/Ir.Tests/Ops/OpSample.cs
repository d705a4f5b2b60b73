using System.Collections.Immutable;
using System.Globalization;

namespace Unified.Ir.Tests.Ops;

/// <summary>
/// One legal call of an op: operand types in text, attributes, and the range that floats are drawn from. Integers are drawn
/// from 0 … 2. Named dims take the values of <see cref="Sizes"/>.
/// </summary>
internal sealed record OpSample(OpCode Code, ImmutableArray<TensorType> Operands, Attributes Attributes, double Low, double High)
{
    public static ImmutableDictionary<string, long> Sizes { get; } =
        ImmutableDictionary.CreateRange(new KeyValuePair<string, long>[] { new("B", 2), new("T", 3), new("D", 4), new("S", 5) });

    public Op Op => OpTable.Get(Code);

    public ImmutableArray<TensorType> Infer()
    {
        var attributes = Attributes;
        return Op.InferTypes(Operands, ref attributes);
    }

    public override string ToString() =>
        $"{Op.Name}({string.Join(", ", Operands)}) {{{string.Join(", ", Attributes.Items.Select(a => $"{a.Key} = {Text(a.Value)}"))}}}";

    /// <summary><c>f32[B,3]</c>.</summary>
    public static TensorType Type(string text)
    {
        var open = text.IndexOf('[', StringComparison.Ordinal);
        Assert.True(DTypes.TryParse(text[..open], out var dtype), text);
        return new TensorType(dtype, new Shape([.. text[(open + 1)..^1].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Dim)]));
    }

    public static Dim Dim(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : Ir.Dim.Named(text);

    private static string Text(AttributeValue value) => value is DimsAttribute dims ? new Shape(dims.Value).ToString() : value.ToString();
}
