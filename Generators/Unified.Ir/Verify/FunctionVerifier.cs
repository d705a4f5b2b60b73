using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Turns a function into the list of the rules it breaks: empty for a valid one.</summary>
public static class FunctionVerifier
{
    private static readonly ImmutableArray<FunctionRule> Rules = [.. RegisterRules.Rows, .. InstructionRules.Rows];

    public static ImmutableArray<string> RuleNames { get; } = [.. Rules.Select(r => r.Name)];

    public static ImmutableArray<string> Verify(Function function)
    {
        var view = new FunctionView(function, FunctionSite.Of(function));
        return [.. Rules.SelectMany(r => r.Check(view).Select(problem => $"func @{function.Key}: {r.Name}: {problem}"))];
    }

    /// <exception cref="IrVerifyException">The function breaks rules.</exception>
    public static void Check(Function function)
    {
        var problems = Verify(function);
        if (!problems.IsEmpty)
        {
            throw new IrVerifyException($"func @{function.Key}", problems);
        }
    }
}
