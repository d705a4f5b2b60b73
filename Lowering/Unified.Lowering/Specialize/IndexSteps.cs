using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Indexers of tensors, read and written.</summary>
internal static class IndexSteps
{
    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<IndexInstruction>((f, i) => f[i.Result] = Read(f, i)),
        Step.Of<IndexUpdateInstruction>((f, i) => f[i.Result] = Update(f, i)),
    ];

    /// <summary>A slice of each axis, then the axes indexed by one int dropped, then rows gathered.</summary>
    private static TensorValue Read(Frame frame, IndexInstruction step)
    {
        var x = frame.Tensor(frame[step.Tensor]);
        var parts = IndexParts.Of(frame, step.Items, x.Shape);
        if (parts.Any(p => p.Mask is not null))
        {
            throw frame.Fail("a mask takes a number of elements that only the running graph knows; multiply by the mask, or use Select(mask, x, y)", eager: true);
        }

        var result = x;
        if (parts.Zip(x.Shape).Any(p => p.First.At is null && (!p.First.Start.Is(0) || p.First.Size != p.Second)))
        {
            result = frame.Builder.Slice(result, parts.Zip(x.Shape, (p, _) => p.At is null ? p.Start : 0), parts.Zip(x.Shape, (p, size) => p.At is null ? p.Size : size));
        }

        // From the back, so that the axes before keep their numbers.
        for (var axis = parts.Length - 1; axis >= 0; axis--)
        {
            if (parts[axis] is { At: { } at, IsDropped: var isDropped, Size: var size })
            {
                var indices = isDropped ? at : at + frame.Builder.Iota(new Shape([size]), 0, at.DType);
                result = frame.Builder.Apply(OpCode.Gather, Attributes.Empty.With("axis", axis), result, indices);
            }
        }

        var kept = new List<Dim>(result.Shape);
        var axes = new List<(int Axis, OpValue Indices)>();
        var at0 = 0;
        foreach (var part in parts)
        {
            if (part.IsDropped)
            {
                // The gather above has dropped those that only the graph knows.
                if (part.At is null)
                {
                    kept.RemoveAt(at0);
                }

                continue;
            }

            if (part.Indices is { } picks)
            {
                axes.Add((at0, picks));
            }

            at0++;
        }

        result = frame.Builder.Reshape(result, new Shape([.. kept]));
        foreach (var (axis, indices) in Enumerable.Reverse(axes))
        {
            result = frame.Builder.Apply(OpCode.Gather, Attributes.Empty.With("axis", axis), result, indices);
        }

        return frame.New(result);
    }

    private static TensorValue Update(Frame frame, IndexUpdateInstruction step)
    {
        var x = frame.Tensor(frame[step.Tensor]);
        return frame.New(ElementUpdate.Apply(frame.Builder, x, IndexParts.Of(frame, step.Items, x.Shape), Number(frame, frame[step.Value], x.DType)));
    }

    /// <summary>A tensor, or a number of the host as one.</summary>
    private static OpValue Number(Frame frame, Value value, DType dtype) => value switch
    {
        ScalarValue scalar => frame.Region.Import(scalar.Tensor),
        SizeValue size => frame.Builder.DimSize(size.Dim, dtype),
        HostValue host when host.Object is not bool && HostNumbers.TryNumber(host.Object, out var number) => frame.Builder.Scalar(dtype, number),
        _ => frame.Tensor(value),
    };
}
