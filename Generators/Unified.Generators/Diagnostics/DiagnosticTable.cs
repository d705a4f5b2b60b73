using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Unified.Generators;

/// <summary>Every diagnostic of a method's body, one row each. Ids are never used again for something else.</summary>
internal static partial class DiagnosticTable
{
    public static ImmutableArray<DiagnosticDescriptor> Capture { get; } =
    [
        Error("UG001", "Statement is not possible in a static graph", "{0} is not possible in a static graph; {1}"),
        Error("UG002", "Expression is not possible in a static graph", "{0} is not possible in a static graph; {1}"),
        Error("UG003", "Call with tensors is not a static graph", "'{0}' takes or returns tensors but is not a static graph; {1}"),
        Error("UG004", "Assignment is not possible in a static graph", "{0} is not possible in a static graph; {1}"),
        Error("UG006", "Call has only an effect", "'{0}' is called for its effect, which would happen only when the graph is built; call it outside of the static graph"),
        Error("UG007", "Host state is assigned", "'{0}' is host state, which a graph cannot change; keep it in a tensor field and overwrite that with Assign(value), or set it outside of the static graph"),
        Error("UG008", "Function inside a static graph", "{0} cannot be captured here; write a [StaticGraph] method and call it"),
        Error("UG009", "Differentiated function is not known", "The function to differentiate must be a lambda, local function or [StaticGraph] method without parameters, such as () => Loss(x); {0}"),
        Error("UG010", "Index of a tensor", "'{0}' cannot index a tensor in a static graph; write an int, ^int, a..b, .. or a tensor in the brackets"),
        Error("UG011", "Graph value in host code", "'{0}' belongs to the graph and cannot go into the host expression '{1}'; pass host values, such as x.Shape[0], or return the tensor and use (print, store) it outside of the static graph"),
        Error("UG012", "Tensor property is computed", "'{0}' computes its tensor at each read, which the graph would not see from here; make it a [StaticGraph] method, or a field or auto-property"),
        Error("UG013", "Field is read after it is assigned", "'{0}' is assigned in this method, and this host expression would see the old value; read what you need into a local before the assignment"),
        Error("UG014", "Type cannot leave its expression", "'{0}' has type '{1}', which cannot be kept between host expressions; use a class, a struct or a tuple such as (Width: 4, Depth: 2)"),
        Error("UG015", "Variable is declared inside a host expression", "'{0}' is declared inside a host expression and does not live beyond it; declare a local before it and read that"),
        Error("UG017", "Shape annotation", "{0}; {1}"),
        Error("UG018", "Object with tensors", "A new '{0}' cannot hold values of the graph here; use a tuple, a list, or a record of the project whose constructor only keeps values and whose members do not change"),
    ];

    /// <summary>What the shapes say, which are judged after the capture.</summary>
    public static ImmutableArray<DiagnosticDescriptor> Shapes { get; } =
    [
        Error("UG020", "Shapes do not fit", "The shapes do not fit: {0}; {1}"),
        Error("UG021", "Element types do not fit", "The element types do not fit: {0}; {1}"),
        Error("UG022", "Result is not of the stated shape", "{0}, but [return: Shape] of '{1}' says {2}; change the computation or the attribute"),
        Error("UG023", "Argument does not have the shape that is expected", "{0}; {1} expects {2} from {3}"),
        new("UG029", "Shapes were not checked", "The shapes of '{0}' were not checked: {1}", "Unified.Capture", DiagnosticSeverity.Info, isEnabledByDefault: true),
    ];

    private static ImmutableDictionary<string, DiagnosticDescriptor> CaptureById { get; } = Capture.AddRange(Shapes).ToImmutableDictionary(d => d.Id);

    /// <summary>The row of a diagnostic of the capture or of the shapes.</summary>
    public static DiagnosticDescriptor OfCapture(string id) => CaptureById[id];

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "Unified.Capture", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
