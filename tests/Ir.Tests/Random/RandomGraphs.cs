using System.Collections.Immutable;

namespace Unified.Ir.Tests;

/// <summary>
/// Random valid graphs over whatever rows the op table has: operands and attributes are guessed, and what the op's own rule
/// accepts is kept.
/// </summary>
internal sealed class RandomGraphs(Draw draw)
{
    private static readonly ImmutableArray<Op> Ops = [.. OpTable.All.Where(o => !o.Has(OpTraits.Structural))];

    /// <summary>A root that calls a sub-graph, differentiates and writes state.</summary>
    public GraphModule Module()
    {
        var block = Graph(draw.Of("block", "Ns.Block.Forward#2", "M:Ns.Block(\"x\")"), null);
        var helper = draw.Chance(0.5) ? Graph("helper", block) : null;
        var root = Graph(draw.Of("root", "Step", ""), helper ?? block);
        return new GraphModule([root, block, .. helper is null ? [] : (Graph[])[helper], .. draw.Chance(0.3) ? Loop() : []]);
    }

    /// <summary>A graph with a loop that runs not once, and the body.</summary>
    private ImmutableArray<Graph> Loop()
    {
        var body = new GraphBuilder("turn");
        var (carried, other) = (body.Input("carried", Type(), InputKind.Argument), body.Input("other", Type(), InputKind.Argument));
        body.Output(body.Scalar(DType.Bool, 0), OutputKind.Result);
        body.Output(carried, OutputKind.Result);
        var turn = body.Build();
        var builder = new GraphBuilder("loop");
        var arguments = turn.Inputs.Select(i => (OpValue)builder.Input(draw.Text(), i.Type, InputKind.Argument)).ToImmutableArray();
        builder.Output(builder.While(turn, builder.Scalar(DType.Bool, 0), [arguments[0]], [arguments[1]])[0], OutputKind.Result);

        // The same, recorded and walked back.
        var back = new GraphBuilder("back");
        var (saved, sum) = (back.Input("saved", turn.TypeOf(0), InputKind.Argument), back.Input("sum", turn.TypeOf(0), InputKind.Argument));
        _ = (back.Input("other", turn.TypeOf(1), InputKind.Argument), saved);
        back.Output(sum, OutputKind.Result);
        var step = back.Build();
        var (_, tape) = builder.RecordedWhile(turn, builder.Scalar(DType.Bool, 0), [arguments[0]], [arguments[1]], [0]);
        builder.Output(builder.Unwind(step, tape, [arguments[0]], [arguments[1]])[0], OutputKind.Result);

        // A value whose gradient is stated.
        var way = new GraphBuilder("way");
        way.Output(way.Input("cotangent", turn.TypeOf(0), InputKind.Argument), OutputKind.Result);
        var stated = way.Build();
        builder.Output(builder.CustomGradient(stated, arguments[0], [arguments[0]], []), OutputKind.Result);
        return [builder.Build(), turn, step, stated];
    }

    public Graph Graph(string name, Graph? callee)
    {
        var builder = new GraphBuilder(name);
        var values = new List<OpValue>();
        foreach (var type in draw.List(1, 5, Type))
        {
            values.Add(builder.Input(draw.Text(), type, draw.Of(InputKind.Argument, InputKind.State)));
        }

        var inputs = values.Count;
        for (var tries = draw.Int(0, 60); tries > 0; tries--)
        {
            builder.Source = draw.Source();
            TryAdd(builder, values);
        }

        if (callee is not null)
        {
            var arguments = callee.Inputs.Select(i => Argument(builder, values, i.Type)).ToImmutableArray();
            values.AddRange(builder.Call(callee, arguments));
        }

        if (callee is not null && draw.Chance(0.3) && callee.Outputs.Length > 0 && callee.Outputs.All(o => o.Kind == OutputKind.Result))
        {
            var otherwise = callee.Outputs.Select(o => Argument(builder, values, callee.TypeOf(o.Value))).ToImmutableArray();
            var arguments = callee.Inputs.Select(i => Argument(builder, values, i.Type)).ToImmutableArray();
            values.AddRange(builder.If(callee, builder.Scalar(DType.Bool, draw.Int(0, 1)), otherwise, arguments));
        }

        if (values.Where(v => v.DType.IsFloat()).ToArray() is { Length: > 0 } floats && draw.Chance(0.4))
        {
            var loss = builder.Scalar(draw.Of(DType.F32, DType.F64), draw.Double());
            var all = draw.Of(floats);
            if (all.Shape.Rank > 0)
            {
                var example = builder.Example(all, all.Shape.Rank - 1);
                values.AddRange(builder.Examples([example, loss], [example], all.Shape[all.Shape.Rank - 1], [0, 0]));
            }

            var marked = builder.Watch([.. draw.List(1, 3, () => draw.Of(floats))]);
            var (order, given) = builder.HostCall(builder.Scalar(DType.I32, 0), marked, loss.Type, draw.Int(0, 3));
            values.AddRange([order, given]);
            values.AddRange(builder.Gradient(loss, marked));
            values.Add(builder.Tangent(draw.Of(floats), marked, marked));
        }

        Outputs(builder, values, inputs);
        return builder.Build();
    }

    private void Outputs(GraphBuilder builder, List<OpValue> values, int inputs)
    {
        foreach (var value in draw.List(0, 3, () => draw.Of<OpValue>(values)))
        {
            builder.Output(value, draw.Of(OutputKind.Result, OutputKind.Rebind));
        }

        for (var input = 0; input < inputs; input++)
        {
            var same = values.Where(v => v.Type == values[input].Type).ToArray();
            if (((GraphValue)values[input]).Number == input && draw.Chance(0.4) && IsState(builder, input))
            {
                builder.Output(draw.Of(same), OutputKind.Assign, input);
            }
        }
    }

    private static bool IsState(GraphBuilder builder, int input) => builder.Build().Inputs[input].Kind == InputKind.State;

    /// <summary>A value of exactly this type: one that is there, else zeros.</summary>
    private OpValue Argument(GraphBuilder builder, List<OpValue> values, TensorType type)
    {
        var same = values.Where(v => v.Type == type).ToArray();
        return same.Length > 0 && draw.Chance(0.8) ? draw.Of(same) : builder.Full(type.Shape, type.DType, draw.Double());
    }

    private void TryAdd(GraphBuilder builder, List<OpValue> values)
    {
        var op = draw.Of<Op>(Ops);
        for (var attempt = 0; attempt < 12; attempt++)
        {
            var operands = Operands(op, values);
            try
            {
                values.AddRange(builder.Apply(op, operands, Attributes(op, operands)));
                return;
            }
            catch (ShapeException)
            {
                // A wrong guess.
            }
        }
    }

    private ImmutableArray<OpValue> Operands(Op op, List<OpValue> values)
    {
        var operands = ImmutableArray.CreateBuilder<OpValue>();
        foreach (var spec in op.Operands)
        {
            if (spec.Optional && draw.Chance(0.5))
            {
                break;
            }

            for (var count = spec.Variadic ? draw.Int(0, 3) : 1; count > 0; count--)
            {
                var first = operands.FirstOrDefault();
                var alike = first is null ? [] : values.Where(v => v.DType == first.DType && draw.Chance(0.7)).ToArray();
                operands.Add(alike.Length > 0 && draw.Chance(0.7) ? draw.Of(alike) : draw.Of<OpValue>(values));
            }
        }

        return operands.ToImmutable();
    }

    private Attributes Attributes(Op op, ImmutableArray<OpValue> operands)
    {
        var attributes = Ir.Attributes.Empty;
        var shape = operands.IsEmpty ? Shape.From([.. draw.List(0, 3, () => RandomDims.Size(draw))]) : operands[0].Shape;
        foreach (var spec in op.Attributes.Where(a => a.Default is null || draw.Chance(0.5)))
        {
            attributes = attributes.With(spec.Name, Value(spec.Kind, shape));
        }

        return attributes;
    }

    private AttributeValue Value(AttributeKind kind, Shape shape) => kind switch
    {
        AttributeKind.Bool => new BoolAttribute(draw.Chance(0.5)),
        AttributeKind.Int => new DimAttribute(draw.Int(-2, 3)),
        AttributeKind.Float => new FloatAttribute(draw.Double()),
        AttributeKind.String => new StringAttribute(draw.Of("a->a", "ab->ba", "a,a->", draw.Text())),
        AttributeKind.DType => new DTypeAttribute(draw.Of<DType>(DTypes.All)),
        AttributeKind.Dim => new DimAttribute(draw.Chance(0.5) ? RandomDims.Size(draw) : RandomDims.Next(draw, 2)),
        _ => new DimsAttribute(draw.Int(0, 4) switch
        {
            0 => shape.Dims,
            1 => [.. Enumerable.Range(0, shape.Rank).OrderBy(_ => draw.Int(0, 99)).Select(i => (Dim)i)],
            2 => [.. shape.Select(_ => (Dim)draw.Int(0, 2))],
            3 => [shape.Size],
            _ => [.. draw.List(0, 3, () => draw.Chance(0.6) ? draw.Int(0, 2) : RandomDims.Size(draw))],
        }),
    };

    private TensorType Type() => new(
        draw.Chance(0.6) ? DType.F32 : draw.Of<DType>(DTypes.All),
        draw.Int(0, 6) switch
        {
            // The shapes that layers and random states want.
            0 => Shape.From(Dim.Named("B"), 4),
            1 => Shape.From(4, 4),
            2 => Shape.From(2, 2, 4, 4),
            3 => Shape.Of(2),
            _ => Shape.From([.. draw.List(0, 3, () => RandomDims.Size(draw))]),
        });
}
