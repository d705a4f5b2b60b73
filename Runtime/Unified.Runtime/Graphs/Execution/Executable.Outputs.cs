using Unified.Ir;

namespace Unified.Graphs;

/// <summary>Where a call writes, and what becomes of that.</summary>
internal sealed unsafe partial class Executable
{
    private void BindOutputs(LaunchList list, SizedProgram sized, ReadOnlySpan<long> values)
    {
        for (var i = 0; i < _outputs.Length; i++)
        {
            if (_donated[i] >= 0 && IsOnlyUse(list, _donated[i]))
            {
                _outputs[i] = null;
                list.SetBase(list.FirstOutput + i, list.Base(list.FirstInput + _donated[i]));
                continue;
            }

            var type = sized.Program.Outputs[i];
            var output = _spares[i] ?? new Tensor(type.DType, Dims(type, values));
            if (_compiled.Outputs[i] is AssignBinding && type.Shape.IsConstant)
            {
                TensorScope.Forget(output);
                _spares[i] = output;
            }

            _outputs[i] = output;
            list.SetBase(list.FirstOutput + i, output.Data);
        }
    }

    // The same memory under two inputs must not be overwritten while the other may still be read.
    private bool IsOnlyUse(LaunchList list, int input)
    {
        var pointer = list.Base(list.FirstInput + input);
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (i != input && list.Base(list.FirstInput + i) == pointer)
            {
                return false;
            }
        }

        return true;
    }

    private int[] Dims(TensorType type, ReadOnlySpan<long> values)
    {
        var dims = new int[type.Rank];
        for (var axis = 0; axis < dims.Length; axis++)
        {
            dims[axis] = checked((int)_dims.Evaluate(type.Shape[axis], values));
        }

        return dims;
    }

    private void Deliver(Span<Tensor> results)
    {
        var thrown = Thrown();
        for (var i = 0; i < _outputs.Length; i++)
        {
            var output = _outputs[i];
            switch (_compiled.Outputs[i])
            {
                case ResultBinding r when thrown is null:
                    results[r.Position] = Hand(i, r);
                    break;
                case AssignBinding a when output is not null && !ReferenceEquals(_inputs[a.Input], GraphRuntime.HostOrder):
                    _inputs[a.Input]!.CopyFrom(output);
                    break;
                case RebindBinding b when b.Flag < 0 || *_outputs[b.Flag]!.Data != 0:
                    b.Function.Invoke(b.Thunk, b.Self, [.. b.Arguments, Hand(i, b)]);
                    break;
            }
        }

        if (thrown is not null)
        {
            throw thrown.Function.Invoke(thrown.Thunk, thrown.Self, [.. thrown.Arguments]) as Exception
                ?? throw new InvalidOperationException("what a graph throws is no exception");
        }
    }

    private Tensor Hand(int output, HandedBinding binding)
    {
        if (binding.Input >= 0)
        {
            return _inputs[binding.Input]!;
        }

        var made = binding.Twin >= 0 ? binding.Twin : output;
        _isHanded[made] = true;
        return _outputs[made]!;
    }

    /// <summary>What the path that was taken has thrown.</summary>
    private ThrownException? Thrown()
    {
        for (var i = 0; i < _outputs.Length; i++)
        {
            if (_compiled.Outputs[i] is ThrowBinding binding && *(int*)_outputs[i]!.Data is > 0 and var number)
            {
                return binding.Exceptions[number - 1];
            }
        }

        return null;
    }
}
