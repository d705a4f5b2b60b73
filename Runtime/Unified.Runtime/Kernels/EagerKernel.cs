using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>
/// Computes an op on CPU tensors. Null when the operands break the op's rule or have a dtype the kernel does not serve: the
/// rule is then asked for the error. The attributes are complete. The result is a new handle.
/// </summary>
internal delegate Tensor? EagerKernel(ReadOnlySpan<Tensor> operands, Attributes attributes);

internal sealed record KernelRow(OpCode Code, EagerKernel Run);

/// <summary>The kernel of each op that has one; the rows stand in the file of their family.</summary>
internal static class KernelTable
{
    private static readonly EagerKernel?[] ByCode = Index(
    [
        .. UnaryKernels.Rows,
        .. BinaryKernels.Rows,
        .. ComparisonKernels.Rows,
        .. SelectKernel.Rows,
        .. CastKernels.Rows,
        .. ReductionKernels.Rows,
        .. ArgMaxKernel.Rows,
        .. ViewKernels.Rows,
        .. DataMovementKernels.Rows,
        .. IndexKernels.Rows,
        .. CreationKernels.Rows,
        .. MatMulKernels.Rows,
        .. SoftmaxKernels.Rows,
        .. NormKernels.Rows,
        .. DenseKernels.Rows,
    ]);

    public static EagerKernel? Find(OpCode code) => ByCode[(int)code];

    private static EagerKernel?[] Index(ImmutableArray<KernelRow> rows)
    {
        var table = new EagerKernel?[Enum.GetValues<OpCode>().Length];
        foreach (var row in rows)
        {
            table[(int)row.Code] = row.Run;
        }

        return table;
    }
}
