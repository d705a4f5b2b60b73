using Unified.Ir;
using Unified.Lowering;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A loop over a sequence is one loop of the graph, also where its turns add to a list; whatever else is done with such a list gives what it gives eagerly.</summary>
[Collection("graphs")]
public class TurnListTests
{
    private static readonly Dictionary<string, Func<TurnLists, Tensor, Tensor>> s_methods = new()
    {
        ["states"] = (m, x) => m.States(x),
        ["backwards"] = (m, x) => m.Backwards(x),
        ["joined"] = (m, x) => m.Joined(x),
        ["item by item"] = (m, x) => m.ItemByItem(x),
        ["written after"] = (m, x) => m.WrittenAfter(x),
        ["written in a turn"] = (m, x) => m.WrittenInATurn(x),
        ["read in a turn"] = (m, x) => m.ReadInATurn(x),
        ["twice a turn"] = (m, x) => m.TwiceATurn(x),
        ["leaves"] = (m, x) => m.Leaves(x),
        ["same tensor"] = (m, x) => m.SameTensor(x),
        ["nested"] = (m, x) => m.Nested(x),
        ["loss"] = (m, x) => m.Slopes(x).Loss,
        ["gradient of the sequence"] = (m, x) => m.Slopes(x).Gradients[0],
        ["gradient of the weight"] = (m, x) => m.Slopes(x).Gradients[1],
        ["second derivative"] = (m, x) => m.Curved(x),
        ["tangent"] = (m, x) => m.Along(x),
        ["mapped"] = (m, x) => m.Mapped(Ops.Stack([x, x * 0.5f])),
    };

    public static TheoryData<string, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var name in s_methods.Keys)
            {
                data.AddRange((name, 1), (name, 4), (name, 70));
            }

            return data;
        }
    }

    public static TheoryData<string> Layers => ["lstm", "gru", "rnn"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Both_modes_agree(string name, int length)
    {
        var (model, x) = (new TurnLists(), Sequence(length));
        BothModes.Agree(() => s_methods[name](model, x), 2e-5);
    }

    [Theory]
    [InlineData("states")]
    [InlineData("backwards")]
    [InlineData("joined")]
    [InlineData("nested")]
    [InlineData("gradient of the weight")]
    public void One_graph_serves_every_length(string name)
    {
        var model = new TurnLists();
        var before = GraphRuntime.Statistics.Compilations;
        foreach (var length in (int[])[3, 1, 10, 100, 7])
        {
            BothModes.Agree(() => s_methods[name](model, Sequence(length)), 2e-5);
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void A_recurrent_layer_is_one_loop_whatever_the_length(string kind)
    {
        var counts = new List<(int Nodes, int Loops)>();
        foreach (var length in (int[])[10, 100, 1000])
        {
            var model = new Recurrent(kind);
            counts.Add(Nodes(() => model.Step(new Generator(length).Normal([2, length, 3]))));
        }

        Assert.Single(counts.Distinct());

        // The sequence and the way back, in both directions.
        Assert.Equal(4, counts[0].Loops);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void A_recurrent_layer_is_compiled_once_for_all_lengths(string kind)
    {
        var (eager, graph) = (new Recurrent(kind), new Recurrent(kind));
        var before = GraphRuntime.Statistics.Compilations;
        foreach (var length in (int[])[5, 1, 32, 100, 7])
        {
            var x = new Generator(length).Normal([2, length, 3]);
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => eager.Step(x)), BothModes.Compiled(() => graph.Step(x)), 1e-5);
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
        foreach (var (a, b) in eager.NamedState().Zip(graph.NamedState()))
        {
            BothModes.Close(a.Tensor, b.Tensor, 1e-3);
        }
    }

    [Fact]
    public void A_long_sequence_of_a_known_length_is_one_loop()
    {
        var counts = ((int[])[100, 1000]).Select(length => Nodes(() => new LayerProbe(new Gru(3, 4, generator: new Generator(1))).Forward(new Generator(length).Normal([2, length, 3])))).ToList();
        Assert.Equal(counts[0], counts[1]);
        Assert.Equal(1, counts[0].Loops);
    }

    private static Tensor Sequence(int length) => new Generator(length).Normal([length, 2, 3]);

    private static (int Nodes, int Loops) Nodes(Func<Tensor> call)
    {
        var folder = Directory.CreateTempSubdirectory("unified-turns");
        var options = GraphRuntime.Options;
        GraphRuntime.Options = options with { DumpFolder = folder.FullName };
        try
        {
            BothModes.Compiled(call);
            var text = folder.EnumerateFiles("*prune-call-boundaries*", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal).Last();
            var nodes = GraphText.Parse(File.ReadAllText(text.FullName)).Graphs.SelectMany(g => g.Nodes).ToList();
            return (nodes.Count, nodes.Count(n => n.Op.Code is OpCode.While or OpCode.RecordedWhile or OpCode.Unwind));
        }
        finally
        {
            GraphRuntime.Options = options;
            folder.Delete(recursive: true);
        }
    }
}

/// <summary>A recurrent layer in both directions, with a training step.</summary>
public sealed partial class Recurrent : Module
{
    private readonly RecurrentLayer _layer;
    private readonly Sgd _optimizer;

    public Recurrent(string kind)
    {
        var g = new Generator(1);
        _layer = kind switch
        {
            "lstm" => new Lstm(3, 4, bidirectional: true, generator: g),
            "gru" => new Gru(3, 4, bidirectional: true, generator: g),
            _ => new Rnn(3, 4, bidirectional: true, generator: g),
        };
        _optimizer = new Sgd(Parameters, new ConstantSchedule(1e-2));
    }

    [StaticGraph]
    public Tensor Step([Shape("B", "T", 3)] Tensor x)
    {
        var (loss, gradients) = Ops.ValueAndGrad(() => Ops.Mean(Ops.Square(_layer.Forward(x) - 0.5f)), Parameters);
        _optimizer.Step(gradients);
        return loss;
    }
}
