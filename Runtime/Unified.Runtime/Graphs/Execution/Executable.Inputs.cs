using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>What a call reads: arguments, what fields hold now, and what is made of state alone.</summary>
internal sealed unsafe partial class Executable
{
    /// <summary>What fields hold now, and the types that it was compiled for.</summary>
    public IEnumerable<(Tensor Tensor, TensorType Compiled)> Fetch()
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (_compiled.Inputs[i] is ThunkBinding t && t.Function.Invoke(t.Thunk, t.Self, _thunkArguments[i]) is Tensor tensor)
            {
                yield return (tensor, _compiled.Image.Programs[0].Inputs[i]);
            }
        }
    }

    // A tensor that is written to, and another that may be the same one in some call: the graph is for two.
    private static (int Written, int Other)[] PairsThatMayBeOne(CompiledFunction compiled) =>
    [
        .. compiled.Outputs.OfType<AssignBinding>().SelectMany(a => Enumerable.Range(0, compiled.Inputs.Length)
            .Where(i => i != a.Input && (compiled.Inputs[i] is not TensorBinding || compiled.Inputs[a.Input] is not TensorBinding)).Select(i => (a.Input, i))),
    ];

    private RunOutcome? Aliased(ReadOnlySpan<Argument> arguments)
    {
        // A model that writes to many of its fields has thousands of pairs of them.
        if (_fieldsMayHaveMet && AnyIsOne(_fieldsMayBeOne, arguments))
        {
            // Fields that hold one tensor are specialized as such; arguments are not.
            return RunOutcome.DoesNotFit;
        }

        _fieldsMayHaveMet = false;
        return AnyIsOne(_argumentsMayBeOne, arguments) ? RunOutcome.MustBeEager : null;
    }

    private bool AnyIsOne((int Written, int Other)[] pairs, ReadOnlySpan<Argument> arguments)
    {
        foreach (var (written, other) in pairs)
        {
            if (ReferenceEquals(TensorOf(written, arguments), TensorOf(other, arguments)))
            {
                return true;
            }
        }

        return false;
    }

    private Tensor TensorOf(int input, ReadOnlySpan<Argument> arguments) =>
        _compiled.Inputs[input] is ArgumentBinding a ? DimBinding.TensorOf(arguments[a.Argument], a.Item) : _inputs[input]!;

    // What fields hold now; false where one holds no tensor any more.
    private bool TryFetch()
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (_compiled.Inputs[i] is ThunkBinding t)
            {
                var fetched = t.Function.Invoke(t.Thunk, t.Self, _thunkArguments[i]) as Tensor;
                _isFetchedAnew[i] = !ReferenceEquals(_inputs[i], fetched);
                _fieldsMayHaveMet |= _isFetchedAnew[i];
                _inputs[i] = fetched;
                if (fetched is null)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool FetchedFit(ReadOnlySpan<long> values)
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (_compiled.Inputs[i] is ThunkBinding && (_isFetchedAnew[i] || !_compiled.Image.Programs[0].Inputs[i].Shape.IsConstant)
                && !IsCompiledFor(i, _inputs[i]!.Type, values))
            {
                // It is asked again at the next call.
                _inputs[i] = null;
                return false;
            }
        }

        return true;
    }

    private void BindInputs(ReadOnlySpan<Argument> arguments, LaunchList list)
    {
        list.SetBase(LaunchList.ArenaBase, _arena.Pointer);
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (_compiled.Inputs[i] is ArgumentBinding a)
            {
                _inputs[i] = DimBinding.TensorOf(arguments[a.Argument], a.Item);
            }

            list.SetBase(list.FirstInput + i, Pointer(i, _inputs[i]!));
            if (_bound.Length > 0)
            {
                _bound[i] = (_inputs[i]!.Storage, _inputs[i]!.Storage.Writes);
            }
        }
    }

    private bool IsCompiledFor(int input, TensorType actual, ReadOnlySpan<long> values)
    {
        var wanted = _compiled.Image.Programs[0].Inputs[input];
        return wanted.DType == actual.DType && wanted.Rank == actual.Rank && (wanted == actual || _dims.Agree(wanted.Shape, actual.Shape, values));
    }

    // A kernel reads dense memory, and overwrites only memory that no view shares.
    private byte* Pointer(int input, Tensor tensor)
    {
        if (_isOverwritten[input])
        {
            return tensor.WritableData();
        }

        if (tensor.IsDense)
        {
            return tensor.Data;
        }

        var copy = tensor.Contiguous();
        _copies.Add(copy);
        return copy.Data;
    }

    // What is made of state alone, such as packed weights, is made once for as long as the state does not change.
    private void BindKept(LaunchList list)
    {
        for (var i = 0; i < list.Kept.Length; i++)
        {
            var kept = list.Kept[i];
            var tensor = _inputs[kept.Input]!;
            if (!tensor.IsDense)
            {
                Make(list, i);
                continue;
            }

            var recipe = list.RecipeOf(i, (tensor.Offset * tensor.DType.Bytes()) + kept.Offset);
            if (tensor.Storage.FindDerived(recipe) is { } known)
            {
                list.SetBase(list.FirstKept + i, known.Pointer);
                _kept.Add(known);
            }
            else
            {
                tensor.Storage.KeepDerived(recipe, Make(list, i));
            }
        }
    }

    private TensorStorage Make(LaunchList list, int kept)
    {
        var block = new TensorStorage(Math.Max(1, list.Kept[kept].Bytes));
        _kept.Add(block);
        list.SetBase(list.FirstKept + kept, block.Pointer);
        list.Make(kept, WorkPool.Shared);
        return block;
    }
}
