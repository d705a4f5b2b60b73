using Unified.Ir;
using static Unified.Ops;

namespace Unified.Conformance.Tests;

/// <summary>The rules of dtypes that docs/operators.md states.</summary>
public sealed class PromotionTests
{
    public static TheoryData<DType, DType> Pairs
    {
        get
        {
            var pairs = new TheoryData<DType, DType>();
            foreach (var x in DTypes.All)
            {
                foreach (var y in DTypes.All)
                {
                    pairs.Add(x, y);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Two_tensors_must_have_one_dtype(DType x, DType y)
    {
        if (x == y)
        {
            Assert.Equal(DType.Bool, Equal(Tensor.Zeros([2], x), Tensor.Zeros([2], y)).DType);
            return;
        }

        var message = Assert.Throws<ShapeException>(() => Equal(Tensor.Zeros([2], x), Tensor.Zeros([2], y))).Message;
        Assert.Contains($"dtypes {x.Text()} and {y.Text()} differ; cast one of them", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_takes_the_dtype_of_the_tensor() =>
        Assert.All(DTypes.All.Where(d => d.IsNumeric()), d => Assert.Equal(d, Add(Tensor.Zeros([2], d), 1).DType));

    [Fact]
    public void A_cast_reaches_every_dtype() =>
        Assert.All(DTypes.All, x => Assert.All(DTypes.All, y => Assert.Equal(y, Cast(Tensor.Zeros([2], x), y).DType)));

    [Fact]
    public void Functions_of_real_numbers_want_floats() =>
        Assert.Contains("a floating-point dtype", Assert.Throws<ShapeException>(() => Exp(Tensor.Zeros([2], DType.I32))).Message, StringComparison.Ordinal);
}
