using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Writes: of a tensor's storage, and of a field that holds a tensor.</summary>
internal static class StateSteps
{
    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<AssignInstruction>((f, i) => f.Write(f[i.Target], PrecisionSteps.Stored(f, f[i.Target], f.Tensor(f[i.Value])))),
        Step.Of<RebindInstruction>(Rebind),
        Step.Of<DisposeInstruction>((f, i) => Dispose(f, f[i.Tensor])),
    ];

    private static void Dispose(Frame frame, Value value)
    {
        switch (value)
        {
            case TensorValue tensor:
                tensor.IsDisposed = true;
                break;
            case not HostValue { Object: null }:
                throw frame.Fail($"{value.Describe()} is disposed of, which others hold; a graph disposes of what it has computed only", eager: true);
            default:
                break;
        }
    }

    private static void Rebind(Frame frame, RebindInstruction step)
    {
        var thunks = frame.Function.Thunks;
        var arguments = ThunkSteps.Arguments(frame, step.Setter, step.Arguments);
        var value = frame[step.Value];
        if (value is HostValue)
        {
            throw frame.Fail($"'{thunks[step.Setter].Name}' sets a tensor field to {value.Describe()}; only a tensor can be set", eager: true);
        }

        var hasGetter = step.Getter != Instruction.None;
        var name = thunks[hasGetter ? step.Getter : step.Setter].Name;
        var old = hasGetter ? frame.Session.Host.Invoke(frame.Definition, step.Getter, frame.Self, arguments) as ITensorHandle : null;
        frame.Rebind(
            new FieldName(frame.Self, name, arguments),
            new ThunkPath(frame.Definition, step.Setter, frame.Self, arguments),
            hasGetter ? new ThunkPath(frame.Definition, step.Getter, frame.Self, arguments) : null,
            old,
            value);
    }
}
