using Unified.Ir;

namespace Unified.Lowering.Tests.X64;

/// <summary>Runs a theory once per dtype.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EveryTypeAttribute : Xunit.v3.DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(System.Reflection.MethodInfo testMethod, Xunit.Sdk.DisposalTracker disposalTracker) =>
        new([.. DTypes.All.Select(t => new TheoryDataRow<DType>(t))]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
