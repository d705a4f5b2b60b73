using System.Diagnostics;
using System.Reflection;
using Unified.Ir;

namespace Unified.Tests;

public class TensorTests
{
    [Fact]
    public void Values_go_in_and_out_in_every_element_type()
    {
        RoundTrip([true, false], DType.Bool);
        RoundTrip<byte>([1, 255], DType.U8);
        RoundTrip<sbyte>([-1, 127], DType.I8);
        RoundTrip<short>([-1, 30000], DType.I16);
        RoundTrip([-1, int.MaxValue], DType.I32);
        RoundTrip([-1, long.MaxValue], DType.I64);
        RoundTrip([(Half)1.5, (Half)(-2)], DType.F16);
        RoundTrip([(BFloat16)1.5f, (BFloat16)(-2f)], DType.BF16);
        RoundTrip([1.5f, float.NaN], DType.F32);
        RoundTrip([1.5, -2], DType.F64);
        Assert.Throws<ArgumentException>(() => Tensor.From<uint>([1]));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros([2]).ToArray<double>());
        Assert.Throws<ShapeException>(() => Tensor.From<float>([1, 2, 3], 2, 2));
        Assert.Throws<ShapeException>(() => Tensor.Zeros([-1]));

        static void RoundTrip<T>(T[] values, DType dtype)
            where T : unmanaged
        {
            var x = Tensor.From<T>(values);
            Assert.Equal(dtype, x.DType);
            Assert.Equal(values, x.ToArray<T>());
            Assert.Equal(values, x.AsSpan<T>().ToArray());
            Assert.Equal(values[1], x[1].Item<T>());
            Assert.Equal(values[0], Tensor.Scalar(values[0]).Item<T>());
        }
    }

    [Fact]
    public void Types_are_constant_dims()
    {
        var x = Tensor.Zeros([2, 3], DType.BF16);
        Assert.Equal(new TensorType(DType.BF16, Shape.Of(2, 3)), x.Type);
        Assert.Equal(2, x.Rank);
        Assert.Equal(3, x.Shape[^1]);
        Assert.Equal("[2,3]", x.Shape.ToString());
        Assert.True(x.Shape == new TensorShape(2, 3));
        int[] dims = x.Shape;
        Assert.Equal([2, 3], dims);
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Shape[2]);
    }

    [Fact]
    public void Spans_of_views_show_their_elements()
    {
        var x = Tensor.From<int>([1, 2, 3, 4, 5, 6], 2, 3);
        var turned = x.Transpose(1, 0);
        var span = turned.AsReadOnlyTensorSpan<int>();
        Assert.Equal(4, span[0, 1]);
        Assert.Equal(3, span[2, 0]);
        Assert.Equal(3, x[1..].BroadcastTo(4, 3).AsReadOnlyTensorSpan<int>().Lengths[1]);
        Assert.Equal(5, x[1..].BroadcastTo(4, 3).AsReadOnlyTensorSpan<int>()[3, 1]);
        Assert.Equal(1, Tensor.Scalar(1).AsReadOnlyTensorSpan<int>().FlattenedLength);
        Assert.Equal(0, Tensor.Zeros([0, 2]).AsReadOnlyTensorSpan<float>().FlattenedLength);
        x.AsTensorSpan<int>()[1, 1] = 50;
        Assert.Equal(50, x[1, 1].Item<int>());
        Assert.Throws<InvalidOperationException>(() => turned.AsSpan<int>());
        Assert.Equal([1, 4, 2, 50, 3, 6], turned.Contiguous().AsSpan<int>().ToArray());
        GC.KeepAlive(turned);
    }

    [Fact]
    public void Assignment_overwrites_and_leaves_views_as_they_were()
    {
        var x = Tensor.From<float>([1, 2, 3]);
        var storage = x.Storage;
        x.Assign(Tensor.From<float>([4, 5, 6]));
        Assert.Same(storage, x.Storage);
        var view = x[1..];
        x.Assign(x * 10);
        Assert.Equal([40, 50, 60], x.ToArray<float>());
        Assert.Equal([5, 6], view.ToArray<float>());
        view.CopyFrom<float>([7, 8]);
        Assert.Equal([40, 50, 60], x.ToArray<float>());
        x.Assign(x.Reshape(3, 1).Transpose(1, 0).Reshape(3));
        Assert.Equal([40, 50, 60], x.ToArray<float>());
        Assert.Equal("assign: the tensor is f32[3], the value is f32[2]; cast or reshape the value", Assert.Throws<ShapeException>(() => x.Assign(view)).Message);
    }

    [Fact]
    public void Memory_of_others_is_wrapped_in_place()
    {
        var values = GC.AllocateArray<float>(4, pinned: true);
        unsafe
        {
            fixed (float* data = values)
            {
                var x = new Tensor(DType.F32, [2, 2], (byte*)data, values);
                values[3] = 9;
                Assert.Equal(9, x[1, 1].Item<float>());
                x.Dispose();
            }
        }
    }

    [Fact]
    public void BFloat16_rounds_to_nearest_even()
    {
        Assert.Equal(0x3F80, ((BFloat16)1f).Bits);
        Assert.Equal(0x3F80, ((BFloat16)BitConverter.UInt32BitsToSingle(0x3F808000)).Bits);
        Assert.Equal(0x3F82, ((BFloat16)BitConverter.UInt32BitsToSingle(0x3F818000)).Bits);
        Assert.Equal(0x3F81, ((BFloat16)BitConverter.UInt32BitsToSingle(0x3F808001)).Bits);
        Assert.True(float.IsNaN((BFloat16)float.NaN));
        Assert.Equal(float.PositiveInfinity, (BFloat16)float.MaxValue);
        Assert.Equal(0x3F81, ((BFloat16)(1.00390625 + 1e-12)).Bits);
        Assert.Equal(0x3F80, ((BFloat16)1.00390625).Bits);
    }

    [Fact]
    public void A_debugger_sees_type_shape_and_values()
    {
        var x = Tensor.From<float>([1, 2.5f, -3, 4, 5, 6], 2, 3);
        Assert.Equal("f32[2,3] {1, 2.5, -3, 4, 5, 6}", Displayed(x));
        Assert.Equal("i64[20] {0, 1, 2, 3, 4, 5, 6, 7, …}", Displayed(Tensor.Arange(20)));
        Assert.Equal("bool[] {true}", Displayed(Tensor.Scalar(true)));
        var view = new TensorDebugView(x.Transpose(1, 0));
        Assert.Equal("[3,2]", view.Shape);
        Assert.Equal("[[  1   4]\n [2.5   5]\n [ -3   6]]", view.Values);
        Assert.Equal("f32[2] {2.5, 5}", view.Rows[1]);
        x.Dispose();
        Assert.Equal("f32[2,3] (disposed)", Displayed(x));

        static string Displayed(Tensor tensor)
        {
            var format = typeof(Tensor).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value;
            var property = typeof(Tensor).GetProperty(format.Trim('{', '}').Replace(",nq", ""), BindingFlags.NonPublic | BindingFlags.Instance)!;
            return (string)property.GetValue(tensor)!;
        }
    }

    [Fact]
    public void Text_is_like_NumPys()
    {
        Assert.Equal("[[1 2]\n [3 4]]", Tensor.From<int>([1, 2, 3, 4], 2, 2).ToString());
        Assert.Equal("[[[1 2]]\n\n [[3 4]]]", Tensor.From<int>([1, 2, 3, 4], 2, 1, 2).ToString());
        Assert.Equal("[   0    1    2 … 1998 1999 2000]", Tensor.Arange(2001).ToString());
        Assert.Equal("1.5", Tensor.Scalar(1.5).ToString());
        Assert.Equal("[]", Tensor.Zeros([0]).ToString());
        Assert.Contains("\n", Tensor.Arange(100).ToString());
        Assert.All(Tensor.Arange(100).ToString().Split('\n'), l => Assert.InRange(l.Length, 1, 120));
    }
}
