namespace Unified.Ir;

/// <summary>One rule that every graph of a module keeps. The check gives a sentence for each place that breaks it.</summary>
internal sealed record GraphRule(string Name, Func<GraphModule, Graph, IEnumerable<string>> Check);
