namespace Unified.Generators;

/// <summary>
/// Turns a captured method's host expressions into members of its own type, where they mean what the user wrote: the
/// thunks, and the ways in that the companion uses.
/// </summary>
internal static class PartialHalfSource
{
    public static void Write(SourceWriter writer, StaticGraphMethod method)
    {
        var signature = method.Signature;
        if (method.Packed is null && !signature.NeedsBridge)
        {
            return;
        }

        if (method.Usings.Outer.Length > 0)
        {
            writer.Lines(method.Usings.Outer).Line();
        }

        if (signature.Namespace.Length > 0)
        {
            writer.Open($"namespace {signature.Namespace}");
            if (method.Usings.Inner.Length > 0)
            {
                writer.Lines(method.Usings.Inner).Line();
            }
        }

        WriteType(writer, method);
        if (signature.Namespace.Length > 0)
        {
            writer.Close();
        }

        writer.Line();
    }

    private static void WriteType(SourceWriter writer, StaticGraphMethod method)
    {
        var signature = method.Signature;
        var slots = method.Packed is null ? [] : signature.Slots.Items;
        var last = signature.Headers.Length - 1;
        for (var i = 0; i <= last; i++)
        {
            var interfaces = i == last && !slots.IsEmpty ? " : " + string.Join(", ", slots.Select(s => Slot(s.Companion))) : "";
            writer.Open(signature.Headers[i].Declaration + interfaces);
        }

        if (signature.NeedsBridge)
        {
            writer.Line(CompanionSource.Hidden)
                .Line(CompanionSource.CallsUser)
                .Line($"internal static {signature.ReturnType} __UnifiedEager_{signature.Suffix}{signature.OwnTypeArguments}({signature.Declarations("")}){signature.OwnConstraints} => {signature.DirectCall};")
                .Line();
        }

        if (method.Packed is not null)
        {
            WriteThunks(writer, method);
            WriteInvoke(writer, method);
            WriteCheck(writer, method);
            WriteSlots(writer, method);
            if (signature.IsGeneric)
            {
                writer.Open($"internal static class __UnifiedGraph_{signature.Suffix}{signature.OwnTypeArguments}{signature.OwnConstraints}")
                    .Line($"internal static readonly global::Unified.Ir.FunctionDefinition Definition = {CompanionSource.NewDefinition(method)};")
                    .Close();
            }
        }

        foreach (var _ in signature.Headers)
        {
            writer.Close();
        }
    }

    private static string Thunk(MethodSignature signature, int number) => $"__UnifiedThunk_{signature.Suffix}_{number}";

    private static void WriteThunks(SourceWriter writer, StaticGraphMethod method)
    {
        foreach (var thunk in method.Thunks)
        {
            var modifier = thunk.IsStatic ? "private static" : "private";
            var parameters = string.Join(", ", thunk.Parameters.Select(p => $"{p.Type} {p.Name}"));
            var head = $"{modifier} {(thunk.IsSetter ? "void" : thunk.ResultType)} {Thunk(method.Signature, thunk.Number)}{method.Signature.OwnTypeArguments}({parameters}){method.Signature.OwnConstraints}";
            writer.Line(CompanionSource.Hidden).Verbatim($"{head} => {thunk.Expression};").Line();
        }
    }

    private static string Call(MethodSignature signature, ThunkSource thunk)
    {
        var receiver = thunk.IsStatic ? "" : $"(({signature.Self})self!).";
        var arguments = thunk.Parameters.Select((p, i) => $"({p.Type})arguments[{i}]!");
        return $"{receiver}{Thunk(signature, thunk.Number)}{signature.OwnTypeArguments}({string.Join(", ", arguments)})";
    }

    private static void WriteInvoke(SourceWriter writer, StaticGraphMethod method)
    {
        if (method.Thunks.IsEmpty)
        {
            return;
        }

        writer.Line(CompanionSource.Hidden)
            .Open($"internal static object? __UnifiedInvoke_{method.Signature.Suffix}{method.Signature.OwnTypeArguments}(int thunk, object? self, object?[] arguments){method.Signature.OwnConstraints}")
            .Open("switch (thunk)");
        foreach (var thunk in method.Thunks)
        {
            var call = Call(method.Signature, thunk);
            writer.Line($"case {thunk.Number}: {(thunk.IsSetter ? $"{call}; return null;" : $"return {call};")}");
        }

        writer.Line("default: throw new global::System.ArgumentOutOfRangeException(nameof(thunk));").Close().Close().Line();
    }

    private static void WriteCheck(SourceWriter writer, StaticGraphMethod method)
    {
        if (method.Guards.IsEmpty)
        {
            return;
        }

        writer.Line(CompanionSource.Hidden)
            .Open($"internal static bool __UnifiedCheck_{method.Signature.Suffix}{method.Signature.OwnTypeArguments}(int thunk, object? self, object?[] arguments, object? expected){method.Signature.OwnConstraints}")
            .Open("switch (thunk)");
        foreach (var thunk in method.Thunks.Where(t => method.Guards.Contains(t.Number)))
        {
            writer.Line($"case {thunk.Number}: return global::Unified.Generated.GuardValues.Same({Call(method.Signature, thunk)}, expected);");
        }

        writer.Line("default: throw new global::System.ArgumentOutOfRangeException(nameof(thunk));").Close().Close().Line();
    }

    /// <summary>
    /// The delegate shows which method the slot holds for this receiver. Another one than this type's is an override that
    /// is not a static graph: to answer with this graph would be silently wrong.
    /// </summary>
    private static void WriteSlots(SourceWriter writer, StaticGraphMethod method)
    {
        var signature = method.Signature;
        if (signature.Slots.IsEmpty)
        {
            return;
        }

        var parameters = string.Join(", ", signature.Parameters.Select(p => p.Declaration));
        var graph = signature.IsGeneric ? $"__UnifiedGraph_{signature.Suffix}" : $"global::{KnownNames.GeneratedNamespace}.{signature.Companion}";
        writer.Line($"private delegate {signature.ReturnType} __UnifiedSlot_{signature.Suffix}({parameters});").Line();
        foreach (var slot in signature.Slots)
        {
            var receiver = slot.Receiver.Length == 0 ? "this" : $"(({slot.Receiver})this)";
            var name = signature.Name.Substring(signature.Name.LastIndexOf('.') + 1);
            writer.Open($"global::Unified.Ir.FunctionDefinition? {Slot(slot.Companion)}.Get()")
                .Line($"__UnifiedSlot_{signature.Suffix} slot = {receiver}.{name};");
            if (signature.IsVirtual && slot.Companion != signature.Root)
            {
                // An interface's slot that leads on to a virtual method: that one's slot knows the overrides.
                writer.Line($"__UnifiedSlot_{signature.Suffix} next = this.{name};")
                    .Line($"return slot.Method == next.Method ? global::{KnownNames.GeneratedNamespace}.{signature.Root}.DefinitionFor(this) : null;");
            }
            else
            {
                writer.Line($"return slot.Method.DeclaringType == typeof({signature.Self}) ? {graph}.Definition : null;");
            }

            writer.Close().Line();
        }
    }

    private static string Slot(string companion) => $"global::{KnownNames.GeneratedNamespace}.{companion}.ISlot";
}
