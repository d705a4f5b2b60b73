using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>What a register or local holds while a function is specialized.</summary>
internal abstract record Value
{
    public static Value Null { get; } = new HostValue(null);

    public static Value Unset { get; } = new UnsetValue();

    /// <summary>For messages.</summary>
    public abstract string Describe();
}

/// <summary>
/// A tensor that the function computes. It is an object of the program that is run here: two are the same only by reference, and every
/// variable that holds it sees what is written to it. Views are tensors of their own, as they are in eager code.
/// </summary>
/// <param name="Tensor">What it is made with.</param>
internal sealed record TensorValue(OpValue Tensor) : Value
{
    /// <summary>The graph that was under construction when it was made; null where it may be one of several objects, after a branch or turn of a loop.</summary>
    public Region? Home { get; init; }

    /// <summary>Where its present value is found, once something has been written to it.</summary>
    public LocalKey? Key { get; set; }

    /// <summary>
    /// Tensors that others hold, one of which it is, depending on a tensor's value, and how often each had been written to then. Once one has been
    /// written to again, what this one holds is not known.
    /// </summary>
    public ImmutableArray<(Value Tensor, int Version)> MayBe { get; init; } = [];

    /// <summary>Reading it is a mistake, which eager code answers. Once it may be so, whatever path is taken.</summary>
    public bool IsDisposed { get; set; }

    public bool Equals(TensorValue? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    public override string Describe() => $"a tensor {Tensor.Type}";
}

/// <summary>A tensor with an identity: an argument, or a tensor met through a host object. Reads give its present value.</summary>
internal sealed record PlaceValue(PlaceKey Key) : Value
{
    public override string Describe() => Key is HandleKey handle ? $"a tensor {handle.Handle.Type}" : "a tensor argument";
}

/// <summary>A host value that is known.</summary>
internal sealed record HostValue(object? Object) : Value
{
    public static HostValue True { get; } = new(true);

    public static HostValue False { get; } = new(false);

    public override string Describe() => Object is null ? "null" : $"a host value of type {Object.GetType().Name}";
}

/// <summary>A host number that is a size not yet known; <paramref name="Type"/> is its C# type.</summary>
internal sealed record SizeValue(Dim Dim, string Type) : Value
{
    public override string Describe() => $"the size {Dim}";
}

/// <summary>
/// A host bool that depends on sizes not yet known. Each side is a list of dims that must all be non-negative, or null
/// where it cannot be said so.
/// </summary>
internal sealed record ConditionValue(ImmutableArray<Dim>? WhenTrue, ImmutableArray<Dim>? WhenFalse, ImmutableSortedSet<string> Names) : Value
{
    public override string Describe() => "a condition on sizes";
}

/// <summary>
/// An array, list or tuple made by the function. It is an object of the program that is run here, and changes as that does: every variable
/// that holds it sees the change.
/// </summary>
internal sealed record AggregateValue(ImmutableArray<Value> Items) : Value
{
    /// <exception cref="GraphCompileException">It has as many items as a tensor's value, or a size not yet known, says.</exception>
    public ImmutableArray<Value> Items
    {
        get
        {
            if (Content.Rows is { } rows)
            {
                Content = new(rows.Expand(), null);
            }

            return Content.Torn is { } torn ? throw torn : Content.Items;
        }
        set => Content = new(value, null);
    }

    public ListContent Content { get; set; } = new(Items, null);

    /// <summary>The graph that was under construction when it was made: elsewhere a change would depend on a tensor.</summary>
    public Region? Home { get; init; }

    /// <summary>Another function holds a list of its own for the same object, and would not see a change.</summary>
    public bool IsShared { get; init; }

    public override string Describe() => Content.Rows is { } rows ? $"a list of {rows.Count}" : Content.Torn is null ? $"a list of {Items.Length}" : "a list whose length depends on a tensor's value";
}

/// <summary>What a list holds.</summary>
/// <param name="Torn">Said to whoever asks, where its length depends on a tensor's value.</param>
/// <param name="HasGap">A key has been removed from a dictionary: the next one takes its place in the order.</param>
internal readonly record struct ListContent(ImmutableArray<Value> Items, GraphCompileException? Torn, bool HasGap = false)
{
    /// <summary>In place of the items, where a loop of the graph has made them.</summary>
    public TurnRows? Rows { get; init; }
}

/// <summary>
/// A host number or bool that only the running graph knows, as a rank-0 tensor: it depends on a tensor's value.
/// <paramref name="Type"/> is its C# type: int, long, float, double or bool.
/// </summary>
internal sealed record ScalarValue(OpValue Tensor, string Type) : Value
{
    /// <summary>Of a whole number: how it depends on others, where that is known.</summary>
    public Dim? Form { get; init; }

    /// <summary>It depends on no tensor's value: eager code computes it on the host, and only a loop that was not unrolled has it here.</summary>
    public bool IsOfHost { get; init; }

    public override string Describe() => $"a {Type} whose value is known only when the graph runs";
}

/// <summary>A variable that has not been assigned.</summary>
internal sealed record UnsetValue : Value
{
    public override string Describe() => "a variable that is not set";
}

/// <summary>A variable that holds, depending on a tensor's value, one of two things that no graph value can be.</summary>
/// <param name="Condition">A rank-0 bool of the graph in which the two paths met.</param>
internal sealed record TornValue(OpValue Condition, Value WhenTrue, Value WhenFalse) : Value
{
    public override string Describe() => $"{WhenTrue.Describe()} or {WhenFalse.Describe()}, depending on a tensor's value";
}

/// <summary>In what a callee hands back: output <paramref name="Output"/> of its graph.</summary>
/// <param name="Type">Of a number, its C# type; null of a tensor.</param>
internal sealed record OutputValue(int Output, string? Type = null) : Value
{
    public override string Describe() => "a result of a call";
}
