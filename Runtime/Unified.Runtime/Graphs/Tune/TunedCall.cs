using System.Collections.Immutable;
using System.Security.Cryptography;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>A call that is run again and again from the same state: what it writes is put back before each run.</summary>
internal sealed class TunedCall(string name, Func<IReadOnlyList<Tensor>> run, ObservedCompiler compiler)
{
    private readonly Dictionary<Tuning, string> _code = [];
    private ImmutableArray<(Tensor Tensor, byte[] Bytes)> _state = [];

    public string Name { get; } = name;

    /// <summary>Compiles for a tuning, where that was not done, and says what is special of the code: equal where the code is.</summary>
    /// <exception cref="InvalidOperationException">No graph was compiled: the call runs eagerly.</exception>
    public string CodeOf(Tuning tuning)
    {
        if (!_code.TryGetValue(tuning, out var code))
        {
            compiler.Made.Clear();
            Dispose(Run(tuning, null));
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            compiler.Made.ForEach(f => hash.AppendData(ProgramImageCodec.Encode(f.Image)));
            _code[tuning] = code = compiler.Made.Count > 0 ? Convert.ToHexString(hash.GetHashAndReset())
                : throw new InvalidOperationException($"{Name}: no static graph was compiled; the call runs eagerly");
        }

        return code;
    }

    /// <summary>Compiles by default, and finds what a run writes, before anything is written.</summary>
    /// <param name="fillsZeros">Weights that are all zero, because nobody initialized them, get values: by zeros alone a wrong kernel is not found out.</param>
    /// <returns>Why the call cannot be repeated; null: it can.</returns>
    public string? Prepare(bool fillsZeros)
    {
        var written = new Dictionary<Tensor, byte[]>(ReferenceEqualityComparer.Instance);
        var random = new Random(1);
        compiler.Look = function => Note(function, written, fillsZeros ? random : null);
        try
        {
            CodeOf(Tuning.Default);
        }
        catch (UnrepeatableException e)
        {
            return e.Message;
        }
        finally
        {
            compiler.Look = null;
        }

        _state = [.. written.Select(w => (w.Key, w.Value))];
        return null;
    }

    /// <summary>One run.</summary>
    public IReadOnlyList<Tensor> Run(Tuning tuning, GraphProfile? profile)
    {
        Restore();
        (var options, GraphRuntime.Options) = (GraphRuntime.Options, GraphRuntime.Options with { Tuning = tuning });
        GraphRuntime.Profile = profile;
        try
        {
            using (Execution.Use(ExecutionMode.Graph))
            {
                return run();
            }
        }
        finally
        {
            (GraphRuntime.Options, GraphRuntime.Profile) = (options, null);
        }
    }

    /// <summary>The results of a run, and what it has written.</summary>
    public ImmutableArray<(DType DType, byte[] Bytes)> ResultsOf(Tuning tuning)
    {
        var results = Run(tuning, null);
        ImmutableArray<(DType, byte[])> all = [.. results.Concat(_state.Select(s => s.Tensor)).Select(t => (t.DType, GraphCall.BytesOf(t)))];
        Dispose(results);
        return all;
    }

    public void Restore()
    {
        foreach (var (tensor, bytes) in _state)
        {
            tensor.CopyFromBytes(bytes);
        }
    }

    public static void Dispose(IReadOnlyList<Tensor> results)
    {
        foreach (var result in results)
        {
            result.Dispose();
        }
    }

    private static void Note(CompiledFunction function, Dictionary<Tensor, byte[]> written, Random? filling)
    {
        if (!function.HostCalls.IsEmpty)
        {
            throw new UnrepeatableException("it calls methods with [Eager]");
        }

        if (function.Outputs.Any(o => o is RebindBinding))
        {
            throw new UnrepeatableException("it sets fields to new tensors");
        }

        if (filling is not null)
        {
            foreach (var tensor in function.Inputs.Select(Bound).OfType<Tensor>())
            {
                FillZeros(tensor, filling);
            }
        }

        foreach (var assigned in function.Outputs.OfType<AssignBinding>())
        {
            var tensor = Bound(function.Inputs[assigned.Input]) ?? throw new UnrepeatableException("it writes to its arguments");
            written.TryAdd(tensor, GraphCall.BytesOf(tensor));
        }
    }

    private static Tensor? Bound(InputBinding binding) => binding switch
    {
        TensorBinding t => (Tensor)t.Tensor,
        ThunkBinding t => t.Function.Invoke(t.Thunk, t.Self, [.. t.Arguments]) as Tensor,
        _ => null,
    };

    // Positive, because an optimizer takes the root of some.
    private static void FillZeros(Tensor tensor, Random random)
    {
        const int Least = 16;
        if (tensor.DType == DType.F32 && tensor.Size >= Least && !GraphCall.BytesOf(tensor).AsSpan().ContainsAnyExcept((byte)0))
        {
            tensor.CopyFrom<float>([.. Enumerable.Range(0, checked((int)tensor.Size)).Select(_ => 0.01f + (0.04f * random.NextSingle()))]);
        }
    }

#pragma warning disable CA1064 // Nobody else sees it.
    private sealed class UnrepeatableException(string message) : Exception(message);
#pragma warning restore CA1064
}
