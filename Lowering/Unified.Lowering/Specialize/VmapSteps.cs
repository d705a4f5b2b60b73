using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary><c>Vmap</c>: the body runs in place for one example; where the examples begin and end is left for a pass to expand.</summary>
internal static class VmapSteps
{
    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<VmapInstruction>((f, i) => f[i.Result] = Vmap(f, i)),
        Step.Of<ExampleInstruction>((f, i) => f[i.Result] = new TensorValue(f.Examples[f.Int(f[i.Input], "the number of an input")])),
    ];

    private static Value Vmap(Frame frame, VmapInstruction step)
    {
        ImmutableArray<OpValue> inputs = [.. step.Inputs.Select(i => frame.Tensor(frame[i]))];
        var examples = ImmutableArray.CreateBuilder<OpValue>();
        Dim? size = null;
        for (var i = 0; i < inputs.Length; i++)
        {
            var (axis, rank) = (frame.Int(frame[step.Axes[i]], "an axis of Vmap"), inputs[i].Type.Rank);
            var from = axis < 0 ? axis + rank : axis;
            if (from < 0 || from >= rank)
            {
                throw frame.Fail($"Vmap: axis {axis} is out of range for {inputs[i].Type}");
            }

            size ??= inputs[i].Shape[from];
            if (inputs[i].Shape[from] != size)
            {
                throw frame.Fail($"Vmap: one tensor has {size} examples, another, {inputs[i].Type} along axis {axis}, has {inputs[i].Shape[from]}");
            }

            examples.Add(frame.Builder.Example(inputs[i], from));
        }

        var outer = frame.Examples;
        frame.Examples = examples.ToImmutable();
        frame.Session.Maps++;
        var yielded = Interpreter.Yield(frame, step.Body);
        frame.Session.Maps--;
        frame.Examples = outer;
        var list = yielded is AggregateValue ? frame.TryItems(yielded) : null;
        ImmutableArray<OpValue> results = [.. (list ?? [yielded]).Select(frame.Tensor)];
        var outAxis = frame.Int(frame[step.OutAxis], "an axis of Vmap");
        ImmutableArray<int> axes = [.. results.Select(r => outAxis < 0 ? outAxis + r.Type.Rank + 1 : outAxis)];
        for (var i = 0; i < results.Length; i++)
        {
            if (axes[i] < 0 || axes[i] > results[i].Type.Rank)
            {
                throw frame.Fail($"Vmap: axis {outAxis} is out of range for results {results[i].Type}");
            }
        }

        ImmutableArray<Value> all = results.IsEmpty ? []
            : [.. frame.Builder.Examples(results, examples.ToImmutable(), size!, axes).Select(r => new TensorValue(r))];
        return list is null ? all[0] : new AggregateValue(all);
    }
}
