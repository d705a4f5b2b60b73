using Microsoft.CodeAnalysis;
using Unified.Ir;
using ValueType = Unified.Ir.ValueType;

namespace Unified.Generators;

/// <summary>Turns C# types into the kinds of value of Function IR, and reads the attributes that give members a meaning.</summary>
internal sealed class TypeClassifier(Compilation compilation)
{
    private static readonly SymbolDisplayFormat PlainName =
        SymbolDisplayFormat.FullyQualifiedFormat.WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    // Collections whose items the specializer reads by position or in order.
    private static readonly HashSet<string> Sequences = new(StringComparer.Ordinal)
    {
        "List", "IList", "IReadOnlyList", "ICollection", "IReadOnlyCollection", "IEnumerable", "ImmutableArray", "Span", "ReadOnlySpan",
    };

    private readonly INamedTypeSymbol? _tensor = compilation.GetTypeByMetadataName("Unified.Tensor");
    private readonly INamedTypeSymbol? _staticGraph = compilation.GetTypeByMetadataName("Unified.StaticGraphAttribute");
    private readonly INamedTypeSymbol? _shape = compilation.GetTypeByMetadataName("Unified.ShapeAttribute");
    private readonly Dictionary<INamedTypeSymbol, RecordLayout?> _layouts = new(SymbolEqualityComparer.Default);
    private INamedTypeSymbol? _shapeType;

    /// <summary>The type of <c>x.Shape</c>, when it is a type of its own rather than an array or span.</summary>
    private INamedTypeSymbol? ShapeType => _shapeType ??= _tensor?.GetMembers().OfType<IPropertySymbol>()
        .Where(p => IntrinsicOf(p) == "shape").Select(p => p.Type).OfType<INamedTypeSymbol>().FirstOrDefault(t => !Sequences.Contains(t.Name));

    public ValueType Of(ITypeSymbol? type) => KindOf(type) switch
    {
        ValueKind.Tensor => ValueType.Tensor,
        ValueKind.Void => ValueType.Void,
        var kind => new ValueType(kind, type!.ToDisplayString(PlainName)),
    };

    public ValueKind KindOf(ITypeSymbol? type) =>
        type is null || type.SpecialType == SpecialType.System_Void ? ValueKind.Void
        : IsTensor(type) ? ValueKind.Tensor
        : HoldsTensors(type) || IsShape(type) ? ValueKind.Aggregate
        : ValueKind.Host;

    public bool IsTensor(ITypeSymbol? type)
    {
        // A type parameter counts as what it is constrained to.
        if (type is ITypeParameterSymbol parameter)
        {
            return parameter.ConstraintTypes.Any(IsTensor);
        }

        for (; type is not null; type = type.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(type, _tensor))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A class derived from Tensor: it has an identity of its own, and no operator makes one.</summary>
    public bool IsParameterTensor(ITypeSymbol? type) => IsTensor(type) && !SymbolEqualityComparer.Default.Equals(type, _tensor);

    public bool IsShape(ITypeSymbol? type) => type is not null && SymbolEqualityComparer.Default.Equals(type.OriginalDefinition, ShapeType);

    /// <summary>A tensor, or a collection or tuple with tensors in it.</summary>
    public bool IsOrHoldsTensors(ITypeSymbol? type) => type is not null && (IsTensor(type) || HoldsTensors(type));

    public bool IsStaticGraph(IMethodSymbol method) => Has(method.OriginalDefinition, _staticGraph);

    public OpCode? OpOf(ISymbol? member) => member is null ? null : MemberMeanings.OpOf(member.OriginalDefinition);

    public string? IntrinsicOf(ISymbol? member) => member is null ? null : MemberMeanings.IntrinsicOf(member.OriginalDefinition);

    public AttributeData? ShapeAnnotation(IEnumerable<AttributeData> attributes) => Find(attributes, _shape);

    /// <summary>The member means an op, an intrinsic or a static graph, and so belongs to the graph.</summary>
    public bool BelongsToGraph(ISymbol? member) =>
        OpOf(member) is not null || IntrinsicOf(member) is not null || (member is IMethodSymbol method && IsStaticGraph(method));

    /// <summary>How objects of the type are kept in a graph: records and plain classes or structs of the source with tensors in them.</summary>
    public RecordLayout? LayoutOf(ITypeSymbol? type) => type is INamedTypeSymbol named && !IsTensor(type) ? RecordWithTensors(named) : null;

    private RecordLayout? RecordWithTensors(INamedTypeSymbol type)
    {
        if (_layouts.TryGetValue(type, out var known))
        {
            return known;
        }

        // Nothing while it is looked into: a type may hold its own kind.
        _layouts[type] = null;
        var layout = RecordLayout.Of(type);
        return _layouts[type] = layout is not null && layout.Members.Any(m => IsOrHoldsTensors(RecordLayout.TypeOf(m))) ? layout : null;
    }

    /// <summary>A dictionary of the class library whose values are tensors or hold them, and whose keys do not.</summary>
    public bool IsDictionary(ITypeSymbol? type) => type is INamedTypeSymbol { Name: "Dictionary" or "IDictionary" or "IReadOnlyDictionary", TypeArguments: [var key, var value] }
        && IsSystem(type) && IsItem(value) && !IsOrHoldsTensors(key);

    /// <summary>An entry of such a dictionary.</summary>
    public bool IsEntry(ITypeSymbol? type) => type is INamedTypeSymbol { Name: "KeyValuePair", TypeArguments: [var key, var value] } && IsSystem(type) && IsItem(value) && !IsOrHoldsTensors(key);

    /// <summary>Objects of the type that come from the host stay what they are: only those made by the method are lists of the graph.</summary>
    public bool StaysOfHost(ITypeSymbol? type) => LayoutOf(type) is not null || IsDictionary(type) || IsEntry(type);

    private bool HoldsTensors(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => IsItem(array.ElementType),
        INamedTypeSymbol { IsTupleType: true } tuple => tuple.TupleElements.Any(e => IsOrHoldsTensors(e.Type)),
        INamedTypeSymbol named when RecordWithTensors(named) is not null || IsDictionary(named) || IsEntry(named) => true,
        INamedTypeSymbol { TypeArguments.Length: 1 } sequence => Sequences.Contains(sequence.Name) && IsSystem(sequence) && IsItem(sequence.TypeArguments[0]),
        _ => false,
    };

    // A list of records is the host's until a method makes one of its own.
    private bool IsItem(ITypeSymbol type) => LayoutOf(type) is null && IsOrHoldsTensors(type);

    /// <summary>The type of a variable for this value: a record that comes from the host stays an object of the host.</summary>
    public ValueType Of(ITypeSymbol type, ValueKind value) =>
        Of(type) is var own && own.Kind == ValueKind.Host && value == ValueKind.Aggregate ? own with { Kind = value }
        : own.Kind == ValueKind.Aggregate && value == ValueKind.Host && StaysOfHost(type) ? own with { Kind = value }
        : own;

    /// <summary>Declared in the base class library.</summary>
    public static bool IsSystem(ISymbol? symbol)
    {
        var space = symbol?.ContainingNamespace;
        while (space?.ContainingNamespace is { IsGlobalNamespace: false } outer)
        {
            space = outer;
        }

        return space?.Name == "System";
    }

    private static AttributeData? Find(IEnumerable<AttributeData> attributes, INamedTypeSymbol? type) =>
        type is null ? null : attributes.FirstOrDefault(a => SymbolEqualityComparer.Default.Equals(a.AttributeClass, type));

    private static bool Has(ISymbol symbol, INamedTypeSymbol? attribute) => Find(symbol.GetAttributes(), attribute) is not null;
}
