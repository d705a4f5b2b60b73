using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Unified.Generators;

/// <summary>Diagnostics about declarations and uses of static graphs and modules, one row each. What stands inside a method is the capture's.</summary>
internal static class StructureTable
{
    public static DiagnosticDescriptor NotPartial { get; } = Error(
        "UG101", "Type of a static graph is not partial", "'{0}' must be partial, because code for the static graph '{1}' is generated into it; write 'partial' before 'class' or 'record'");

    public static DiagnosticDescriptor Override { get; } = Error(
        "UG102", "Override of a static graph is not marked", "'{0}' overrides or implements the static graph '{1}'; mark it [StaticGraph] too, or [Eager] to keep it eager");

    public static DiagnosticDescriptor Kind { get; } = Error(
        "UG103", "Not a method that can be a static graph", "'{0}' cannot be a static graph, because it is {1}; {2}");

    public static DiagnosticDescriptor Hidden { get; } = Error(
        "UG104", "Type of a static graph cannot be reached", "'{0}' cannot be a static graph, because '{1}' is private, protected or file-local; make '{1}' internal or public");

    public static DiagnosticDescriptor Parameter { get; } = Error(
        "UG105", "Parameter of a static graph", "Parameter '{0}' of the static graph '{1}' is {2}; {3}");

    public static DiagnosticDescriptor Result { get; } = Error(
        "UG106", "Result of a static graph", "The static graph '{0}' returns '{1}'; return nothing, a Tensor, a number, or tuples, arrays, lists and records of them, and compute other values outside of it");

    public static DiagnosticDescriptor Lists { get; } = Error(
        "UG107", "Several lists in the result of a static graph", "The static graph '{0}' returns more than one list, whose lengths could not be told apart; return one list, and other tensors as items of a tuple");

    public static DiagnosticDescriptor MethodGroup { get; } = Info(
        "UG108", "Static graph used as a delegate", "'{0}' stays eager when it is called through a delegate; write a lambda that calls it, such as x => {0}(x)");

    public static DiagnosticDescriptor BaseCall { get; } = Info(
        "UG109", "Static graph called on base", "'base.{0}' runs eagerly when called from outside of a static graph; move the shared part into a method that is not virtual");

    public static DiagnosticDescriptor ModuleNotPartial { get; } = Error(
        "UG110", "Module is not partial", "The module '{0}' must be partial, because code that finds its state '{1}' is generated into it; write 'partial' before 'class'");

    public static DiagnosticDescriptor StateInParameter { get; } = Error(
        "UG111", "State in a primary-constructor parameter", "The module '{0}' keeps '{1}' in a constructor parameter, where it is not found as state; store it in a field and use that");

    /// <summary>Reported by the generator itself; everything else comes from the analyzer.</summary>
    public static DiagnosticDescriptor Failure { get; } = Error(
        "UG199", "The generator failed", "The generator failed on '{0}': {1}; this is a fault of Unified, please report it, and remove [StaticGraph] there to build without it");

    public static ImmutableArray<DiagnosticDescriptor> OfAnalyzer { get; } =
        [NotPartial, Override, Kind, Hidden, Parameter, Result, Lists, MethodGroup, BaseCall, ModuleNotPartial, StateInParameter];

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "Unified.Structure", DiagnosticSeverity.Error, isEnabledByDefault: true);

    private static DiagnosticDescriptor Info(string id, string title, string message) =>
        new(id, title, message, "Unified.Structure", DiagnosticSeverity.Info, isEnabledByDefault: true);
}
