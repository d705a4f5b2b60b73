using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>Turns a recorded function into one bound to the objects of this process.</summary>
internal static class BindRecorded
{
    /// <summary>The signature with this call's host values; null where the call's arguments are of other kinds, types or constant sizes.</summary>
    public static ImmutableArray<ArgumentSpec>? Signature(ImmutableArray<ArgumentSpec> recorded, ReadOnlySpan<Argument> arguments)
    {
        if (recorded.Length != arguments.Length)
        {
            return null;
        }

        var specs = ImmutableArray.CreateBuilder<ArgumentSpec>(recorded.Length);
        for (var i = 0; i < recorded.Length; i++)
        {
            var spec = (recorded[i], arguments[i].Kind) switch
            {
                (TensorSpec t, ArgumentKind.Tensor) when ReplayTrace.Fits(t.Type, ((Tensor)arguments[i].Reference!).Type) => t,
                (TensorListSpec l, ArgumentKind.TensorList) when arguments[i].Reference is IReadOnlyList<Tensor> list && list.Count == l.Types.Length
                    && l.Types.Zip(list, (t, x) => ReplayTrace.Fits(t, x.Type)).All(fits => fits) => l,
                (RecordedHostSpec, not (ArgumentKind.Tensor or ArgumentKind.TensorList)) => new HostSpec(arguments[i].ToObject()),
                _ => (ArgumentSpec?)null,
            };
            if (spec is null)
            {
                return null;
            }

            specs.Add(spec);
        }

        return specs.MoveToImmutable();
    }

    /// <summary>The function on the objects that the trace was replayed with.</summary>
    public static CompiledFunction Run(RecordedFunction recorded, ImmutableArray<KernelCode> kernels, ReplayTrace replay) => new(
        recorded.Image with { Kernels = kernels },
        [.. recorded.Inputs.Select(i => Input(i, replay))],
        [.. recorded.Outputs.Select(o => Output(o, replay))],
        recorded.ResultPositions,
        [.. recorded.Guards.Select(g => Guard(g, replay))],
        new CompileStatistics(0, 0, 0, 0, kernels.Length, kernels.Length))
    {
        Requirements = recorded.Requirements,
        HasTry = recorded.HasTry,
        HostCalls =
        [
            .. recorded.HostCalls.Select(c => new HostCall(
                replay.Definition(c.Thunk.Definition), c.Thunk.Thunk, replay.Value(c.Thunk.Self), replay.Values(c.Thunk.Arguments), c.Given, c.Name)),
        ],
    };

    private static InputBinding Input(InputBinding binding, ReplayTrace replay) => binding switch
    {
        RecordedTensorBinding tensor => new TensorBinding(replay.Tensor(tensor.Object)),
        RecordedThunkBinding { Thunk: var t } => new ThunkBinding(replay.Definition(t.Definition), t.Thunk, replay.Value(t.Self), replay.Values(t.Arguments)),
        _ => binding,
    };

    private static OutputBinding Output(OutputBinding binding, ReplayTrace replay) => binding switch
    {
        RecordedRebindBinding { Setter: var t } rebind => new RebindBinding(
            replay.Definition(t.Definition), t.Thunk, replay.Value(t.Self), replay.Values(t.Arguments)) { Flag = rebind.Flag, Input = rebind.Input, Twin = rebind.Twin },
        RecordedThrowBinding thrown => new ThrowBinding(
            [.. thrown.Exceptions.Select(t => new ThrownException(replay.Definition(t.Definition), t.Thunk, replay.Value(t.Self), replay.Values(t.Arguments)))]),
        _ => binding,
    };

    private static Guard Guard(RecordedGuard guard, ReplayTrace replay) => new(
        replay.Definition(guard.Thunk.Definition), guard.Thunk.Thunk, replay.Value(guard.Thunk.Self), replay.Values(guard.Thunk.Arguments), replay.Value(guard.Expected)) { IsLate = guard.IsLate };
}
