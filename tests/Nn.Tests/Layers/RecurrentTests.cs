using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Recurrent layers are their formulas in double precision, in both modes.</summary>
[Collection("graphs")]
public class RecurrentTests
{
    private static readonly Dictionary<string, Func<Generator, RecurrentLayer>> s_layers = new()
    {
        ["lstm"] = g => new Lstm(3, 4, generator: g),
        ["lstm, two layers, both ways"] = g => new Lstm(3, 4, 2, bidirectional: true, generator: g),
        ["gru"] = g => new Gru(3, 4, generator: g),
        ["gru, two layers, both ways"] = g => new Gru(3, 4, 2, bidirectional: true, generator: g),
        ["rnn"] = g => new Rnn(3, 4, generator: g),
        ["rnn, two layers, relu"] = g => new Rnn(3, 4, 2, relu: true, generator: g),
    };

    public static TheoryData<string> Names => [.. s_layers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_modes_and_differences_agree(string name) => LayerLaws.Check(s_layers[name], new Generator(2).Normal([2, 5, 3]));

    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    [InlineData("rnn")]
    public void A_cell_is_a_turn_of_its_layer(string name)
    {
        var layer = s_layers[name](new Generator(1));
        RecurrentCell cell = name switch
        {
            "lstm" => new LstmCell(3, 4, new Generator(1)),
            "gru" => new GruCell(3, 4, new Generator(1)),
            _ => new RnnCell(3, 4, generator: new Generator(1)),
        };
        var x = new Generator(2).Normal([2, 5, 3]);
        var expected = BothModes.In(ExecutionMode.Eager, () => layer.Forward(x));
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            Tensor? state = null;
            for (var t = 0; t < 5; t++)
            {
                state = BothModes.In(mode, () => cell.Forward(x[.., t, ..], state));
                BothModes.Close(expected[.., t, ..], state[.., ..cell.Hidden], 1e-5);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_layer_is_its_cell_again_and_again(string name)
    {
        var layer = s_layers[name](new Generator(1));
        var x = new Generator(2).Normal([2, 5, 3]);
        var state = layer.NamedState().Where(s => s.Tensor is Parameter).ToDictionary(s => s.Name, s => s.Tensor.ToArray<float>());
        var (layers, ways) = (name.Contains("two", StringComparison.Ordinal) ? 2 : 1, name.Contains("both", StringComparison.Ordinal) ? 2 : 1);
        var sequence = x.ToArray<float>().Select(v => (double)v).ToArray();
        var width = 3;
        for (var i = 0; i < layers; i++)
        {
            var results = Enumerable.Range(0, ways).Select(w => Direction(name, state, $"directions.{(i * ways) + w}.", sequence, width, w == 1)).ToList();
            sequence = [.. Enumerable.Range(0, 10).SelectMany(t => results.SelectMany(r => r[(t * 4)..((t + 1) * 4)]))];
            width = 4 * ways;
        }

        var expected = Tensor.From<float>([.. sequence.Select(v => (float)v)], 2, 5, width);
        BothModes.Close(expected, BothModes.Compiled(() => layer.Forward(x)), 2e-6);
    }

    [Fact]
    public void A_sequence_in_two_parts_is_the_sequence()
    {
        var layer = new Lstm(3, 4, 2, generator: new Generator(1));
        var x = new Generator(2).Normal([2, 6, 3]);
        using (Execution.Use(ExecutionMode.Graph))
        {
            var whole = layer.Run(x, null);
            var first = layer.Run(x[.., ..4, ..], null);
            var second = layer.Run(x[.., 4.., ..], first.State);
            BothModes.Close(whole.Output[.., 4.., ..], second.Output, 2e-6);
            BothModes.Close(whole.State, second.State, 2e-6);
        }
    }

    [Fact]
    public void Sequences_of_many_lengths_are_compiled()
    {
        var layer = new LayerProbe(new Gru(3, 4, generator: new Generator(1)));
        foreach (var length in (int[])[1, 2, 5, 3, 70])
        {
            BothModes.Agree(() => layer.Forward(new Generator(length).Normal([2, length, 3])), 5e-6);
        }
    }

    private static double[] Direction(string name, Dictionary<string, float[]> state, string path, double[] x, int width, bool backwards)
    {
        var (w, u, b, c) = (state[path + "inputWeight"], state[path + "hiddenWeight"], state[path + "inputBias"], state[path + "hiddenBias"]);
        var gates = b.Length / 4;
        var y = new double[2 * 5 * 4];
        for (var n = 0; n < 2; n++)
        {
            var (h, cell) = (new double[4], new double[4]);
            for (var turn = 0; turn < 5; turn++)
            {
                var t = backwards ? 4 - turn : turn;
                var input = x.AsSpan(((n * 5) + t) * width, width).ToArray();
                var from = Enumerable.Range(0, 4 * gates).Select(r => b[r] + input.Select((v, k) => v * w[(r * width) + k]).Sum()).ToArray();
                var back = Enumerable.Range(0, 4 * gates).Select(r => c[r] + h.Select((v, k) => v * u[(r * 4) + k]).Sum()).ToArray();
                double Both(int gate, int j) => from[(gate * 4) + j] + back[(gate * 4) + j];
                var next = new double[4];
                for (var j = 0; j < 4; j++)
                {
                    if (name.StartsWith("lstm", StringComparison.Ordinal))
                    {
                        cell[j] = (Sigmoid(Both(1, j)) * cell[j]) + (Sigmoid(Both(0, j)) * Math.Tanh(Both(2, j)));
                        next[j] = Sigmoid(Both(3, j)) * Math.Tanh(cell[j]);
                    }
                    else if (name.StartsWith("gru", StringComparison.Ordinal))
                    {
                        var (reset, update) = (Sigmoid(Both(0, j)), Sigmoid(Both(1, j)));
                        next[j] = ((1 - update) * Math.Tanh(from[8 + j] + (reset * back[8 + j]))) + (update * h[j]);
                    }
                    else
                    {
                        next[j] = name.Contains("relu", StringComparison.Ordinal) ? Math.Max(0, Both(0, j)) : Math.Tanh(Both(0, j));
                    }
                }

                h = next;
                h.CopyTo(y, ((n * 5) + t) * 4);
            }
        }

        return y;
    }

    private static double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));
}
