using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>A compiler that remembers what it has made for the thread that made it; others compile as they would without it.</summary>
internal sealed class ObservedCompiler(IGraphCompiler inner) : IGraphCompiler
{
    private readonly List<(FunctionDefinition Function, object? Self)> _roots = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public List<CompiledFunction> Made { get; } = [];

    /// <summary>Told what was compiled, before it runs.</summary>
    public Action<CompiledFunction>? Look { get; set; }

    /// <summary>Frees what was compiled for a tuning; nothing of it may run.</summary>
    public void Forget(Tuning tuning)
    {
        foreach (var cache in _roots.Select(r => FunctionCache.All.GetOrCreateValue(r.Function).For(r.Self)))
        {
            lock (cache.Lock)
            {
                foreach (var known in cache.Specializations.Where(s => tuning.Equals(s.Tuning)).ToList())
                {
                    cache.Specializations.Remove(known);
                    known.Executable.Dispose();
                }
            }
        }
    }

    /// <inheritdoc/>
    public CompiledFunction Compile(FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, CompileOptions options)
    {
        var made = inner.Compile(function, self, arguments, options);
        if (Environment.CurrentManagedThreadId != _thread)
        {
            return made;
        }

        Made.Add(made);
        if (!_roots.Contains((function, self)))
        {
            _roots.Add((function, self));
        }

        Look?.Invoke(made);
        return made;
    }
}
