using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// Calls of methods with <c>[Eager]</c>, which run as the graph does. What they may do to the host's objects is not known: nothing that the graph
/// holds back until its end may come before them.
/// </summary>
internal static class HostCallSteps
{
    public static ImmutableArray<Step> Rows { get; } = [Step.Of<HostCallInstruction>(Call)];

    /// <summary>The calls of the whole graph.</summary>
    /// <exception cref="GraphCompileException">One of them is made again after something was written.</exception>
    public static ImmutableArray<HostCall> Finish(Frame root)
    {
        var session = root.Session;
        return session.CallsHostInLoop && Writes(root, order: null) > 1
            ? throw root.Fail("an [Eager] method is called in a loop of a graph that also writes to tensors of the host, which the method may read; write to them elsewhere", eager: true)
            : [.. session.HostCalls];
    }

    private static void Call(Frame frame, HostCallInstruction step)
    {
        var (session, thunk) = (frame.Session, frame.Function.Thunks[step.Thunk]);
        if (step.Type == "unknown")
        {
            throw frame.Fail($"'{thunk.Name}' calls an [Eager] method that does not state the shape of its result: write [return: Shape(…)] on it, with the names of its parameters' shapes and ints", eager: true);
        }

        if (session.Maps > 0)
        {
            throw frame.Fail($"'{thunk.Name}' calls an [Eager] method for each example of a Vmap", eager: true);
        }

        if (session.Precision != session.Ambient)
        {
            throw frame.Fail($"'{thunk.Name}' calls an [Eager] method under a policy of mixed precision that is not in force when the graph runs; call it outside of the using statement", eager: true);
        }

        if (frame.IsGuarded)
        {
            throw frame.Fail($"'{thunk.Name}' calls an [Eager] method in a try statement; if it throws, what follows is eager code's", eager: true);
        }

        var order = frame[step.Order];
        if (Writes(frame, (order as PlaceValue)?.Key) > 0)
        {
            throw frame.Fail($"'{thunk.Name}' calls an [Eager] method, which may read what has been written before it and what a graph writes at its end; call it before that", eager: true);
        }

        session.CallsHostInLoop |= IsInLoop(frame);
        var (call, operands) = Arguments(frame, step, thunk);
        var known = session.HostCalls.FindIndex(c => Same(c, call));
        if (known < 0)
        {
            known = session.HostCalls.Count;
            session.HostCalls.Add(call);
        }

        var (after, result) = frame.Builder.HostCall(frame.Tensor(order), operands, ResultType(frame, step, thunk), known);
        frame.Write(order, after);
        if (step.Result != Instruction.None)
        {
            frame[step.Result] = Leaf.DTypeOf(step.Type) is null ? frame.New(result) : new ScalarValue(result, step.Type);
        }
    }

    /// <summary>The call, and the operands that the graph gives.</summary>
    private static (HostCall Call, ImmutableArray<OpValue> Operands) Arguments(Frame frame, HostCallInstruction step, Thunk thunk)
    {
        var who = $"the [Eager] call '{thunk.Name}'";
        var state = frame.Save();
        var (arguments, given, operands) = (new object?[step.Arguments.Length], ImmutableArray.CreateBuilder<GivenArgument>(), ImmutableArray.CreateBuilder<OpValue>());
        for (var i = 0; i < arguments.Length; i++)
        {
            var value = frame[step.Arguments[i]];
            if (thunk.Arguments[i].Kind == ValueKind.Tensor && value is not HostValue { Object: null })
            {
                given.Add(new(i, IsTensor: true));
                operands.Add(frame.Tensor(value));
            }
            else if (value is ScalarValue or SizeValue && Leaf.Of(value, state) is { } number)
            {
                given.Add(new(i, IsTensor: false));
                operands.Add(number.In(frame.Region));
            }
            else
            {
                arguments[i] = frame.Object(value, who, thunk.Arguments[i].Name);
            }
        }

        return (new HostCall(frame.Definition, step.Thunk, frame.Self, [.. arguments], given.ToImmutable(), thunk.Name), operands.ToImmutable());
    }

    private static TensorType ResultType(Frame frame, HostCallInstruction step, Thunk thunk)
    {
        if (step.Type == "void")
        {
            return new TensorType(DType.I32, Shape.Scalar);
        }

        if (Leaf.DTypeOf(step.Type) is { } number)
        {
            return new TensorType(number, Shape.Scalar);
        }

        var first = step.Arguments.Where((_, i) => thunk.Arguments[i].Kind == ValueKind.Tensor).Select(r => frame[r]).FirstOrDefault(v => v is TensorValue or PlaceValue);
        var dtype = step.Type.StartsWith("tensor_", StringComparison.Ordinal) && DTypes.TryParse(step.Type["tensor_".Length..], out var stated) ? stated
            : first is not null ? frame.TypeOf(first).DType
            : throw frame.Fail($"'{thunk.Name}' is [Eager] and is given no tensor whose dtype its result could have; write [Eager(DType.F32)]", eager: true);
        return new TensorType(dtype, new Shape([.. step.Dims.Select(d => frame.Size(frame[d], "a size of the result of an [Eager] method"))]));
    }

    private static bool Same(HostCall a, HostCall b) =>
        ReferenceEquals(a.Function, b.Function) && a.Thunk == b.Thunk && ReferenceEquals(a.Self, b.Self) && ThunkPath.SameValues(a.Arguments, b.Arguments) && a.Given.SequenceEqual(b.Given);

    /// <summary>How many tensors and fields of the host have been written to, the order of calls aside.</summary>
    private static int Writes(Frame? frame, PlaceKey? order)
    {
        var writes = 0;
        for (; frame is not null; frame = frame.Caller)
        {
            writes += frame.ReboundFields.Count + frame.Places.Count(p => p.IsWritten && !p.Key.Equals(order));
        }

        return writes;
    }

    private static bool IsInLoop(Frame? frame)
    {
        for (; frame is not null; frame = frame.Caller)
        {
            for (var region = frame.Region; region is not null; region = region.Outer)
            {
                if (region.IsLoop)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
