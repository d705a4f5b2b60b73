using System.Collections.Immutable;

namespace Unified.Generators;

/// <summary>Turns the calls of static graphs in a compilation into one file of interceptors, one per called method.</summary>
internal static class InterceptorSource
{
    public static string Write(ImmutableArray<CallSite> calls)
    {
        var writer = new SourceWriter().Preamble()
            .Open("namespace System.Runtime.CompilerServices")
            .Line("[global::System.AttributeUsage(global::System.AttributeTargets.Method, AllowMultiple = true)]")
            .Open("file sealed class InterceptsLocationAttribute : global::System.Attribute")
            .Line("public InterceptsLocationAttribute(int version, string data) => _ = (version, data);")
            .Close()
            .Close()
            .Line()
            .Open($"namespace {KnownNames.GeneratedNamespace}")
            .Open("file static class Interceptors");

        // Sorted, so that the file does not depend on the order in which trees were bound.
        var targets = calls.GroupBy(c => (c.Target, c.IsEager)).OrderBy(g => g.Key.Target.Companion, StringComparer.Ordinal).ThenBy(g => g.Key.IsEager);
        foreach (var target in targets)
        {
            foreach (var attribute in target.Select(c => c.Attribute).Distinct().OrderBy(a => a, StringComparer.Ordinal))
            {
                writer.Line(attribute);
            }

            Write(writer, target.Key.Target, target.Key.IsEager);
        }

        return writer.Close().Close().ToString();
    }

    /// <summary>
    /// Inlined, and with something to do after the call, the redirection is no tail call of the user's method: <c>=> _layer.Forward(x)</c> keeps its
    /// frame in a stack trace of optimized code.
    /// </summary>
    private static void Write(SourceWriter writer, MethodSignature target, bool isEager)
    {
        var isVoid = target.Result is VoidResult;
        writer.Line(CompanionSource.Hidden)
            .Line("[global::System.Runtime.CompilerServices.MethodImpl(global::System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]")
            .Open($"internal static {target.ReturnType} {target.Companion.Substring(2)}{(isEager ? "_Eager" : "")}{target.TypeArguments}({target.Declarations("this ")}){target.Constraints}");
        if (isEager)
        {
            writer.Line($"global::Unified.GraphRuntime.SayReference({PackedLiteral.Plain(target.Key)});");
        }

        writer.Line($"{(isVoid ? "" : "var result = ")}global::{KnownNames.GeneratedNamespace}.{target.Companion}.{(isEager ? "Eager" : "Invoke")}{target.TypeArguments}({target.ArgumentsWithSelf});")
            .Line("global::System.GC.KeepAlive(null);");
        (isVoid ? writer : writer.Line("return result;")).Close().Line();
    }
}
