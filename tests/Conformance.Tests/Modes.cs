using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering;
using ValueType = Unified.Ir.ValueType;

namespace Unified.Conformance.Tests;

/// <summary>Runs a call as a user's program would: eagerly, and captured, specialized and compiled.</summary>
internal static class Modes
{
    static Modes()
    {
        GraphRuntime.UseCompiler(new GraphCompiler());
        GraphRuntime.Log = _ => { };
    }

    public static double[] Eager(Case call, ImmutableArray<double[]> values)
    {
        Tensor[] operands = [.. call.Sample.Operands.Select((t, i) => Make(t, values[i], call.Layout))];
        return Read(Unified.Eager.Apply(call.Op, operands, call.Sample.Attributes));
    }

    /// <summary>Null where the runtime says that the call is no graph.</summary>
    public static double[]? Graph(Case call, ImmutableArray<double[]> values)
    {
        var function = Function(call);
        Argument[] arguments = [.. call.Sample.Operands.Select((t, i) => Argument.Of(Make(t, values[i], call.Layout)))];
        var results = new Tensor[1];
        return GraphRuntime.TryRun(function, null, arguments, results) ? Read(results[0]) : null;
    }

    /// <summary>The call for many examples: the mapped operands have their axis in front, and so has the result.</summary>
    public static double[] MappedEagerly(Case call, ImmutableArray<Tensor> operands, ImmutableArray<bool> mapped)
    {
        using var scope = new MapScope();
        Tensor[] examples = [.. operands.Select((o, i) => mapped[i] ? scope.Example(o, 0) : o)];
        return Read(scope.Collect(Unified.Eager.Apply(call.Op, examples, call.Sample.Attributes), 0));
    }

    /// <summary>As <see cref="MappedEagerly"/>, in a graph; null where the runtime says that the call is no graph.</summary>
    public static double[]? MappedInGraph(Case call, ImmutableArray<Tensor> operands, ImmutableArray<bool> mapped)
    {
        var results = new Tensor[1];
        return GraphRuntime.TryRun(Function(call, mapped), null, [.. operands.Select(Argument.Of)], results) ? Read(results[0]) : null;
    }

    /// <param name="mapped">The operands that have examples; default: the call is of one.</param>
    private static FunctionDefinition Function(Case call, ImmutableArray<bool> mapped = default)
    {
        var op = call.Op;
        var instructions = new List<Instruction>();
        var outer = new List<Instruction>();
        var registers = 0;
        var inputs = new List<int>();
        var thunks = new List<object?>();
        var arguments = new List<NamedArgument>();
        var variadic = new List<int>();
        for (var i = 0; i < call.Sample.Operands.Length; i++)
        {
            if (!mapped.IsDefault && mapped[i])
            {
                outer.Add(new LoadInstruction(registers, i));
                outer.Add(new LiteralInstruction(registers + 1, inputs.Count));
                inputs.Add(registers);
                instructions.Add(new ExampleInstruction(registers + 2, registers + 1));
                registers += 2;
            }
            else
            {
                instructions.Add(new LoadInstruction(registers, i));
            }

            var spec = op.Operands[Math.Min(i, op.Operands.Length - 1)];
            if (spec.Variadic)
            {
                variadic.Add(registers++);
            }
            else
            {
                arguments.Add(new NamedArgument(spec.Name, registers++));
            }
        }

        if (variadic.Count > 0)
        {
            instructions.Add(new ListInstruction(registers, [.. variadic]));
            arguments.Add(new NamedArgument(op.Operands[^1].Name, registers++));
        }

        foreach (var attribute in call.Sample.Attributes.Items)
        {
            instructions.Add(new ThunkInstruction(registers, thunks.Count, []));
            thunks.Add(Host(attribute.Value));
            arguments.Add(new NamedArgument(attribute.Key, registers++));
        }

        instructions.Add(new ApplyInstruction(registers, op.Code, [.. arguments]));
        if (!mapped.IsDefault)
        {
            outer.Add(new LiteralInstruction(registers + 1, 0));
            outer.Add(new VmapInstruction(registers + 2, new Block([.. instructions], registers), [.. inputs], [.. inputs.Select(_ => registers + 1)], registers + 1));
            (instructions, registers) = (outer, registers + 2);
        }

        instructions.Add(new ReturnInstruction(registers++));
        var function = new Function(
            $"M:Conformance.{op.Name}",
            [.. call.Sample.Operands.Select((_, i) => new FunctionParameter($"x{i}", ValueType.Tensor, null))],
            ValueType.Tensor,
            [.. call.Sample.Operands.Select((_, i) => new Local($"x{i}", ValueType.Tensor))],
            [.. thunks.Select((_, i) => new Thunk($"a{i}", new ValueType(ValueKind.Host, "object"), [], IsGuard: false))],
            [],
            new Block([.. instructions]),
            registers);
        return new FunctionDefinition(function.Key, FunctionCodec.Pack(function), (thunk, _, _) => thunks[thunk], (_, _, _, _) => true, (_, _) => null);
    }

    private static object Host(AttributeValue value) => value switch
    {
        BoolAttribute b => b.Value,
        FloatAttribute f => f.Value,
        StringAttribute s => s.Value,
        DTypeAttribute d => d.Value,
        DimAttribute d => (int)d.Value.Value,
        DimsAttribute d => d.Value.Select(x => (int)x.Value).ToArray(),
        _ => throw new NotSupportedException(value.ToString()),
    };

    public static Tensor Make(TensorType type, double[] data, Layout layout)
    {
        int[] shape = [.. type.Shape.Select(d => (int)d.Value)];
        var dense = Ops.Cast(Tensor.From<double>(data, [data.Length]).Reshape(shape), type.DType).Clone();
        if (layout == Layout.Dense || shape.Length == 0)
        {
            return dense;
        }

        // Neighbours that must not be read.
        var pairs = Ops.Concat([dense.Reshape([.. shape, 1]), Tensor.Filled([.. shape, 1], 1, type.DType)], shape.Length);
        int[] starts = [.. shape.Select(_ => 0)];
        return Ops.Slice(pairs.Reshape([.. shape[..^1], shape[^1] * 2]), starts, shape, [.. shape[..^1].Select(_ => 1), 2]);
    }

    public static double[] Read(Tensor tensor) => Ops.Cast(tensor, DType.F64).ToArray<double>();
}
