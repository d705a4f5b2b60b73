using Unified.Ir;
using Unified.Lowering.Passes;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

/// <summary>A whole training step by hand: layers in a list, loss, gradients, an update in place of each parameter.</summary>
public class TrainingStepTests
{
    private static readonly Dim B = Dim.Named("B");

    private sealed class Layer
    {
        public FakeTensor Weight { get; } = new("weight", 8, 8);

        public FakeTensor Mean { get; } = new("mean", 8, 8);
    }

    /// <summary><c>x + Tanh(Linear(x, Weight))</c></summary>
    private static FunctionDefinition Forward()
    {
        var f = new FunctionWriter("M:Layer.Forward");
        f.This();
        var x = f.Load(f.Parameter("x", null, B, 8));
        var product = f.Apply(OpCode.Linear, ("x", x), ("weight", f.Thunk("Weight", (self, _) => ((Layer)self!).Weight)));
        f.Return(f.Add(x, f.Apply(OpCode.Tanh, ("x", product))));
        return f.Build();
    }

    /// <summary><c>mean.Assign(mean * 0.9 + gradient); parameter.Assign(parameter - mean)</c></summary>
    private static FunctionDefinition Update()
    {
        var f = new FunctionWriter("M:Sgd.Update") { Result = FunctionWriter.Void };
        var (parameter, mean, gradient) = (f.Load(f.Parameter("parameter")), f.Load(f.Parameter("mean")), f.Load(f.Parameter("gradient")));
        f.Assign(mean, f.Add(f.Mul(mean, f.Literal(0.9f)), gradient));
        f.Assign(parameter, f.Apply(OpCode.Sub, ("x", parameter), ("y", mean)));
        return f.Build();
    }

    private static SpecializedFunction Specialize(Layer[] layers)
    {
        var (forward, update) = (Forward(), Update());
        var f = new FunctionWriter("M:Trainer.Step");
        var x = f.Parameter("x", null, B, 8);
        var layer = f.Local("layer", FunctionWriter.Host);
        var i = f.Local("i", FunctionWriter.Host);
        var list = f.Thunk("_layers", (_, _) => layers);
        var body = f.Block(() =>
        {
            f.Do(new ForEachInstruction(layer, list, f.Block(() => f.Store(x, f.Call(forward, f.Load(layer), f.Load(x))))));
            return f.Apply(OpCode.Mean, ("x", f.Apply(OpCode.Square, ("x", f.Load(x)))));
        });
        var weights = f.Thunk("Parameters", (_, _) => layers.Select(l => l.Weight).ToList());
        var means = f.Thunk("_means", (_, _) => layers.Select(l => l.Mean).ToArray());
        var result = f.Emit(r => new ValueAndGradInstruction(r, body, weights));
        var gradients = f.Item(result, 1);
        f.Store(i, f.Literal(0));
        f.Do(new LoopInstruction(
            f.Block(() => f.HostOp("lt", "bool", f.Load(i), f.Emit(r => new CountInstruction(r, weights)))),
            f.Block(() => { f.Call(update, At(weights), At(means), At(gradients)); }),
            f.Block(() => f.Store(i, f.HostOp("add", "int", f.Load(i), f.Literal(1)))),
            TestFirst: true));
        f.Return(f.Item(result, 0));
        return f.Specialize(Graphs.F32(B, 8));

        int At(int items)
        {
            var index = f.Load(i);
            return f.Emit(r => new ItemInstruction(r, items, index));
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(48)]
    public void Layers_and_updates_are_one_sub_graph_each(int count)
    {
        var layers = Enumerable.Range(0, count).Select(_ => new Layer()).ToArray();
        var specialized = Specialize(layers);
        Assert.Equal(["Trainer_Step", "Layer_Forward", "Sgd_Update"], specialized.Module.Graphs.Select(g => g.Name));
        Assert.Equal(1 + (2 * count), specialized.Inputs.Length);
        Assert.Equal(1, specialized.ResultPositions);
        var written = specialized.Outputs.OfType<AssignBinding>().Select(o => ((TensorBinding)specialized.Inputs[o.Input]).Tensor).ToHashSet();
        Assert.Equal(layers.SelectMany(l => new ITensorHandle[] { l.Weight, l.Mean }).ToHashSet(), written);
        Assert.Empty(specialized.Guards);
        Assert.Empty(specialized.Requirements);
    }

    [Fact]
    public void The_passes_keep_inputs_and_outputs_and_the_number_of_graphs_does_not_grow_with_layers()
    {
        var counts = new List<int>();
        foreach (var count in new[] { 4, 12 })
        {
            var specialized = Specialize([.. Enumerable.Range(0, count).Select(_ => new Layer())]);
            var module = Pipeline.Run(specialized.Module, new PassContext(Verify: true));
            Assert.Equal(specialized.Module.Root.Inputs, module.Root.Inputs);
            Assert.Equal(specialized.Outputs.Length, module.Root.Outputs.Length);
            Assert.All(module.Graphs.SelectMany(g => g.Nodes), n => Assert.True(n.Op.IsPrimitive || n.Op.Code == OpCode.Call));
            counts.Add(module.Graphs.Length);
        }

        Assert.Equal(counts[0], counts[1]);
    }
}
