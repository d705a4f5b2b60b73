using Unified.Ir;

namespace Unified.Lowering.Tests.Passes;

/// <summary>Blocks that draw random masks: (x, w, state) → (dropout(tanh(x·w)) + x, the advanced state).</summary>
internal static class DropoutModules
{
    private const double Keep = 0.7;

    public static Graph Block()
    {
        var b = Modules.Graph("block");
        var (x, w, state) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]", InputKind.State), b.Input("state", "i64[2]", InputKind.State));
        var attributes = Attributes.Empty.With("shape", x.Shape.Dims);
        var random = b.Apply(OpCode.RandomUniform, attributes.With("dtype", DType.F64), state);
        var mask = b.Apply(OpCode.Less, random, b.Scalar(DType.F64, Keep));
        var dropped = b.Apply(OpCode.Tanh, b.MatMul(x, w)) * (b.Cast(mask, DType.F64) / Keep);
        b.Output(b.Apply(OpCode.Sin, dropped + x), OutputKind.Result);
        b.Output(b.Apply(OpCode.RandomAdvance, attributes, state), OutputKind.Assign, 2);
        return b.Build();
    }

    /// <summary>Inputs (indices, table, w, state): every block has the same w, and goes on with the state the one before left.</summary>
    public static GraphModule Stack(int depth)
    {
        var block = Block();
        var b = Modules.Graph();
        var indices = b.Input("indices", "i64[B,T]");
        var (table, w, first) = (b.Input("table", "f64[3,4]"), b.Input("w", "f64[4,4]", InputKind.State), b.Input("state", "i64[2]", InputKind.State));
        var (x, state) = (b.Apply(OpCode.Embedding, table, indices), first);
        for (var i = 0; i < depth; i++)
        {
            var results = b.Call(block, [x, w, state]);
            (x, state) = (results[0], results[1]);
        }

        var loss = b.SumAll(x * x);
        b.Output(loss, OutputKind.Result);
        foreach (var gradient in b.Gradient(loss, [table, w]))
        {
            b.Output(gradient, OutputKind.Result);
        }

        b.Output(state, OutputKind.Assign, 3);
        return b.Module(block);
    }
}
