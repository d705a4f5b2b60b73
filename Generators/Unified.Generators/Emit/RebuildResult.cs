namespace Unified.Generators;

/// <summary>Turns a <see cref="ResultPlan"/> into the C# expression that makes the result from <c>results</c> and, for a list, <c>count</c>.</summary>
internal static class RebuildResult
{
    public static string Expression(ResultPlan plan)
    {
        var position = 0;
        return Expression(plan, plan, ref position);
    }

    private static string Expression(ResultPlan plan, ResultPlan whole, ref int position)
    {
        switch (plan)
        {
            case TensorResult:
                return Leaf(position++, whole);
            case ListResult list:
                // The list takes what the fixed ones before and after it leave.
                var after = Fixed(whole) - position;
                var text = $"({list.Type})[.. results[{position}..(count - {after})]]";
                position = ~after;
                return text;
            case TupleResult tuple:
                var items = new List<string>();
                foreach (var item in tuple.Items)
                {
                    items.Add(Expression(item, whole, ref position));
                }

                return $"({string.Join(", ", items)})";
            default:
                throw new InvalidOperationException($"no result to rebuild from {plan}");
        }
    }

    // Behind the list positions count from the end; they are kept as the complement.
    private static string Leaf(int position, ResultPlan whole) => position >= 0 ? $"results[{position}]" : $"results[count - {~(position)}]";

    private static int Fixed(ResultPlan plan) => plan switch
    {
        TensorResult => 1,
        TupleResult tuple => tuple.Items.Sum(Fixed),
        _ => 0,
    };
}
