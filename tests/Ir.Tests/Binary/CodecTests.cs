using System.Buffers.Binary;
using System.Text;

namespace Unified.Ir.Tests;

public sealed class CodecTests
{
    private static readonly Function Deep = Nested(390);

    [Fact]
    public void Packed_chars_hold_the_length_and_two_bytes_each()
    {
        var packed = FunctionCodec.Pack(Deep);
        var bytes = FunctionCodec.Encode(Deep);
        Assert.Equal(bytes.Length, packed[0] + (packed[1] << 16));
        Assert.Equal(2 + ((bytes.Length + 1) / 2), packed.Length);
        Assert.Equal(BinaryPrimitives.ReadUInt16LittleEndian(bytes), packed[2]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0")]
    [InlineData("\0\0")]
    [InlineData("\uffff\uffff")]
    [InlineData("\u0002\0\ufffe\ufffe")]
    public void A_cut_or_foreign_constant_is_refused(string packed) =>
        Assert.Throws<InvalidDataException>(() => FunctionCodec.Unpack(packed));

    [Fact]
    public void Deep_nesting_round_trips_and_deeper_is_refused()
    {
        Structure.Same(Deep, FunctionCodec.Decode(FunctionCodec.Encode(Deep)));
        Structure.Same(Deep, FunctionText.Parse(FunctionText.Print(Deep)));
        Assert.Empty(FunctionVerifier.Verify(Deep));

        var deeper = Nested(500);
        Assert.Contains("nested deeper", Assert.Throws<ArgumentException>(() => FunctionCodec.Encode(deeper)).Message, StringComparison.Ordinal);
        Assert.Contains("nested deeper", Assert.Throws<IrTextException>(() => FunctionText.Parse(FunctionText.Print(deeper))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Regions_round_trip_and_too_deep_ones_are_refused()
    {
        var module = new GraphModule([WithRegions(30)]);
        Structure.Same(module, GraphCodec.Decode(GraphCodec.Encode(module)));
        Structure.Same(module, GraphText.Parse(GraphText.Print(module)));
        Assert.Throws<ArgumentException>(() => GraphCodec.Encode(WithRegions(40)));
    }

    [Fact]
    public void Another_format_is_refused_with_what_to_do()
    {
        var bytes = FunctionCodec.Encode(Deep);
        Assert.Equal([0x08, 0x01], bytes[..2]);
        bytes[1] = 9;
        var error = Assert.Throws<InvalidDataException>(() => FunctionCodec.Decode(bytes));
        Assert.Equal("the function has format 9, this version reads format 1; build it again", error.Message);
    }

    [Fact]
    public void Encoding_does_not_depend_on_the_culture()
    {
        var function = RandomFunctions.Next(new Draw(7));
        var (text, packed) = (FunctionText.Print(function, true), FunctionCodec.Pack(function));
        var before = Thread.CurrentThread.CurrentCulture;
        try
        {
            var odd = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
            odd.NumberFormat.NegativeSign = "minus";
            odd.NumberFormat.NumberDecimalSeparator = ",";
            Thread.CurrentThread.CurrentCulture = odd;
            Assert.Equal(text, FunctionText.Print(function, true));
            Assert.Equal(packed, FunctionCodec.Pack(function));
            Structure.Same(function, FunctionText.Parse(text));
        }
        finally
        {
            Thread.CurrentThread.CurrentCulture = before;
        }
    }

    [Fact]
    public void What_repeats_is_stored_once()
    {
        var builder = new GraphBuilder("g");
        var x = (OpValue)builder.Input("x", new TensorType(DType.F32, Shape.From(Dim.Named("a_dim_with_a_long_name"))), InputKind.Argument);
        for (var i = 0; i < 100; i++)
        {
            builder.Source = new SourceSpan("a/file/with/a/long/name.cs", 1, 1, "an expression");
            x = builder.Apply(OpCode.Neg, x);
        }

        builder.Output(x, OutputKind.Result);
        var bytes = GraphCodec.Encode(builder.Build());
        Assert.True(bytes.Length < 2500, $"{bytes.Length} bytes");
        Assert.Equal(1, Occurrences(bytes, "a_dim_with_a_long_name"));
        Assert.Equal(1, Occurrences(bytes, "a/file/with/a/long/name.cs"));
    }

    [Fact]
    public void A_literal_of_another_type_is_refused()
    {
        var function = Deep with { Body = new Block([new LiteralInstruction(0, 'c')]) };
        Assert.Contains("Char", Assert.Throws<ArgumentException>(() => FunctionCodec.Encode(function)).Message, StringComparison.Ordinal);
        Assert.Contains("Char", Assert.Throws<ArgumentException>(() => FunctionText.Print(function)).Message, StringComparison.Ordinal);
    }

    private static int Occurrences(byte[] bytes, string text) => Encoding.Latin1.GetString(bytes).Split(text).Length - 1;

    private static Function Nested(int depth)
    {
        var block = Block.Empty;
        for (var i = 1; i < depth; i++)
        {
            block = new Block([new IfInstruction(0, Block.Empty, block)]);
        }

        block = new Block([new LiteralInstruction(0, true), .. block.Instructions]);
        return new Function("M:Deep", [], ValueType.Void, [], [], [], block, 1);
    }

    private static Graph WithRegions(int depth)
    {
        var graph = GraphText.ParseGraph("graph @inner(%0 x: arg f32[]) -> (result %1) { %1: f32[] = neg(%0) }");
        for (var i = 0; i < depth; i++)
        {
            graph = graph with { Nodes = [graph.Nodes[0] with { Regions = [graph] }] };
        }

        return graph;
    }
}
