using System.Collections.Immutable;
using Unified.Graphs;
using Unified.Ir;
using static Unified.Tests.SmallPrograms;

namespace Unified.Tests;

/// <summary>What a call is compiled for, which calls that fits, and the sizes read off them.</summary>
public class SignatureTests
{
    private static readonly Dim s_b = Dim.Named("B");

    [Fact]
    public void Declared_names_are_named_and_the_rest_is_constant()
    {
        var f = Definition("M:f", null, null, ("x", Shape.From(s_b, 4)), ("y", null));
        using var x = Tensor.Zeros([3, 4]);
        using var y = Tensor.Zeros([5, 6], DType.F64);
        Assert.Equal(
            [new TensorSpec(new TensorType(DType.F32, Shape.From(s_b, 4))), new TensorSpec(new TensorType(DType.F64, Shape.Of(5, 6)))],
            Of(f, [], [], Argument.Of(x), Argument.Of(y)));
    }

    [Fact]
    public void Captured_names_mean_nothing_was_said()
    {
        var f = Definition("M:f", null, null, ("x", Shape.From(Dim.Named("_x0"), 4)));
        using var x = Tensor.Zeros([3, 4]);
        Assert.Equal([new TensorSpec(new TensorType(DType.F32, Shape.Of(3, 4)))], Of(f, [], [], Argument.Of(x)));
    }

    [Fact]
    public void What_is_not_as_declared_is_refused_by_name()
    {
        var f = Definition("M:f", null, null, ("x", Shape.From(s_b, 4)));
        using var wide = Tensor.Zeros([3, 5]);
        Assert.Equal(
            "argument 'x' is declared [B,4] and was given f32[3,5]: axis 1 must be 4",
            Assert.Throws<ShapeException>(() => Of(f, [], [], Argument.Of(wide))).Message);
        using var flat = Tensor.Zeros([3]);
        Assert.Equal(
            "argument 'x' is declared [B,4] and was given f32[3]: the ranks differ",
            Assert.Throws<ShapeException>(() => Of(f, [], [], Argument.Of(flat))).Message);
    }

    [Fact]
    public void One_name_is_one_size()
    {
        var f = Definition("M:f", null, null, ("x", Shape.From(s_b, 4)), ("labels", Shape.From(s_b)));
        using var x = Tensor.Zeros([3, 4]);
        using var labels = Tensor.Zeros([2], DType.I32);
        Assert.Equal(
            "argument 'labels' is declared [B] and was given i32[2]: B is 3 in argument 'x' already",
            Assert.Throws<ShapeException>(() => Of(f, [], [], Argument.Of(x), Argument.Of(labels))).Message);
    }

    [Fact]
    public void A_second_size_gets_a_name()
    {
        var f = Definition("M:f");
        using var three = Tensor.Zeros([3, 8]);
        using var four = Tensor.Zeros([4, 8]);
        var first = Of(f, [], [], Argument.Of(three));
        Assert.Equal([new TensorSpec(new TensorType(DType.F32, Shape.Of(3, 8)))], first);
        var second = Of(f, [first], [], Argument.Of(four));
        var named = new TensorSpec(new TensorType(DType.F32, Shape.From(Dim.Named("d0_0"), 8)));
        Assert.Equal([named], second);

        // Once named, named for every later size, the first one's included.
        Assert.Equal([named], Of(f, [first, second], [], Argument.Of(three)));

        // Another dtype or rank is another function.
        using var wide = Tensor.Zeros([5, 8], DType.F64);
        Assert.Equal([new TensorSpec(new TensorType(DType.F64, Shape.Of(5, 8)))], Of(f, [first, second], [], Argument.Of(wide)));
    }

    [Fact]
    public void Sizes_that_were_the_same_at_every_call_share_a_name()
    {
        var f = Definition("M:f");
        using var three = Tensor.Zeros([3, 8]);
        using var four = Tensor.Zeros([4, 8]);
        using var five = Tensor.Zeros([5, 8]);
        var first = Of(f, [], [], Argument.Of(three), Argument.Of(three));
        var named = new TensorSpec(new TensorType(DType.F32, Shape.From(Dim.Named("d0_0"), 8)));
        var second = Of(f, [first], [], Argument.Of(four), Argument.Of(four));
        Assert.Equal([named, named], second);

        // A call tells them apart.
        var other = new TensorSpec(new TensorType(DType.F32, Shape.From(Dim.Named("d1_0"), 8)));
        Assert.Equal([named, other], Of(f, [first, second], [], Argument.Of(four), Argument.Of(five)));
    }

    [Fact]
    public void Items_of_a_list_get_their_own_names()
    {
        var f = Definition("M:f");
        using var two = Tensor.Zeros([2]);
        using var three = Tensor.Zeros([3]);
        var first = Of(f, [], [], Argument.Of((IReadOnlyList<Tensor>)[two, two]));
        var spec = Assert.IsType<TensorListSpec>(Assert.Single(Of(f, [first], [], Argument.Of((IReadOnlyList<Tensor>)[two, three]))));
        Assert.Equal([Vector(2), Vector(Dim.Named("d0_1_0"))], spec.Types);
    }

    [Fact]
    public void A_name_that_host_code_decides_on_stays_a_constant()
    {
        var f = Definition("M:f", null, null, ("x", Shape.From(s_b, Dim.Named("T"))));
        using var x = Tensor.Zeros([3, 4]);
        Assert.Equal([new TensorSpec(new TensorType(DType.F32, Shape.From(3, Dim.Named("T"))))], Of(f, [], ["B"], Argument.Of(x)));
    }

    [Fact]
    public void Host_values_are_what_they_are()
    {
        var model = new object();
        var specs = Of(Definition("M:f"), [], [], Argument.Of(3), Argument.Of(3L), Argument.Of(true), Argument.Of(1.5f), Argument.Of(double.NaN), Argument.Of("text"), Argument.Of(model), Argument.Of((object?)null));
        Assert.Equal([3, 3L, true, 1.5f, double.NaN, "text", model, null], specs.Select(s => ((HostSpec)s).Value));
    }

    public static TheoryData<object?, object?, bool> Values { get; } = new()
    {
        { 3, 3, true }, { 3, 4, false }, { 3, 3L, false }, { 3L, 3L, true }, { true, true, true }, { true, false, false }, { 1, true, false },
        { 0.0, -0.0, false }, { double.NaN, double.NaN, true }, { 1f, 1f, true }, { 1f, 1.0, false }, { "a", new string('a', 1), true }, { "a", "b", false },
        { null, null, true }, { null, "a", false }, { "a", null, false }, { DayOfWeek.Friday, DayOfWeek.Friday, true }, { DayOfWeek.Friday, DayOfWeek.Monday, false },
        { (1, "x"), (1, "x"), true }, { new Version(1, 2), new Version(1, 2), false },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Numbers_and_text_fit_by_value_and_objects_by_identity(object? compiledFor, object? given, bool fits)
    {
        var specialization = Compiled([new HostSpec(compiledFor)]);
        Assert.Equal(fits, specialization.Fits([Argued(given)]));
    }

    [Fact]
    public void Tensors_fit_by_dtype_and_rank()
    {
        var specialization = Compiled([new TensorSpec(Vector(3)), new TensorListSpec([Vector(1), Vector(1)])]);
        using var vector = Tensor.Zeros([7]);
        using var matrix = Tensor.Zeros([7, 1]);
        using var wide = Tensor.Zeros([7], DType.F64);
        IReadOnlyList<Tensor> two = [vector, vector];
        Assert.True(specialization.Fits([Argument.Of(vector), Argument.Of(two)]));
        Assert.False(specialization.Fits([Argument.Of(matrix), Argument.Of(two)]));
        Assert.False(specialization.Fits([Argument.Of(wide), Argument.Of(two)]));
        Assert.False(specialization.Fits([Argument.Of(vector), Argument.Of((IReadOnlyList<Tensor>)[vector])]));
        Assert.False(specialization.Fits([Argument.Of(vector), Argument.Of((IReadOnlyList<Tensor>)[vector, wide])]));
        Assert.False(specialization.Fits([Argument.Of((object?)null), Argument.Of(two)]));
    }

    [Fact]
    public void Sizes_are_read_and_must_agree()
    {
        var t = Dim.Named("T");
        var binding = new DimBinding(["T", "B"], [new TensorSpec(new TensorType(DType.F32, Shape.From(s_b, 2 * t))), new HostSpec(1), new TensorListSpec([Vector(t), Vector(s_b)]), new TensorSpec(Vector(8))]);
        Assert.Equal(2, binding.Count);
        Assert.Equal((4, 3), Bind(3, 8, 4, 3, 8));
        Assert.Null(Bind(3, 9, 4, 3, 8));
        Assert.Null(Bind(3, 8, 5, 3, 8));
        Assert.Null(Bind(3, 8, 4, 2, 8));
        Assert.Null(Bind(3, 8, 4, 3, 7));
        Assert.Equal((0, 0), Bind(0, 0, 0, 0, 8));

        (long T, long B)? Bind(params int[] sizes)
        {
            IReadOnlyList<Tensor> list = [Tensor.Zeros([sizes[2]]), Tensor.Zeros([sizes[3]])];
            var values = new long[2];
            return binding.TryBind([Argument.Of(Tensor.Zeros([sizes[0], sizes[1]])), Argument.Of(1), Argument.Of(list), Argument.Of(Tensor.Zeros([sizes[4]]))], values)
                ? (values[0], values[1]) : null;
        }
    }

    [Fact]
    public void Names_that_the_graph_does_not_need_must_agree_all_the_same()
    {
        var binding = new DimBinding([], [new TensorSpec(Vector(s_b)), new TensorSpec(Vector(s_b))]);
        using var two = Tensor.Zeros([2]);
        using var three = Tensor.Zeros([3]);
        Span<long> values = stackalloc long[binding.Count];
        Assert.True(binding.TryBind([Argument.Of(two), Argument.Of(two)], values));
        Assert.False(binding.TryBind([Argument.Of(two), Argument.Of(three)], values));
    }

    [Fact]
    public void A_name_without_a_size_is_refused()
    {
        var e = Assert.Throws<InvalidDataException>(() => new DimBinding(["B", "T"], [new TensorSpec(Vector(s_b))]));
        Assert.Contains("'T'", e.Message, StringComparison.Ordinal);
    }

    private static ImmutableArray<ArgumentSpec> Of(
        FunctionDefinition function, ImmutableArray<ArgumentSpec>[] earlier, string[] constants, params Argument[] arguments) =>
        SignatureRule.Of(function.Function, arguments, [.. earlier.Select(Compiled)], constants.ToHashSet());

    // The signature is all that matters here; no code runs.
    private static Specialization Compiled(ImmutableArray<ArgumentSpec> signature) =>
        new(signature, PrecisionPolicy.None, null, new Executable(Function(new ProgramImage("test", [], [], [Program("empty", 0, 0, [], [])], [])), signature));

    private static Argument Argued(object? value) => value switch
    {
        int v => Argument.Of(v),
        long v => Argument.Of(v),
        bool v => Argument.Of(v),
        float v => Argument.Of(v),
        double v => Argument.Of(v),
        _ => Argument.Of(value),
    };
}
