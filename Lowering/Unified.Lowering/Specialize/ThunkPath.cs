using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// One evaluation of a thunk: equal when it would read the same thing again. Host objects among receiver and arguments
/// compare by identity, numbers and strings by value.
/// </summary>
internal sealed class ThunkPath(FunctionDefinition definition, int thunk, object? self, ImmutableArray<object?> arguments) : IEquatable<ThunkPath>
{
    public FunctionDefinition Definition { get; } = definition;

    public int Thunk { get; } = thunk;

    public object? Self { get; } = self;

    public ImmutableArray<object?> Arguments { get; } = arguments;

    public Guard Expecting(object? value) => new(Definition, Thunk, Self, Arguments, value);

    public bool Equals(ThunkPath? other) =>
        other is not null && ReferenceEquals(Definition, other.Definition) && Thunk == other.Thunk && ReferenceEquals(Self, other.Self)
        && SameValues(Arguments, other.Arguments);

    public override bool Equals(object? obj) => Equals(obj as ThunkPath);

    public override int GetHashCode() =>
        Arguments.Aggregate(HashCode.Combine(Thunk, RuntimeHelpers.GetHashCode(Self), Arguments.Length), (hash, a) => HashCode.Combine(hash, Hash(a)));

    public static bool SameValues(ImmutableArray<object?> a, ImmutableArray<object?> b) =>
        a.Length == b.Length && a.Zip(b).All(p => Same(p.First, p.Second));

    private static int Hash(object? value) => value is System.ValueType or string ? value.GetHashCode() : RuntimeHelpers.GetHashCode(value);

    public static bool Same(object? a, object? b) =>
        ReferenceEquals(a, b) || ((a is System.ValueType or string) && a.Equals(b));
}

/// <summary>A field of a receiver, as the source names it: how different methods of one object mean the same field.</summary>
internal sealed class FieldName(object? self, string text, ImmutableArray<object?> arguments) : IEquatable<FieldName>
{
    private readonly object? _self = self;
    private readonly string _text = Normal(text);
    private readonly ImmutableArray<object?> _arguments = arguments;

    public bool Equals(FieldName? other) =>
        other is not null && ReferenceEquals(_self, other._self) && _text == other._text && !IsCut && ThunkPath.SameValues(_arguments, other._arguments);

    public override bool Equals(object? obj) => Equals(obj as FieldName);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    public override string ToString() => _text;

    // What was cut off may differ.
    private bool IsCut => _text.EndsWith('…');

    // A setter's words end with an equals sign.
    private static string Normal(string text)
    {
        var target = text.TrimEnd('=', ' ');
        return target.StartsWith("this.", StringComparison.Ordinal) ? target[5..] : target;
    }
}
