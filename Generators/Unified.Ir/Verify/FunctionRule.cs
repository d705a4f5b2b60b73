using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>A function laid out for the rules.</summary>
internal sealed record FunctionView(Function Function, ImmutableArray<FunctionSite> Sites)
{
    /// <summary>The instructions of one type, with their places.</summary>
    public IEnumerable<(FunctionSite Site, T Instruction)> All<T>()
        where T : Instruction =>
        Sites.Where(s => s.Instruction is T).Select(s => (s, (T)s.Instruction));
}

/// <summary>One rule that every function keeps. The check gives a sentence for each place that breaks it.</summary>
internal sealed record FunctionRule(string Name, Func<FunctionView, IEnumerable<string>> Check);
