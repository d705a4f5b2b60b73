using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>A loop's body made into a step of the walk back over its turns.</summary>
/// <param name="Step">From what a turn started with, the cotangents of what it ended with, sums of cotangents, and the arguments, to the
/// cotangents of what it started with and the new sums.</param>
/// <param name="Saved">The carried values that it needs as a turn started with them.</param>
/// <param name="Carried">The carried values with cotangents.</param>
/// <param name="Kept">Further ones whose cotangents a turn reads but leaves as they are, as of a tensor that each turn writes a part of: the step takes them
/// as its first arguments.</param>
/// <param name="Arguments">The arguments of the body whose cotangents are summed over the turns.</param>
internal sealed record LoopGradient(Graph Step, ImmutableArray<int> Saved, ImmutableArray<int> Carried, ImmutableArray<int> Kept, ImmutableArray<int> Arguments);

/// <summary>
/// Turns the body of a loop into the step of the walk back. A turn is computed again from what it started with: only that is recorded as the
/// loop runs, on a tape that grows with the turns, so that their number need not be known.
/// </summary>
internal static class LoopGradients
{
    /// <param name="carried">How many of the body's inputs go around.</param>
    /// <param name="activeInputs">The inputs that gradients are wanted for.</param>
    /// <param name="activeResults">The carried values that gradients arrive for after the loop.</param>
    public static LoopGradient Of(
        Graph body, int carried, ImmutableArray<bool> activeInputs, ImmutableArray<bool> activeResults, CallGradients calls, string name)
    {
        var (activity, around) = Settle(body, carried, activeInputs, activeResults);
        ImmutableArray<int> arguments = [.. Enumerable.Range(0, body.Inputs.Length - carried).Where(a => activeInputs[carried + a] && activity.IsActive(carried + a))];

        var builder = new GraphBuilder(name);
        var map = new OpValue[body.ValueCount];
        for (var i = 0; i < carried; i++)
        {
            map[i] = builder.Input($"s_{i}", body.TypeOf(i), InputKind.Argument);
        }

        var cotangents = new Dictionary<OpValue, OpValue>();
        OpValue[] seeds = [.. around.Select(i => builder.Input($"d_{i}", body.TypeOf(i), InputKind.Argument))];
        OpValue[] sums = [.. arguments.Select(a => builder.Input($"sum_{a}", body.TypeOf(carried + a), InputKind.Argument))];
        for (var i = carried; i < body.Inputs.Length; i++)
        {
            map[i] = builder.Input(body.Inputs[i].Name, body.TypeOf(i), InputKind.Argument);
        }

        var tape = new Tape(body, activity, builder, calls);
        foreach (var node in body.Nodes)
        {
            GraphRewriter.Visit(body, node, builder, map, (_, n, o) => tape.Record(n, o));
        }

        for (var k = 0; k < around.Length; k++)
        {
            var end = map[body.Outputs[around[k] + 1].Value];
            cotangents[end] = cotangents.TryGetValue(end, out var sum) ? sum + seeds[k] : seeds[k];
        }

        var leaving = tape.Backward(cotangents, [.. around.Select(i => map[i]), .. arguments.Select(a => map[carried + a])]);
        ImmutableArray<bool> isKept = [.. around.Select((_, k) => ReferenceEquals(leaving[k], seeds[k]))];
        foreach (var k in Enumerable.Range(0, around.Length).Where(k => !isKept[k]))
        {
            builder.Output(leaving[k] ?? builder.ZerosLike(seeds[k]), OutputKind.Result);
        }

        for (var k = 0; k < arguments.Length; k++)
        {
            builder.Output(leaving[around.Length + k] is { } cotangent ? sums[k] + cotangent : sums[k], OutputKind.Result);
        }

        int[] order =
        [
            .. Enumerable.Range(0, carried), .. Seeds(false), .. Enumerable.Range(carried + around.Length, arguments.Length), .. Seeds(true),
            .. Enumerable.Range(carried + around.Length + arguments.Length, body.Inputs.Length - carried),
        ];
        var (step, saved) = WithoutUnused(EliminateDeadCode.Prune(builder.Build()), carried, order);
        return new LoopGradient(step, saved, Around(false), Around(true), arguments);

        IEnumerable<int> Seeds(bool kept) => Enumerable.Range(0, around.Length).Where(k => isKept[k] == kept).Select(k => carried + k);

        ImmutableArray<int> Around(bool kept) => [.. around.Where((_, k) => isKept[k] == kept)];
    }

    /// <summary>What depends on an active value in one turn may reach, and be reached from, any other in the next.</summary>
    private static (Activity Activity, ImmutableArray<int> Around) Settle(Graph body, int carried, ImmutableArray<bool> activeInputs, ImmutableArray<bool> activeResults)
    {
        var sources = Enumerable.Range(0, body.Inputs.Length).Where(i => activeInputs[i]).ToHashSet();
        var targets = Enumerable.Range(0, carried).Where(i => activeResults[i]).ToHashSet();
        while (true)
        {
            var activity = Activity.Of(body, sources, targets.Select(i => body.Outputs[i + 1].Value));
            var grown = false;
            for (var i = 0; i < carried; i++)
            {
                grown |= activity.DependsOnSources(body.Outputs[i + 1].Value) && sources.Add(i);
                grown |= activity.InfluencesTargets(i) && targets.Add(i);
            }

            if (!grown)
            {
                return (activity, [.. sources.Where(targets.Contains).Order()]);
            }
        }
    }

    /// <summary>The step without the recorded values that it does not read.</summary>
    /// <param name="order">Its inputs in the order that they are to have.</param>
    private static (Graph Step, ImmutableArray<int> Saved) WithoutUnused(Graph step, int carried, int[] order)
    {
        var used = step.Nodes.SelectMany(n => n.Operands).Concat(step.Outputs.Select(o => o.Value)).ToHashSet();
        ImmutableArray<int> saved = [.. Enumerable.Range(0, carried).Where(used.Contains)];
        var builder = new GraphBuilder(step.Name);
        var map = new OpValue[step.ValueCount];
        foreach (var i in order.Where(i => i >= carried || saved.Contains(i)))
        {
            map[i] = builder.Input(step.Inputs[i].Name, step.Inputs[i].Type, step.Inputs[i].Kind);
        }

        foreach (var node in step.Nodes)
        {
            GraphRewriter.Visit(step, node, builder, map, static (_, _, _) => null);
        }

        foreach (var output in step.Outputs)
        {
            builder.Output(map[output.Value], output.Kind);
        }

        return (builder.Build(), saved);
    }
}
