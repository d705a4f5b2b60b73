using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>How a value lies in the memory of the value that owns it, in elements.</summary>
/// <param name="Owner">The value whose buffer it is: a graph input or the result of an op that is no view.</param>
internal sealed record View(int Owner, Dim Offset, ImmutableArray<Dim> Strides)
{
    public static View Dense(int owner, Shape shape) => new(owner, Dim.Zero, DenseStrides(shape));

    public static ImmutableArray<Dim> DenseStrides(Shape shape)
    {
        var strides = new Dim[shape.Rank];
        var step = Dim.One;
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = step;
            step *= shape[axis];
        }

        return [.. strides];
    }

    /// <summary>All elements in row-major order, from the offset on.</summary>
    public bool IsDense(Shape shape)
    {
        var dense = DenseStrides(shape);
        return Strides.Select((s, a) => shape[a].Is(1) || s == dense[a]).All(b => b);
    }

    /// <summary>The layout of a view op's result, or null when only a copy has one.</summary>
    public View? Through(Node node, Shape from, Shape to) => node.Op.Code switch
    {
        OpCode.Transpose => this with { Strides = [.. node.Attributes.Ints("permutation").Select(p => Strides[p])] },
        OpCode.BroadcastTo => Broadcast(from, to),
        OpCode.Slice => Slice(node.Attributes),
        OpCode.Reshape => Reshape(from, to),
        _ => null,
    };

    private View Broadcast(Shape from, Shape to)
    {
        var lead = to.Rank - from.Rank;
        return this with
        {
            Strides = [.. Enumerable.Range(0, to.Rank).Select(a => a < lead || (from[a - lead].Is(1) && !to[a].Is(1)) ? Dim.Zero : Strides[a - lead])],
        };
    }

    private View Slice(Attributes attributes)
    {
        var starts = attributes.Dims("starts");
        var steps = attributes.Dims("steps");
        var offset = Offset;
        for (var a = 0; a < starts.Length; a++)
        {
            offset += starts[a] * Strides[a];
        }

        return new View(Owner, offset, [.. Strides.Select((s, a) => s * steps[a])]);
    }

    // Walks both shapes from the inside: a run of old axes that lies in one piece can be cut into any run of new axes of the same size.
    private View? Reshape(Shape from, Shape to)
    {
        // No element, no place: its old axes need not line up with the new ones.
        if (to.Any(d => d.Is(0)))
        {
            return this with { Strides = DenseStrides(to) };
        }

        var strides = new Dim[to.Rank];
        var (i, j) = (from.Rank - 1, to.Rank - 1);
        while (i >= 0 || j >= 0)
        {
            if (i >= 0 && from[i].Is(1))
            {
                i--;
                continue;
            }

            if (j >= 0 && to[j].Is(1))
            {
                strides[j--] = Dim.Zero;
                continue;
            }

            if (i < 0 || j < 0)
            {
                return null;
            }

            var (inner, start, size, filled) = (Strides[i], j, from[i--], to[j--]);
            while (size != filled)
            {
                if (i >= 0 && Divides(size, filled))
                {
                    // The old run must be longer: its next axis has to continue in memory where this one ends.
                    if (from[i].Is(1))
                    {
                        i--;
                        continue;
                    }

                    if (Strides[i] != inner * size)
                    {
                        return null;
                    }

                    size *= from[i--];
                }
                else if (j >= 0)
                {
                    filled *= to[j--];
                }
                else
                {
                    return null;
                }
            }

            for (var (a, step) = (start, inner); a > j; a--)
            {
                strides[a] = step;
                step *= to[a];
            }
        }

        return this with { Strides = [.. strides] };
    }

    private static bool Divides(Dim part, Dim whole) => whole.TryDivide(part) is not null;
}
