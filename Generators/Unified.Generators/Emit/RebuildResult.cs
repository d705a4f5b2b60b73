using System.Collections.Immutable;

namespace Unified.Generators;

/// <summary>
/// Turns a <see cref="ResultPlan"/> into the C# expression that makes the result from <c>results</c>: a span, or with a list in it
/// an array of exactly the tensors there are.
/// </summary>
internal static class RebuildResult
{
    public static string Expression(ResultPlan plan) => Expressions([plan])[0];

    /// <summary>One expression per plan; their tensors come one plan after the other.</summary>
    public static ImmutableArray<string> Expressions(ImmutableArray<ResultPlan> plans)
    {
        var (before, total) = (0, plans.Sum(Fixed));
        var isBehindList = false;
        return [.. plans.Select(Write)];

        // Behind the list, positions count from the end.
        string Write(ResultPlan part)
        {
            switch (part)
            {
                case TensorResult:
                    return Next();
                case NumberResult number:
                    return $"{Next()}.Item<{number.Type}>()";
                case ListResult list:
                    // The list takes what the fixed ones before and after it leave.
                    isBehindList = true;
                    return $"({list.Type})[.. results[{before}..^{total - before}]]";
                case TupleResult tuple:
                    return $"({string.Join(", ", tuple.Items.Select(Write))})";
                case RecordResult record:
                    return $"new {record.Type}({string.Join(", ", record.Items.Select(Write))})";
                default:
                    throw new InvalidOperationException($"no result to rebuild from {part}");
            }
        }

        string Next()
        {
            before++;
            return isBehindList ? $"results[^{total - before + 1}]" : $"results[{before - 1}]";
        }
    }

    private static int Fixed(ResultPlan plan) => plan switch
    {
        TensorResult or NumberResult => 1,
        TupleResult tuple => tuple.Items.Sum(Fixed),
        RecordResult record => record.Items.Sum(Fixed),
        _ => 0,
    };
}
