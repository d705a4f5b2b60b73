using System.Collections.Immutable;
using System.Globalization;

namespace Unified.Ir;

/// <summary>A host value in a <see cref="HostTrace"/>.</summary>
public abstract record HostOperand
{
    /// <summary>Kept by value: null, a bool, a number of at most eight bytes, a char or a string.</summary>
    public static bool IsLiteral(object? value) =>
        value is null
        || (value is not Enum && Type.GetTypeCode(value.GetType()) is TypeCode.String or (>= TypeCode.Boolean and <= TypeCode.Double));
}

/// <summary>The value itself. As a result: what must come out again.</summary>
public sealed record HostLiteral(object? Value) : HostOperand;

/// <summary>
/// Object <paramref name="Number"/> of the trace. As a result: a number met for the first time stands for an object not met before, any other for
/// the very same object as then.
/// </summary>
public sealed record HostObject(int Number) : HostOperand;

/// <summary>What is asked of an object of a trace.</summary>
/// <param name="Type">A tensor of this type; named dims stand for any size.</param>
/// <param name="Text">A value of this text: of an enum its number.</param>
public sealed record HostObjectFacts(TensorType? Type = null, string? Text = null)
{
    /// <summary>What to ask of an object like <paramref name="value"/>, whose tensor type is given.</summary>
    public static HostObjectFacts Of(object value, Func<ITensorHandle, TensorType> typeOf) => value switch
    {
        ITensorHandle tensor => new(typeOf(tensor)),
        PrecisionPolicy policy => new(Text: policy.ToString()),
        Enum member => new(Text: member.ToString("D")),
        IFormattable and (decimal or DateTime) => new(Text: ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture)),
        _ => new(),
    };
}

/// <summary>A host expression of the user, evaluated.</summary>
/// <param name="Definition">The function whose companion has it: its number in the trace.</param>
public sealed record TracedThunk(int Definition, int Thunk, HostOperand Self, ImmutableArray<HostOperand> Arguments)
{
    public bool Equals(TracedThunk? other) =>
        other is not null && Definition == other.Definition && Thunk == other.Thunk && Self == other.Self && Arguments.SequenceEqual(other.Arguments);

    public override int GetHashCode() => Arguments.Aggregate((((Definition * 397) ^ Thunk) * 397) ^ Self.GetHashCode(), (h, a) => (h * 31) ^ a.GetHashCode());
}

/// <summary>One thing that specialization asked the host.</summary>
public abstract record HostStep;

/// <summary>A thunk and what it gave.</summary>
public sealed record InvokeStep(TracedThunk Thunk, HostOperand Result) : HostStep;

/// <summary>What static graph a call means for a receiver.</summary>
/// <param name="Result">Its number in the trace; the next free one at its first mention.</param>
public sealed record ResolveStep(int Definition, int Callee, HostOperand Receiver, int Result) : HostStep;

/// <summary>The items of a list, tuple, array or dictionary.</summary>
public sealed record ItemsStep(int Object, ImmutableArray<HostOperand> Items) : HostStep
{
    public bool Equals(ItemsStep? other) => other is not null && Object == other.Object && Items.SequenceEqual(other.Items);

    public override int GetHashCode() => (Object * 397) ^ Items.Length;
}

/// <summary>An item of a dictionary, list or tuple.</summary>
public sealed record ItemStep(int Object, HostOperand Key, HostOperand Result) : HostStep;

/// <summary>How many items a collection has.</summary>
public sealed record CountStep(int Object, int Count) : HostStep;

/// <summary>Whether two objects are equal, by their own rule.</summary>
public sealed record EqualStep(HostOperand Left, HostOperand Right, bool Result) : HostStep;

/// <summary>Makes an array for a thunk, typed by its items.</summary>
public sealed record ArrayStep(ImmutableArray<HostOperand> Items, int Result) : HostStep
{
    public bool Equals(ArrayStep? other) => other is not null && Result == other.Result && Items.SequenceEqual(other.Items);

    public override int GetHashCode() => (Result * 397) ^ Items.Length;
}

/// <summary>A function and the hash of its IR.</summary>
public sealed record TracedDefinition(string Key, string Hash);

/// <summary>
/// All that specialization asked the host, in order, with the answers. Where the same questions get the same answers, specialization would make
/// the same graph: so a graph made elsewhere may be used, and the objects met on the way are what it is bound to.
/// </summary>
/// <param name="Definitions">The functions, the root first.</param>
/// <param name="Self">The receiver of the root.</param>
/// <param name="Objects">The objects by their numbers.</param>
public sealed record HostTrace(
    ImmutableArray<TracedDefinition> Definitions, HostOperand Self, ImmutableArray<HostObjectFacts> Objects, ImmutableArray<HostStep> Steps);
