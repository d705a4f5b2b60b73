using System.Collections.Immutable;

namespace Unified.Generators;

/// <summary>How a parameter travels to the runtime: which <c>Argument.Of</c> takes it.</summary>
internal enum ArgumentForm
{
    Tensor,
    TensorList,
    Number,
    Object,

    /// <summary>Of a type parameter: what it is, its type argument says.</summary>
    Generic,
}

/// <param name="Modifier"><c>ref </c> and the like; empty for a parameter by value.</param>
/// <param name="Parts">What of it travels: it itself, or its members; nothing of an <c>out</c> parameter.</param>
/// <param name="NotNull">The ways to objects in it that must be there for that.</param>
/// <param name="Back">How the variable's value is put together after the run, where it is <c>ref</c> or <c>out</c>.</param>
internal sealed record SignatureParameter(
    string Modifier, string Type, string Name, EquatableArray<SignaturePart> Parts, EquatableArray<string> NotNull, ResultPlan? Back)
{
    /// <summary>As an argument of another call.</summary>
    public string Argument => (Modifier == "ref readonly " ? "in " : Modifier) + Name;

    public string Declaration => $"{Modifier}{Type} {Name}";
}

/// <param name="Path">What is written behind the parameter's name: <c>.Left</c>, or nothing.</param>
internal sealed record SignaturePart(string Path, ArgumentForm Form);

/// <summary>A type parameter of the containing types, outermost first, or of the method.</summary>
internal sealed record SignatureTypeParameter(string Name, string Constraints);

/// <summary>One level of nesting: <c>partial class Mlp&lt;T&gt;</c>.</summary>
internal sealed record TypeHeader(string Declaration);

/// <summary>
/// A virtual slot that a method fills: calls through the slot mean this method when it is the receiver's most derived one.
/// </summary>
/// <param name="Companion">Of the method that opened the slot.</param>
/// <param name="Receiver">What <c>this</c> is seen as, so that the call goes through the slot: empty, or an interface.</param>
internal sealed record SlotFilled(string Companion, string Receiver);

/// <summary>All that the generated text says about a static graph's declaration. Types are written out in full.</summary>
/// <param name="Key">Documentation comment id.</param>
/// <param name="Self">The containing type.</param>
/// <param name="OwnTypeParameters">How many of the last type parameters are the method's own.</param>
/// <param name="Headers">The containing types, outermost first.</param>
/// <param name="IsPublic">The companion can be public.</param>
/// <param name="NeedsBridge">The method cannot be called from outside its type.</param>
/// <param name="CanBeCalled">A call site can name it: everything but an explicit interface implementation.</param>
/// <param name="HasBody">There is something to capture.</param>
/// <param name="Root">The companion that decides which override a receiver has; this one's own for the method that opens the slot; empty: not virtual.</param>
/// <param name="Slots">The slots that its graph fills.</param>
internal sealed record MethodSignature(
    string Key,
    string Name,
    string Companion,
    string Namespace,
    string Self,
    EquatableArray<TypeHeader> Headers,
    EquatableArray<SignatureTypeParameter> TypeParameters,
    int OwnTypeParameters,
    EquatableArray<SignatureParameter> Parameters,
    string ReturnType,
    ResultPlan Result,
    bool IsStatic,
    bool IsExtension,
    bool IsPublic,
    bool NeedsBridge,
    bool CanBeCalled,
    bool HasBody,
    string Root,
    EquatableArray<SlotFilled> Slots)
{
    public bool IsVirtual => Root.Length > 0;

    public bool OpensSlot => Root == Companion;

    public bool IsGeneric => !TypeParameters.IsEmpty;

    /// <summary>Its graph is found by its type arguments alone: no receiver knows them.</summary>
    public bool IsFoundByTypes => IsGeneric && (IsStatic || OwnTypeParameters > 0);

    /// <summary><c>&lt;T, U&gt;</c> or nothing.</summary>
    public string TypeArguments => Arguments(TypeParameters);

    public string Constraints => ConstraintsOf(TypeParameters);

    /// <summary>Of the method itself, inside of its type.</summary>
    public string OwnTypeArguments => Arguments(Own);

    public string OwnConstraints => ConstraintsOf(Own);

    private IEnumerable<SignatureTypeParameter> Own => TypeParameters.Skip(TypeParameters.Length - OwnTypeParameters);

    private static string Arguments(IEnumerable<SignatureTypeParameter> parameters) => parameters.Any() ? "<" + string.Join(", ", parameters.Select(p => p.Name)) + ">" : "";

    private static string ConstraintsOf(IEnumerable<SignatureTypeParameter> parameters) =>
        string.Concat(parameters.Where(p => p.Constraints.Length > 0).Select(p => " " + p.Constraints));

    /// <summary><c>self, x</c>-style declarations and arguments; the receiver first where there is one.</summary>
    public string Declarations(string receiverModifier) =>
        string.Join(", ", (IsStatic ? [] : new[] { $"{receiverModifier}{Self} self" })
            .Concat(Parameters.Select((p, i) => (IsExtension && i == 0 ? receiverModifier : "") + p.Declaration)));

    private string ValueArguments => string.Join(", ", Parameters.Select(p => p.Argument));

    public string ArgumentsWithSelf => string.Join(", ", (IsStatic ? [] : new[] { "self" }).Concat(Parameters.Select(p => p.Argument)));

    /// <summary>What the graph gives: the result, then the variables that a caller gets back.</summary>
    public ResultPlan Given => Parameters.Any(p => p.Back is not null)
        ? new TupleResult((Result is VoidResult ? [] : new[] { Result }).Concat(Parameters.Select(p => p.Back).OfType<ResultPlan>()).ToImmutableArray())
        : Result;

    /// <summary>Short and unique in the type: the hash of the companion's name.</summary>
    public string Suffix => Companion.Substring(Companion.LastIndexOf('_') + 1);

    /// <summary>The call of the user's own body.</summary>
    public string EagerCall =>
        NeedsBridge ? $"{Self}.__UnifiedEager_{Suffix}{OwnTypeArguments}({ArgumentsWithSelf})" : DirectCall;

    /// <summary>The same, from inside the type.</summary>
    public string DirectCall => $"{(IsStatic ? Self : "self")}.{Name}{OwnTypeArguments}({ValueArguments})";
}
