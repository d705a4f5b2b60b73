using Unified.Ir;

namespace Unified.Graphs;

/// <summary>Runs a method with <c>[Eager]</c> on copies of a graph's tensors, and copies what it returns into the graph's memory.</summary>
/// <param name="after">Told the method's name once it has returned.</param>
internal sealed unsafe class HostCallKernel(HostCall call, Action<string> after)
{
    /// <param name="arrays">The order of calls, the arguments, the order again, the result.</param>
    public void Run(ReadOnlySpan<DenseArray> arrays, Attributes attributes)
    {
        var arguments = call.Arguments.ToArray();
        var copies = new List<(Tensor Tensor, TensorStorage Storage, long Writes)>();
        for (var i = 0; i < call.Given.Length; i++)
        {
            var copy = Copy(arrays[i + 1]);
            if (call.Given[i].IsTensor)
            {
                arguments[call.Given[i].Position] = copy;
                copies.Add((copy, copy.Storage, copy.Storage.Writes));
            }
            else
            {
                arguments[call.Given[i].Position] = NumberOf(copy);
            }
        }

        var result = call.Function.Invoke(call.Thunk, call.Self, arguments);
        if (copies.Exists(c => !c.Tensor.IsDisposed && (!ReferenceEquals(c.Tensor.Storage, c.Storage) || c.Storage.Writes != c.Writes)))
        {
            throw new InvalidOperationException($"'{call.Name}' is [Eager] and has written to a tensor that it was given: in a graph that is a copy; write to a copy of its own, such as x * 1f, and return it");
        }

        after(call.Name);
        *(int*)arrays[^2].Data = 0;
        var room = arrays[^1];
        switch (result)
        {
            case null:
                break;
            case Tensor tensor:
                Give(tensor, room);
                break;
            default:
                using (var number = TensorOf(result))
                {
                    Give(number, room);
                }

                break;
        }
    }

    private void Give(Tensor tensor, DenseArray room)
    {
        if (tensor.DType != room.DType || !tensor.Dims.Select(d => (long)d).SequenceEqual(room.Sizes))
        {
            throw new InvalidOperationException(
                $"'{call.Name}' is [Eager] and has returned {tensor.Type}, where it states {new TensorType(room.DType, new Shape([.. room.Sizes.Select(Dim.Constant)]))}; state what it returns by [return: Shape(…)] and [Eager(DType.…)]");
        }

        var dense = tensor.IsDense ? tensor : tensor.Contiguous();
        var bytes = dense.Size * dense.DType.Bytes();
        Buffer.MemoryCopy(dense.Data, room.Data, bytes, bytes);
    }

    private static Tensor Copy(DenseArray array)
    {
        var tensor = new Tensor(array.DType, [.. array.Sizes.Select(s => checked((int)s))]);
        var bytes = tensor.Size * tensor.DType.Bytes();
        Buffer.MemoryCopy(array.Data, tensor.WritableData(), bytes, bytes);
        return tensor;
    }

    private static object NumberOf(Tensor scalar)
    {
        using (scalar)
        {
            return scalar.DType switch
            {
                DType.I32 => scalar.Item<int>(),
                DType.I64 => scalar.Item<long>(),
                DType.F64 => scalar.Item<double>(),
                DType.Bool => scalar.Item<bool>(),
                _ => scalar.Item<float>(),
            };
        }
    }

    private static Tensor TensorOf(object number) => number switch
    {
        int i => Tensor.Scalar(i),
        long l => Tensor.Scalar(l),
        double d => Tensor.Scalar(d),
        bool b => Tensor.Scalar(b),
        float f => Tensor.Scalar(f),
        _ => throw new InvalidOperationException($"an [Eager] method has returned a {number.GetType()}, which a graph has no room for"),
    };
}
