using Unified.Graphs;
using Unified.Ir;
using Unified.Lowering;
using Unified.Lowering.Artifacts;
using Unified.Lowering.Targets;
using Unified.Native;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Graphs that were compiled ahead of time serve calls under the policy that they were compiled for, and no others.</summary>
[Collection("graphs")]
public class ShippedPrecisionTests
{
    private static readonly PrecisionPolicy s_low = new(DType.BF16, PrecisionLevel.O1);

    [Fact]
    public void A_shipped_graph_binds_under_its_own_policy_only()
    {
        var (x, y) = (new Generator(1).Normal([3, 4]), new Generator(2).Normal([4, 4]));
        var wide = Ops.Cast(x, DType.F64);
        var compiler = new AheadOfTimeCompiler([CodeTarget.Of("host")]);
        var (said, log) = (new List<string>(), GraphRuntime.Log);
        try
        {
            GraphRuntime.UseCompiler(compiler);
            var model = new PrecisionProbe();
            new GraphSet().Add(() => model.Run(x, y, wide), s_low);
            Assert.Equal(s_low, Assert.Single(compiler.Functions).Function.Precision);

            GraphRuntime.UseCompiler(null);
            GraphRuntime.Log = said.Add;
            ShippedGraphs.Use(ShippedGraphs.Open(ArtifactCodec.Encode(AheadOfTimeCompiler.Pack("test", [HostCpu.Target.ToString()], compiler.Functions)), HostCpu.Target));
            var other = new PrecisionProbe();
            var before = GraphRuntime.Statistics;
            using (Execution.Use(ExecutionMode.Graph))
            {
                using (MixedPrecision.Use(DType.BF16))
                {
                    Assert.Equal(DType.BF16, other.Run(x, y, wide).Product.DType);
                    Assert.Equal((before.Shipped + 1, before.Calls + 1), (GraphRuntime.Statistics.Shipped, GraphRuntime.Statistics.Calls));
                    Assert.Empty(said);
                }

                Assert.Equal(DType.F32, new PrecisionProbe().Run(x, y, wide).Product.DType);
                using (MixedPrecision.Use(DType.BF16, PrecisionLevel.O2))
                {
                    Assert.Equal(DType.BF16, new PrecisionProbe().Run(x, y, wide).Sum.DType);
                }
            }

            Assert.Equal(before.Calls + 1, GraphRuntime.Statistics.Calls);
            Assert.Equal(2, said.Count);
            Assert.Contains("bf16 O1, and the call is under none", new PrecisionSaid(said).Of("none"), StringComparison.Ordinal);
            Assert.Contains("bf16 O1, and the call is under bf16 O2", new PrecisionSaid(said).Of("bf16 O2"), StringComparison.Ordinal);
        }
        finally
        {
            GraphRuntime.Log = log;
            ShippedGraphs.Use((ShippedGraphs?)null);
            GraphRuntime.UseCompiler(new GraphCompiler());
        }
    }

    private sealed record PrecisionSaid(List<string> Lines)
    {
        public string Of(string policy) => Lines.Find(l => l.Contains($"under {policy})", StringComparison.Ordinal)) ?? string.Join("\n", Lines);
    }
}
