using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>One matrix of each operand at a time, in double precision and row by row: copied in, and the result rounded once on its way out.</summary>
[StackTraceHidden]
internal sealed class MatrixBatch
{
    private readonly OpCode _code;
    private readonly DenseArray[] _arrays;
    private readonly double[][] _matrices;
    private readonly long[] _batch;
    private long _index;

    /// <param name="code">Whose work it is.</param>
    /// <param name="arrays">Operands, then the result; the last two axes of an operand are a matrix, those before broadcast.</param>
    /// <param name="attributes">Of the op.</param>
    public MatrixBatch(OpCode code, ReadOnlySpan<DenseArray> arrays, Attributes attributes)
    {
        (_code, _arrays, Attributes) = (code, arrays.ToArray(), attributes);
        var operands = _arrays.AsSpan(..^1);
        var rank = 2;
        foreach (var operand in operands)
        {
            rank = Math.Max(rank, operand.Sizes.Length);
        }

        _batch = new long[rank - 2];
        Array.Fill(_batch, 1);
        _matrices = new double[_arrays.Length][];
        foreach (var operand in operands)
        {
            var sizes = operand.Sizes.AsSpan(..^2);
            for (var axis = 0; axis < sizes.Length; axis++)
            {
                ref var size = ref _batch[_batch.Length - sizes.Length + axis];
                size = size == 1 ? sizes[axis] : size;
            }
        }

        Count = DenseElements.Count(_batch);
        for (var i = 0; i < operands.Length; i++)
        {
            _matrices[i] = new double[checked((int)(operands[i].Sizes[^1] * operands[i].Sizes[^2]))];
        }

        _matrices[^1] = new double[Count == 0 ? 0 : checked((int)(DenseElements.Count(_arrays[^1].Sizes) / Count))];
    }

    public Attributes Attributes { get; }

    public long Count { get; }

    /// <summary>Rows of the first operand.</summary>
    public int Rows => (int)_arrays[0].Sizes[^2];

    /// <summary>Columns of the first operand.</summary>
    public int Columns => (int)_arrays[0].Sizes[^1];

    /// <summary>Columns of the second operand.</summary>
    public int RightColumns => (int)_arrays[1].Sizes[^1];

    public double[] X => _matrices[0];

    public double[] Right => _matrices[1];

    public double[] Result => _matrices[^1];

    public void Load(long index)
    {
        _index = index;
        for (var i = 0; i < _arrays.Length - 1; i++)
        {
            var (sizes, matrix) = (_arrays[i].Sizes, _matrices[i]);
            var (place, stride, rest) = (0L, 1L, index);
            for (var axis = 1; axis <= _batch.Length; axis++)
            {
                var at = rest % _batch[^axis];
                rest /= _batch[^axis];
                if (axis + 2 <= sizes.Length)
                {
                    place += (sizes[^(axis + 2)] == 1 ? 0 : at) * stride;
                    stride *= sizes[^(axis + 2)];
                }
            }

            DenseElements.Read(_arrays[i], place * matrix.Length, matrix);
        }
    }

    public void Store(long index) => DenseElements.Write(_arrays[^1], index * Result.Length, Result);

    /// <summary>The matrix read down its columns: element (i, j) at j·rows + i.</summary>
    public double[] Turned(double[] matrix, int rows, int columns)
    {
        var result = new double[matrix.Length];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                result[(j * rows) + i] = matrix[(i * columns) + j];
            }
        }

        return result;
    }

    public LinearAlgebraException Error(string why)
    {
        var op = OpTable.Get(_code);
        var operands = op.OperandNames(_arrays.Length - 1).Zip(_arrays, (n, a) => $"{n}: {a.DType.Text()}[{string.Join(",", a.Sizes)}]");
        var place = Count == 1 ? "the matrix" : $"matrix {_index} of the batch";
        return new LinearAlgebraException($"{op.Name}({string.Join(", ", operands)}): {place} {why}");
    }

    /// <summary>Throws where the first operand has a NaN or an infinity: what iterates over it would not end.</summary>
    public void RequireFinite()
    {
        if (Array.FindIndex(X, x => !double.IsFinite(x)) is >= 0 and var at)
        {
            throw Error($"has {X[at]} in row {at / Columns}, column {at % Columns}; its factors are not defined");
        }
    }
}
