using System.Collections.Immutable;

namespace Unified.Generators;

/// <summary>
/// Turns a captured method into its companion: the IR, the definition that the runtime gets, and <c>Invoke</c>, which
/// intercepted calls go to.
/// </summary>
internal static class CompanionSource
{
    /// <summary>On generated frames, so that a user's stack trace and stepping show only the user's.</summary>
    public const string Hidden = "[global::System.Diagnostics.StackTraceHidden, global::System.Diagnostics.DebuggerStepThrough]";

    /// <summary>On what calls the user's method: it is neither inlined there nor left by a tail call, so that its frame stays in a stack trace.</summary>
    public const string CallsUser =
        "[global::System.Runtime.CompilerServices.MethodImpl(global::System.Runtime.CompilerServices.MethodImplOptions.NoOptimization)]";

    private const string Definition = "global::Unified.Ir.FunctionDefinition";

    // What base.M() means: the graph of this method and not of an override.
    private const string OwnDefinition = nameof(OwnDefinition);

    public static string Write(StaticGraphMethod method)
    {
        var writer = new SourceWriter().Preamble();
        PartialHalfSource.Write(writer, method);
        writer.Open($"namespace {KnownNames.GeneratedNamespace}");
        if (method.Text is not null)
        {
            writer.Lines("/*\n" + method.Text.Replace("*/", "* /").TrimEnd('\n') + "\n*/");
        }

        var signature = method.Signature;
        writer.Line($"/// <summary>{Summary(method)}</summary>");
        Open(writer, signature.IsPublic, signature.Companion);
        WriteDefinition(writer, method);
        WriteResolve(writer, method);
        WriteDefinitionFor(writer, method);
        if (signature.CanBeCalled)
        {
            writer.Line();
            WriteInvoke(writer, method);
        }

        return writer.Close().Close().ToString();
    }

    // What an editor shows where the companion is named.
    private static string Summary(StaticGraphMethod method) => new System.Xml.Linq.XText(
        method.Inferred is { } inferred ? inferred
        : method.Packed is not null || !method.Signature.HasBody ? $"The graph of {method.Signature.Name}."
        : $"{method.Signature.Name} is no graph and runs eagerly: it has errors.").ToString();

    /// <summary>For a method that cannot be a graph: callers find it, and that there is none.</summary>
    /// <param name="typeParameters">As many as a call says, where its graph is found by them.</param>
    public static string Placeholder(string companion, bool isPublic, int typeParameters)
    {
        var types = typeParameters == 0 ? "" : $"<{string.Join(", ", Enumerable.Range(0, typeParameters).Select(i => $"T{i}"))}>";
        var writer = new SourceWriter().Preamble().Open($"namespace {KnownNames.GeneratedNamespace}");
        Open(writer, isPublic, companion);
        return writer.Line($"public static {Definition}? {OwnDefinition} => null;").Line()
            .Line($"public static {Definition}? DefinitionFor{types}(object? receiver) => null;").Close().Close().ToString();
    }

    private static void Open(SourceWriter writer, bool isPublic, string companion) => writer
        .Line("[global::System.ComponentModel.EditorBrowsable(global::System.ComponentModel.EditorBrowsableState.Never)]")
        .Open($"{(isPublic ? "public" : "internal")} static class {companion}");

    private static void WriteDefinition(SourceWriter writer, StaticGraphMethod method)
    {
        var signature = method.Signature;
        if (method.Packed is null)
        {
            return;
        }

        writer.Line($"public const string Ir = {PackedLiteral.Of(method.Packed)};").Line();
        if (!signature.IsGeneric)
        {
            writer.Line($"public static readonly {Definition} Definition = {NewDefinition(method)};").Line();
        }
    }

    /// <summary>Also used by the partial half of a generic type, which holds the definition of each of its instantiations.</summary>
    public static string NewDefinition(StaticGraphMethod method)
    {
        var signature = method.Signature;
        var companion = $"global::{KnownNames.GeneratedNamespace}.{signature.Companion}";
        var invoke = method.Thunks.IsEmpty
            ? "static (thunk, _, _) => throw new global::System.ArgumentOutOfRangeException(nameof(thunk))"
            : $"{signature.Self}.__UnifiedInvoke_{signature.Suffix}{signature.OwnTypeArguments}";
        var check = method.Guards.IsEmpty
            ? "static (_, _, _, _) => true"
            : $"{signature.Self}.__UnifiedCheck_{signature.Suffix}{signature.OwnTypeArguments}";
        var resolve = method.Callees.IsEmpty ? "static (_, _) => null" : $"{companion}.Resolve{signature.TypeArguments}";
        return $"new({Key(signature)}, {companion}.Ir, {invoke}, {check}, {resolve})";
    }

    // Graphs of other type arguments are other graphs, also among those that an app ships with.
    private static string Key(MethodSignature signature) => PackedLiteral.Plain(signature.Key)
        + (signature.IsGeneric ? $" + \"<\" + string.Join(\", \", new global::System.Type[] {{ {string.Join(", ", signature.TypeParameters.Select(p => $"typeof({p.Name})"))} }} as object[]) + \">\"" : "");

    private static void WriteResolve(SourceWriter writer, StaticGraphMethod method)
    {
        if (method.Packed is null || method.Callees.IsEmpty)
        {
            return;
        }

        var signature = method.Signature;
        writer.Open($"internal static {Definition}? Resolve{signature.TypeArguments}(int callee, object? receiver){signature.Constraints} => callee switch");
        foreach (var callee in method.Callees)
        {
            var found = callee.CompanionName.Length == 0
                ? "null"
                : $"global::{KnownNames.GeneratedNamespace}.{callee.CompanionName}.{(callee.IsBaseCall ? OwnDefinition : $"DefinitionFor{callee.TypeArguments}(receiver)")}";
            writer.Line($"{callee.Number} => {found},");
        }

        writer.Line("_ => throw new global::System.ArgumentOutOfRangeException(nameof(callee)),").Close("};").Line();
    }

    private static void WriteDefinitionFor(SourceWriter writer, StaticGraphMethod method)
    {
        var signature = method.Signature;
        var own = method.Packed is null || signature.IsGeneric ? "null" : "Definition";
        if (signature.IsVirtual && signature.HasBody)
        {
            writer.Line($"public static {Definition}? {OwnDefinition} => {own};").Line();
        }

        var head = $"public static {Definition}? DefinitionFor(object? receiver)";
        if (signature.IsFoundByTypes)
        {
            var found = method.Packed is null ? "null" : GraphOf(method)!.Value.Expression;
            writer.Line($"public static {Definition}? DefinitionFor{signature.TypeArguments}(object? receiver){signature.Constraints} => {found};");
            return;
        }

        if (signature.IsVirtual && !signature.OpensSlot)
        {
            writer.Line($"{head} => global::{KnownNames.GeneratedNamespace}.{signature.Root}.DefinitionFor(receiver);");
        }
        else if (signature.OpensSlot || (signature.IsGeneric && !signature.IsStatic))
        {
            WriteSlot(writer, head);
        }
        else
        {
            writer.Line($"{head} => {own};");
        }
    }

    /// <summary>The receiver says itself which graph it has; a type that overrides the method without one says so by not being its owner.</summary>
    private static void WriteSlot(SourceWriter writer, string head) => writer
        .Line("private static readonly global::System.Runtime.CompilerServices.ConditionalWeakTable<global::System.Type, Found> s_found = new();")
        .Line()
        .Line($"private sealed record Found({Definition}? Definition);")
        .Line()
        .Open("public interface ISlot")
        .Line($"{Definition}? Get();")
        .Close()
        .Line()
        .Line("[global::System.Diagnostics.StackTraceHidden]")
        .Open(head)
        .Open("if (receiver is null)")
        .Line("return null;")
        .Close()
        .Line()
        .Line("var type = receiver.GetType();")
        .Open("if (!s_found.TryGetValue(type, out var found))")
        .Line("found = s_found.GetValue(type, _ => new Found((receiver as ISlot)?.Get()));")
        .Close()
        .Line()
        .Line("return found.Definition;")
        .Close();

    private static void WriteInvoke(SourceWriter writer, StaticGraphMethod method)
    {
        var signature = method.Signature;
        var returns = signature.Result is VoidResult ? "" : "return ";
        writer.Line(Hidden)
            .Open($"public static {signature.ReturnType} Invoke{signature.TypeArguments}({signature.Declarations("")}){signature.Constraints}");
        if (GraphOf(method) is { } graph)
        {
            writer.Open($"if (global::Unified.GraphRuntime.IsGraph{graph.Condition}{string.Concat(signature.Parameters.SelectMany(p => p.NotNull.Select(path => $" && {p.Name}{path} is not null")))})");
            WriteRun(writer, signature, graph.Expression);
            writer.Close().Line();
        }

        writer.Line($"{returns}Eager{signature.TypeArguments}({signature.ArgumentsWithSelf});").Close().Line()
            .Line(Hidden)
            .Line(CallsUser)
            .Line($"public static {signature.ReturnType} Eager{signature.TypeArguments}({signature.Declarations("")}){signature.Constraints} => {signature.EagerCall};");
    }

    /// <summary>Where the graph comes from, and what else must hold for the call to run it; null: it never does.</summary>
    private static (string Condition, string Expression)? GraphOf(StaticGraphMethod method)
    {
        var signature = method.Signature;
        if (signature.IsVirtual)
        {
            return (" && DefinitionFor(self) is { } definition", "definition");
        }

        return method.Packed is null ? null
            : ("", signature.IsGeneric ? $"{signature.Self}.__UnifiedGraph_{signature.Suffix}{signature.OwnTypeArguments}.Definition" : "Definition");
    }

    private static void WriteRun(SourceWriter writer, MethodSignature signature, string graph)
    {
        var self = signature.IsStatic ? "null" : "self";
        var arguments = string.Join(", ", signature.Parameters.SelectMany(p => p.Parts.Select(part => Argument(p.Name + part.Path, part.Form))));
        string Run(string results) => $"global::Unified.GraphRuntime.TryRun({graph}, {self}, [{arguments}], {results})";
        switch (signature.Given)
        {
            case VoidResult:
                writer.Open($"if ({Run("[]")})").Line("return;").Close();
                break;
            case TensorResult:
                writer.Line("global::Unified.Tensor result = null!;")
                    .Open($"if ({Run("new global::System.Span<global::Unified.Tensor>(ref result)")})").Line("return result;").Close();
                break;
            case { Count: >= 0 } plan:
                writer.Line($"global::System.Span<global::Unified.Tensor> results = [{string.Join(", ", Enumerable.Repeat("null!", plan.Count))}];")
                    .Open($"if ({Run("results")})");
                WriteResult(writer, signature);
                break;
            default:
                writer.Open($"if ({Run("out global::Unified.Tensor[] results")})");
                WriteResult(writer, signature);
                break;
        }
    }

    private static void WriteResult(SourceWriter writer, MethodSignature signature)
    {
        var back = signature.Parameters.Where(p => p.Back is not null).ToImmutableArray();
        var isVoid = signature.Result is VoidResult;
        var values = RebuildResult.Expressions([.. (isVoid ? [] : new[] { signature.Result }).Concat(back.Select(p => p.Back!))]);
        for (var i = 0; i < back.Length; i++)
        {
            writer.Line($"{back[i].Name} = {values[isVoid ? i : i + 1]};");
        }

        writer.Line(isVoid ? "return;" : $"return {values[0]};").Close();
    }

    private static string Argument(string value, ArgumentForm form) => form switch
    {
        ArgumentForm.Object => $"global::Unified.Argument.Of((object?){value})",
        ArgumentForm.TensorList => $"global::Unified.Argument.Of((global::System.Collections.Generic.IReadOnlyList<global::Unified.Tensor>){value})",
        ArgumentForm.Generic => $"global::Unified.Argument.OfType({value})",
        _ => $"global::Unified.Argument.Of({value})",
    };
}
