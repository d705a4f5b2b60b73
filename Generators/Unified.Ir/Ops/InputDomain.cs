namespace Unified.Ir;

/// <summary>What the tests draw an operand from, besides the range of its elements.</summary>
public enum InputDomain
{
    Any,

    /// <summary>Matrices whose diagonal outweighs the rest: positive definite, and far from singular.</summary>
    DominantDiagonal,

    /// <summary>Rows, along the last axis, in rising order.</summary>
    Sorted,

    /// <summary>Whole numbers from 1 on.</summary>
    Count,
}

/// <summary>Brings drawn values into the domain of an operand.</summary>
public static class InputDomains
{
    /// <param name="op">Whose call it is.</param>
    /// <param name="operand">Which operand.</param>
    /// <param name="shape">Of constants.</param>
    /// <param name="data">The elements, row by row; changed in place.</param>
    public static void Confine(Op op, int operand, Shape shape, Span<double> data)
    {
        switch (op.Operands[Math.Min(operand, op.Operands.Length - 1)].Domain)
        {
            case InputDomain.DominantDiagonal:
                RaiseDiagonal(op, shape, data);
                break;
            case InputDomain.Sorted:
                Sort(shape, data);
                break;
            case InputDomain.Count:
                for (var i = 0; i < data.Length; i++)
                {
                    data[i]++;
                }

                break;
        }
    }

    private static void Sort(Shape shape, Span<double> data)
    {
        var size = (int)shape[shape.Rank - 1].Value;
        for (var start = 0; start < data.Length; start += size)
        {
            var row = data.Slice(start, size).ToArray();
            Array.Sort(row);
            row.CopyTo(data.Slice(start, size));
        }
    }

    private static void RaiseDiagonal(Op op, Shape shape, Span<double> data)
    {
        var (rows, columns) = ((int)shape[shape.Rank - 2].Value, (int)shape[shape.Rank - 1].Value);
        var bound = Math.Max(Math.Abs(op.Domain.Low), Math.Abs(op.Domain.High));
        for (var start = 0; start < data.Length; start += rows * columns)
        {
            for (var i = 0; i < Math.Min(rows, columns); i++)
            {
                // The places differ, so that no two eigenvalues are close.
                data[start + (i * columns) + i] += bound * (rows + (i * 0.5));
            }
        }
    }
}
