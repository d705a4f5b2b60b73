namespace Unified.Generators;

/// <summary>The one generated file that does not depend on the user's code.</summary>
internal static class SupportSource
{
    public const string HintName = "Unified.GuardValues.g.cs";

    /// <summary>Numbers and strings compare by value, objects by identity; without boxing, because guards run at each call.</summary>
    public static string Text => new SourceWriter().Preamble()
        .Open($"namespace {KnownNames.GeneratedNamespace}")
        .Open("internal static class GuardValues")
        .Line("[global::System.Diagnostics.StackTraceHidden, global::System.Diagnostics.DebuggerStepThrough]")
        .Line("internal static bool Same<T>(T now, object? expected) => typeof(T).IsValueType")
        .Line("    ? expected is T value ? global::System.Collections.Generic.EqualityComparer<T>.Default.Equals(now, value) : now is null && expected is null")
        .Line("    : now is string text ? text.Equals(expected as string, global::System.StringComparison.Ordinal) : ReferenceEquals(now, expected);")
        .Close()
        .Close()
        .ToString();
}
