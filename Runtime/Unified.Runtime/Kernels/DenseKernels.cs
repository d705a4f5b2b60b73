using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>Memory that holds a tensor in row-major order.</summary>
/// <param name="Sizes">Of its axes.</param>
internal readonly unsafe struct DenseArray(byte* data, long[] sizes, DType dtype)
{
    public byte* Data => data;

    public long[] Sizes => sizes;

    public DType DType => dtype;
}

/// <summary>Computes an op with <see cref="OpTraits.Managed"/> in both modes. The types are those of the op's rule, the attributes complete.</summary>
/// <param name="arrays">The operands, then the result. No two share memory, but for a result that may lie where the first operand does (<see cref="OpTraits.Overwrites"/>).</param>
internal delegate void DenseKernel(ReadOnlySpan<DenseArray> arrays, Attributes attributes);

internal sealed record DenseKernelRow(OpCode Code, DenseKernel Run);

/// <summary>The managed code of ops that graphs do not compile; the rows stand in the file of their family.</summary>
internal static unsafe class DenseKernels
{
    private static readonly ImmutableArray<DenseKernelRow> All = [.. SortKernels.Rows, .. ScanKernels.Rows, .. SearchKernel.Rows, .. MatrixKernels.Rows, .. IndexUpdateKernels.Rows];

    private static readonly ImmutableDictionary<OpCode, DenseKernel> ByCode = All.ToImmutableDictionary(r => r.Code, r => r.Run);

    /// <summary>The same as eager kernels.</summary>
    public static ImmutableArray<KernelRow> Rows { get; } = [.. All.Select(r => new KernelRow(r.Code, (operands, attributes) => Run(r, operands, attributes)))];

    public static DenseKernel? Find(OpCode code) => ByCode.GetValueOrDefault(code);

    private static Tensor? Run(DenseKernelRow row, ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var types = ImmutableArray.CreateBuilder<TensorType>(operands.Length);
        foreach (var operand in operands)
        {
            types.Add(operand.Type);
        }

        TensorType type;
        try
        {
            type = OpTable.Get(row.Code).InferTypes(types.MoveToImmutable(), ref attributes)[0];
        }
        catch (ShapeException)
        {
            // The rule is asked again, where the message is wanted.
            return null;
        }

        var result = new Tensor(type.DType, [.. type.Shape.Select(d => checked((int)d.Value))]);
        var arrays = new DenseArray[operands.Length + 1];
        var copies = new List<Tensor>();
        for (var i = 0; i < operands.Length; i++)
        {
            var dense = Strided.Dense(operands[i], out var isCopy);
            arrays[i] = ArrayOf(dense);
            if (isCopy)
            {
                copies.Add(dense);
            }
        }

        arrays[^1] = ArrayOf(result);
        row.Run(arrays, attributes);
        copies.ForEach(c => c.Dispose());
        return result;
    }

    private static DenseArray ArrayOf(Tensor tensor) => new(tensor.Data, [.. tensor.Dims.Select(d => (long)d)], tensor.DType);
}

/// <summary>One use of managed code in a graph, for one set of sizes.</summary>
internal sealed unsafe class DenseCall(DenseKernel kernel, DType[] dtypes, long[][] sizes, Attributes attributes)
{
    private readonly DenseArray[] _arrays = new DenseArray[dtypes.Length];

    /// <param name="slots">The address of each array.</param>
    public void Run(byte** slots)
    {
        for (var i = 0; i < _arrays.Length; i++)
        {
            _arrays[i] = new DenseArray(slots[i], sizes[i], dtypes[i]);
        }

        kernel(_arrays, attributes);
    }
}
