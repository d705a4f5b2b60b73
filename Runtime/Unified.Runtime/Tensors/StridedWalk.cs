using Unified.Ir;

namespace Unified;

/// <summary>
/// Visits the elements of up to three operands under one shape, run by run. Axes that are neighbours in every operand are
/// merged first, so that a run is as long as it can be.
/// </summary>
internal unsafe struct StridedWalk
{
    public const int MaxRank = 16;
    public const int MaxOperands = 3;

    private fixed int _dims[MaxRank];
    private fixed int _index[MaxRank];
    private fixed long _strides[MaxRank * MaxOperands];
    private fixed long _offsets[MaxOperands];
    private readonly int _operands;
    private int _outer;

    /// <param name="dims">No dim is zero.</param>
    /// <param name="strides">Operand by operand, <paramref name="dims"/>.Length each, in elements.</param>
    public StridedWalk(ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, int operands)
    {
        _operands = operands;
        for (var axis = 0; axis < dims.Length; axis++)
        {
            if (dims[axis] == 1)
            {
                continue;
            }

            if (Rank > 0 && Merges(dims, strides, axis))
            {
                _dims[Rank - 1] *= dims[axis];
            }
            else
            {
                if (Rank == MaxRank)
                {
                    throw new ShapeException($"a view of shape {new TensorShape(dims)} has more than {MaxRank} axes that cannot be merged");
                }

                _dims[Rank++] = dims[axis];
            }

            for (var operand = 0; operand < operands; operand++)
            {
                _strides[(operand * MaxRank) + Rank - 1] = strides[(operand * dims.Length) + axis];
            }
        }

        if (Rank == 0)
        {
            Rank = 1;
            _dims[0] = 1;
            for (var operand = 0; operand < operands; operand++)
            {
                _strides[operand * MaxRank] = 1;
            }
        }

        _outer = Rank - 1;
    }

    /// <summary>The number of merged axes, at least 1.</summary>
    public int Rank { get; private set; }

    /// <summary>The length of a run.</summary>
    public readonly int Inner => _dims[Rank - 1];

    public readonly int Dim(int axis) => _dims[axis];

    public readonly long Stride(int operand, int axis) => _strides[(operand * MaxRank) + axis];

    public readonly long InnerStride(int operand) => Stride(operand, Rank - 1);

    /// <summary>Where the present run begins in an operand, in elements.</summary>
    public readonly long OffsetOf(int operand) => _offsets[operand];

    /// <summary>The caller walks the innermost <paramref name="axes"/> axes itself.</summary>
    public void LeaveOutInner(int axes) => _outer = Rank - axes;

    /// <summary>How many runs there are.</summary>
    public readonly long Runs
    {
        get
        {
            var runs = 1L;
            for (var axis = 0; axis < _outer; axis++)
            {
                runs *= _dims[axis];
            }

            return runs;
        }
    }

    /// <summary>Goes to a run by its number, counted from 0.</summary>
    public void Seek(long run)
    {
        for (var operand = 0; operand < _operands; operand++)
        {
            _offsets[operand] = 0;
        }

        for (var axis = _outer - 1; axis >= 0; axis--)
        {
            _index[axis] = (int)(run % _dims[axis]);
            run /= _dims[axis];
            for (var operand = 0; operand < _operands; operand++)
            {
                _offsets[operand] += _strides[(operand * MaxRank) + axis] * _index[axis];
            }
        }
    }

    /// <summary>Goes to the next run; false after the last.</summary>
    public bool Next()
    {
        for (var axis = _outer - 1; axis >= 0; axis--)
        {
            var wraps = ++_index[axis] == _dims[axis];
            for (var operand = 0; operand < _operands; operand++)
            {
                var stride = _strides[(operand * MaxRank) + axis];
                _offsets[operand] += wraps ? -stride * (_dims[axis] - 1) : stride;
            }

            if (!wraps)
            {
                return true;
            }

            _index[axis] = 0;
        }

        return false;
    }

    // A merged dim must stay an int: runs are spans.
    private readonly bool Merges(ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, int axis)
    {
        if ((long)_dims[Rank - 1] * dims[axis] > int.MaxValue)
        {
            return false;
        }

        for (var operand = 0; operand < _operands; operand++)
        {
            if (_strides[(operand * MaxRank) + Rank - 1] != strides[(operand * dims.Length) + axis] * dims[axis])
            {
                return false;
            }
        }

        return true;
    }
}
