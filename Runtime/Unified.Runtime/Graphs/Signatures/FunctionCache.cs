using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>The specializations of each function on each instance, newest use first. Dies with the instance.</summary>
internal sealed class FunctionCache
{
    private static readonly object s_static = new();

    private readonly ConditionalWeakTable<object, InstanceCache> _instances = [];

    public static ConditionalWeakTable<FunctionDefinition, FunctionCache> All { get; } = [];

    public InstanceCache For(object? self) => _instances.GetOrCreateValue(self ?? s_static);

    /// <summary>What was compiled for one instance.</summary>
    internal sealed class InstanceCache
    {
        public Lock Lock { get; } = new();

        public List<Specialization> Specializations { get; } = [];

        /// <summary>Dim names that host code decided on: they stay constants.</summary>
        public HashSet<string> Constants { get; } = new(StringComparer.Ordinal);

        /// <summary>Graphs that the app ships with and that are among the specializations.</summary>
        public HashSet<int> Shipped { get; } = [];

        /// <summary>It has been said that this instance's calls run eagerly for want of a graph.</summary>
        public bool HasSaidEager { get; set; }

        /// <summary>Why this instance runs eagerly, once known.</summary>
        public string? EagerReason { get; set; }
    }
}
