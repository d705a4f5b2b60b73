using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>What came of a call.</summary>
internal enum RunOutcome
{
    Done,

    /// <summary>The sizes or fetched tensors are not those it was compiled for.</summary>
    DoesNotFit,

    /// <summary>For these sizes host code would throw, or an index would leave its axis: the eager method says what is wrong.</summary>
    MustBeEager,
}

/// <summary>
/// A compiled function, loaded: binds arguments and state to the launch list of the sizes at hand and runs it. A call with sizes
/// seen before allocates nothing but its result tensors.
/// </summary>
internal sealed unsafe partial class Executable : IDisposable
{
    // More size sets than a training run with a few sequence lengths meets; each costs some kilobytes.
    private const int MostSizes = 64;

    private readonly Lock _lock = new();
    private readonly CompiledFunction _compiled;

    // Loaded when it first runs: a function that is only compiled, for other machines, may not be able to.
    private nint[]? _kernels;
    private readonly DimBinding _dims;
    private readonly List<(long[] Values, LaunchList List, SizedProgram Sized)> _sizes = [];
    private readonly Tensor?[] _inputs;
    private readonly Tensor?[] _outputs;

    // Where state is written that may not be overwritten while it is read, to be copied to its place: kept from call to call.
    private readonly Tensor?[] _spares;
    private readonly int[] _donated;
    private readonly bool[] _isOverwritten;
    private readonly bool[] _isFetchedAnew;
    private readonly bool[] _isHanded;
    private readonly (int Written, int Other)[] _mayBeOne;
    private readonly bool[] _isSteady;
    private readonly List<Tensor> _copies = [];
    private readonly List<TensorStorage> _kept = [];
    private readonly object?[][] _thunkArguments;

    // Empty from the start: the finalizer also runs when the constructor has thrown.
    private readonly GCHandle[] _constants = [];
    private readonly LoopRecord _record = new();
    private readonly ImmutableArray<DenseKernel> _hostCalls;
    private readonly (TensorStorage Storage, long Writes)[] _bound;
    private bool _isRunning;
    private byte* _arena;
    private long _arenaBytes;
    private static long s_arenaBytes;

    /// <summary>The working memory of all executables.</summary>
    public static long ArenaBytes => Interlocked.Read(ref s_arenaBytes);

    public Executable(CompiledFunction compiled, IReadOnlyList<ArgumentSpec> arguments)
    {
        _compiled = compiled;
        var image = compiled.Image;
        VerifyImage.Run(image);
        if (compiled.Inputs.Length != image.Programs[0].Inputs.Length || compiled.Outputs.Length != image.Programs[0].Outputs.Length)
        {
            throw new InvalidDataException($"program '{image.Programs[0].Name}': its operands and their bindings differ in number");
        }

        _dims = new DimBinding(
            image.Dims, arguments,
            [.. compiled.Inputs.Index().Where(i => i.Item is ThunkBinding && !image.Programs[0].Inputs[i.Index].Shape.IsConstant).Select(i => (i.Index, image.Programs[0].Inputs[i.Index]))]);
        _inputs = new Tensor?[compiled.Inputs.Length];
        _outputs = new Tensor?[compiled.Outputs.Length];
        _spares = new Tensor?[compiled.Outputs.Length];
        _isHanded = new bool[compiled.Outputs.Length];
        _donated = [.. compiled.Outputs.Select((o, i) =>
            compiled.HostCalls.IsEmpty && !compiled.HasTry && o is AssignBinding a && image.Programs[0].Donations.Contains(new Donation(i, a.Input)) ? a.Input : -1)];
        _hostCalls = [.. compiled.HostCalls.Select(c => (DenseKernel)new HostCallKernel(c, CheckUnchanged).Run)];
        _bound = new (TensorStorage, long)[compiled.HostCalls.IsEmpty ? 0 : _inputs.Length];
        _isOverwritten = new bool[_inputs.Length];
        _isFetchedAnew = new bool[_inputs.Length];
        foreach (var input in _donated.Where(d => d >= 0))
        {
            _isOverwritten[input] = true;
        }

        _mayBeOne = PairsThatMayBeOne(compiled);
        _isSteady = [.. compiled.Inputs.Select((b, i) => b is TensorBinding or ThunkBinding && !_isOverwritten[i])];
        _thunkArguments = [.. compiled.Inputs.Select(b => b is ThunkBinding t ? t.Arguments.ToArray() : [])];
        _constants = [.. image.Constants.Select(c => GCHandle.Alloc(ImmutableCollectionsMarshal.AsArray(c), GCHandleType.Pinned))];
        for (var i = 0; i < _inputs.Length; i++)
        {
            _inputs[i] = compiled.Inputs[i] is TensorBinding b ? (Tensor)b.Tensor : null;
        }
    }

    ~Executable() => Free();

    public CompiledFunction Compiled => _compiled;

    /// <summary>Accumulates the time of each launch when set.</summary>
    public GraphProfile? Profile { get; set; }

    public bool GuardsHold()
    {
        foreach (var guard in _compiled.Guards)
        {
            if (!guard.Holds())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The sizes are such that it can be run.</summary>
    public bool Takes(ReadOnlySpan<Argument> arguments)
    {
        lock (_lock)
        {
            Span<long> values = stackalloc long[_dims.Count];
            return TryFetch() && _dims.TryBind(arguments, _inputs, values) && FetchedFit(values);
        }
    }

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

    /// <summary>Runs once, if the sizes allow.</summary>
    /// <param name="results">Room for as many tensors as the result has.</param>
    public RunOutcome TryRun(ReadOnlySpan<Argument> arguments, Span<Tensor> results)
    {
        if (results.Length < _compiled.ResultPositions)
        {
            throw new ArgumentException($"the result has {_compiled.ResultPositions} tensors, and there is room for {results.Length}", nameof(results));
        }

        lock (_lock)
        {
            Span<long> values = stackalloc long[_dims.Count];
            if (!TryFetch() || !_dims.TryBind(arguments, _inputs, values) || !FetchedFit(values))
            {
                return RunOutcome.DoesNotFit;
            }

            if (_isRunning)
            {
                // A method that the graph calls calls the graph.
                return RunOutcome.MustBeEager;
            }

            if (Aliased(arguments) is { } aliased)
            {
                return aliased;
            }

            if (Sized(values) is not (var list, var sized))
            {
                return RunOutcome.MustBeEager;
            }

            try
            {
                _isRunning = true;
                BindInputs(arguments, list);
                BindKept(list);
                BindOutputs(list, sized, values);
                if (!Run(list))
                {
                    return RunOutcome.MustBeEager;
                }

                Deliver(results);
                return RunOutcome.Done;
            }
            finally
            {
                Release();
            }
        }
    }

    public void Dispose()
    {
        Free();
        foreach (var spare in _spares)
        {
            spare?.Dispose();
        }

        _record.Dispose();
        GC.SuppressFinalize(this);
    }

    // Keeps no argument alive beyond its call, and no result that was not delivered.
    private void Release()
    {
        _isRunning = false;
        Array.Clear(_bound);
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (_compiled.Inputs[i] is ArgumentBinding)
            {
                _inputs[i] = null;
            }
        }

        for (var i = 0; i < _outputs.Length; i++)
        {
            if (!_isHanded[i] && !ReferenceEquals(_outputs[i], _spares[i]))
            {
                _outputs[i]?.Dispose();
            }

            (_outputs[i], _isHanded[i]) = (null, false);
        }

        foreach (var copy in _copies)
        {
            copy.Dispose();
        }

        _copies.Clear();
        foreach (var block in _kept)
        {
            block.Release();
        }

        _kept.Clear();
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_arena);
        _arena = null;
        Interlocked.Add(ref s_arenaBytes, -_arenaBytes);
        _arenaBytes = 0;
        foreach (var handle in _constants)
        {
            if (handle.IsAllocated)
            {
                handle.Free();
            }
        }

        Array.Clear(_constants);
    }

    private (LaunchList List, SizedProgram Sized)? Sized(ReadOnlySpan<long> values)
    {
        for (var i = 0; i < _sizes.Count; i++)
        {
            if (values.SequenceEqual(_sizes[i].Values))
            {
                return (_sizes[i].List, _sizes[i].Sized);
            }
        }

        return Size(values);
    }

    // Apart from the look-up: a method with a lambda allocates its closure on entry.
    private (LaunchList List, SizedProgram Sized)? Size(ReadOnlySpan<long> values)
    {
        var dims = _dims.ToDictionary(values);
        if (_compiled.Requirements.Any(r => r.NonNegative.Evaluate(dims) < 0))
        {
            return null;
        }

        var sized = SizedProgram.Of(_compiled.Image, dims);
        var list = new LaunchList(_compiled.Image, sized, _kernels ??= KernelLoader.Load(_compiled.Image.Kernels), _isSteady, _hostCalls);
        if (_sizes.Count == MostSizes)
        {
            _sizes[0].List.Dispose();
            _sizes.RemoveAt(0);
        }

        _sizes.Add((values.ToArray(), list, sized));
        WorkPool.Shared.ReserveScratch(list.ScratchBytes);
        if (list.ArenaBytes > _arenaBytes)
        {
            GrowArena(list.ArenaBytes);
        }

        for (var c = 0; c < _constants.Length; c++)
        {
            list.SetBase(list.ConstantBase + c, (byte*)_constants[c].AddrOfPinnedObject());
        }

        return (list, sized);
    }

    private void GrowArena(long bytes)
    {
        const long HugePage = 2 << 20;
        NativeMemory.AlignedFree(_arena);
        _arena = null;
        if (bytes >= HugePage)
        {
            // What eager code has left free, such as draws of the first weights, is of no size that the graph asks for.
            TensorPool.Trim();
        }

        _arena = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, (nuint)(bytes >= HugePage ? HugePage : 4096));
        Interlocked.Add(ref s_arenaBytes, bytes - _arenaBytes);
        _arenaBytes = bytes;
        if (bytes >= HugePage)
        {
            Native.Os.PageMemory.AdviseHuge(_arena, (nuint)(bytes / HugePage * HugePage));
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
        foreach (var (written, other) in _mayBeOne)
        {
            if (ReferenceEquals(TensorOf(written, arguments), TensorOf(other, arguments)))
            {
                // Fields that hold one tensor are specialized as such; arguments are not.
                return _compiled.Inputs[written] is ArgumentBinding || _compiled.Inputs[other] is ArgumentBinding ? RunOutcome.MustBeEager : RunOutcome.DoesNotFit;
            }
        }

        return null;
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
        list.SetBase(LaunchList.ArenaBase, _arena);
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

    /// <summary>False where it has failed and eager code is to say what follows.</summary>
    private bool Run(LaunchList list)
    {
        var failed = list.Run(WorkPool.Shared, Profile?.Times(list), _record);
        if (failed >= 0)
        {
            var (label, source, _) = list.Labels[list.Launches[failed].Label];
            var message = $"{(source is null ? "" : source + ": ")}{label}: an index is out of range{(source is null ? "" : $"\n  in: {source.Text}")}";
            if (!_compiled.HasTry)
            {
                throw new IndexOutOfRangeException(message);
            }

            GraphRuntime.Log($"{_compiled.Image.Programs[0].Name} runs eagerly this once, for its try statement: {message}");
        }

        return failed < 0;
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
