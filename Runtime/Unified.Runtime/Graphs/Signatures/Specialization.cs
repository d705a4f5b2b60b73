using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>One signature of a function on one instance, with its executable.</summary>
/// <param name="tuning">That was asked for when it was compiled; null: the machine's.</param>
internal sealed class Specialization(ImmutableArray<ArgumentSpec> arguments, PrecisionPolicy precision, Tuning? tuning, Executable executable)
{
    // A policy that is none is null here, as it is in MixedPrecision: one comparison where there is none.
    private readonly PrecisionPolicy? _precision = precision.IsNone ? null : precision;

    public ImmutableArray<ArgumentSpec> Arguments { get; } = arguments;

    public Executable Executable { get; } = executable;

    public Tuning? Tuning => tuning;

    /// <summary>It came with the app, tuned as it was when the app was built.</summary>
    public bool IsShipped { get; init; }

    /// <summary>The arguments fit: types, ranks, and host values; and so do the policy of mixed precision and the tuning. Sizes are checked when dims are bound.</summary>
    public bool Fits(ReadOnlySpan<Argument> arguments)
    {
        var wanted = GraphRuntime.Options.Tuning;
        if (!IsShipped && !ReferenceEquals(wanted, tuning) && !(wanted?.Equals(tuning) ?? false))
        {
            return false;
        }

        var policy = MixedPrecision.Active;
        if (!ReferenceEquals(policy, _precision) && policy != _precision)
        {
            return false;
        }

        for (var i = 0; i < Arguments.Length; i++)
        {
            if (!Fits(Arguments[i], arguments[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Fits(ArgumentSpec spec, in Argument argument) => spec switch
    {
        TensorSpec t => argument.Reference is Tensor x && SameKind(t.Type, x.Type),
        TensorListSpec l => argument.Reference is IReadOnlyList<Tensor> list && SameKinds(l.Types, list),
        HostSpec h => argument.Kind switch
        {
            ArgumentKind.Int32 => h.Value is int v && v == (int)argument.Bits,
            ArgumentKind.Int64 => h.Value is long v && v == argument.Bits,
            ArgumentKind.Boolean => h.Value is bool v && v == (argument.Bits != 0),
            ArgumentKind.Single => h.Value is float v && BitConverter.SingleToInt32Bits(v) == (int)argument.Bits,
            ArgumentKind.Double => h.Value is double v && BitConverter.DoubleToInt64Bits(v) == argument.Bits,
            _ => ReferenceEquals(h.Value, argument.Reference)
                || (argument.Reference is string or System.ValueType && Equals(h.Value, argument.Reference)),
        },
        _ => false,
    };

    private static bool SameKinds(ImmutableArray<TensorType> types, IReadOnlyList<Tensor> list)
    {
        if (types.Length != list.Count)
        {
            return false;
        }

        for (var i = 0; i < types.Length; i++)
        {
            if (!SameKind(types[i], list[i].Type))
            {
                return false;
            }
        }

        return true;
    }

    private static bool SameKind(TensorType pattern, TensorType actual) =>
        ReferenceEquals(pattern, actual) || (pattern.DType == actual.DType && pattern.Rank == actual.Rank);
}
