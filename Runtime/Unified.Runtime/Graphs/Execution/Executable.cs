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
    private readonly long? _memoryLimit;

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
    private readonly (int Written, int Other)[] _argumentsMayBeOne, _fieldsMayBeOne;
    private readonly bool[] _isSteady;
    private readonly List<Tensor> _copies = [];
    private readonly List<TensorStorage> _kept = [];
    private readonly object?[][] _thunkArguments;

    // Empty from the start: the finalizer also runs when the constructor has thrown.
    private readonly GCHandle[] _constants = [];
    private readonly LoopRecord _record = new();
    private readonly Arena _arena = new();
    private readonly ImmutableArray<DenseKernel> _hostCalls;
    private readonly (TensorStorage Storage, long Writes)[] _bound;

    // What fields hold has changed since they were last found to hold tensors of their own.
    private bool _fieldsMayHaveMet = true;
    private bool _isRunning;
    private bool _exceedsLimit;

    /// <param name="memoryLimit">Of the arena, in bytes: sizes that need more than those that it was compiled for do not fit. Null: none.</param>
    public Executable(CompiledFunction compiled, IReadOnlyList<ArgumentSpec> arguments, long? memoryLimit = null)
    {
        (_compiled, _memoryLimit) = (compiled, memoryLimit);
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

        var pairs = PairsThatMayBeOne(compiled).ToLookup(p => compiled.Inputs[p.Written] is ArgumentBinding || compiled.Inputs[p.Other] is ArgumentBinding);
        (_argumentsMayBeOne, _fieldsMayBeOne) = ([.. pairs[true]], [.. pairs[false]]);
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
                return _exceedsLimit ? RunOutcome.DoesNotFit : RunOutcome.MustBeEager;
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

        _arena.Dispose();
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
        _exceedsLimit = false;
        if (_compiled.Requirements.Any(r => r.NonNegative.Evaluate(dims) < 0))
        {
            return null;
        }

        var sized = SizedProgram.Of(_compiled.Image, dims);
        _exceedsLimit = sized.ArenaBytes > _memoryLimit && _sizes.Count > 0;
        if (_exceedsLimit)
        {
            return null;
        }

        if (sized.ArenaBytes > _memoryLimit)
        {
            GraphRuntime.Log($"{_compiled.Image.Programs[0].Name} takes {sized.ArenaBytes} bytes of working memory, more than the limit of {_memoryLimit}: it was planned without knowing all its sizes");
        }

        var list = new LaunchList(_compiled.Image, sized, _kernels ??= KernelLoader.Load(_compiled.Image.Kernels), _isSteady, _hostCalls);
        if (_sizes.Count == MostSizes)
        {
            _sizes[0].List.Dispose();
            _sizes.RemoveAt(0);
        }

        _sizes.Add((values.ToArray(), list, sized));
        WorkPool.Shared.ReserveScratch(list.ScratchBytes);
        _arena.Reserve(list.ArenaBytes);
        for (var c = 0; c < _constants.Length; c++)
        {
            list.SetBase(list.ConstantBase + c, (byte*)_constants[c].AddrOfPinnedObject());
        }

        return (list, sized);
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
}
