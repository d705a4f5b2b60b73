using Unified.Ir;

namespace Unified.Conformance.Tests;

/// <summary>Matrix products of halves and whole numbers compile, and give what eager code gives.</summary>
[Collection("one call at a time")]
public sealed class NarrowProductTests
{
    public static TheoryData<string> Ops => ["mat_mul", "linear", "einsum", "convolution", "attention"];

    [Theory]
    [MemberData(nameof(Ops))]
    public void A_product_of_any_dtype_is_a_graph(string name)
    {
        var dtypes = new HashSet<DType>();
        foreach (var call in Case.Of(OpTable.Find(name)!, isLong: false).Where(c => c.Sizes == "usual" && c.Values == Values.Normal && c.Layout == Layout.Dense))
        {
            var values = call.Draw();
            var (eager, graph) = (Modes.Eager(call, values), Modes.Graph(call, values));
            Assert.True(graph is not null, $"{call} runs eagerly");
            var bound = call.DType switch { DType.F64 => 1e-12, DType.F32 => 1e-5, DType.F16 or DType.BF16 => call.Op.Tolerance.Half, _ => 0 };
            Assert.Equal(eager.Length, graph.Length);
            for (var i = 0; i < eager.Length; i++)
            {
                Assert.True(Math.Abs(eager[i] - graph[i]) <= bound * (1 + Math.Abs(eager[i])), $"{call}: element {i} is {eager[i]:R} eagerly, {graph[i]:R} in a graph");
            }

            dtypes.Add(call.DType);
        }

        Assert.Superset(new HashSet<DType> { DType.F16, DType.BF16, DType.F32 }, dtypes);
        Assert.True(name != "mat_mul" || dtypes.IsSupersetOf([DType.I32, DType.I64, DType.U8]), string.Join(" ", dtypes));
    }
}
