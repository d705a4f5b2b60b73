using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Lists of tensors that are built and changed in static graphs.</summary>
public sealed partial class Lists : Module
{
    private readonly Linear[] _layers = [new(4, 4), new(4, 4), new(4, 4)];

    [StaticGraph]
    public Tensor Built(Tensor x, int count)
    {
        var parts = new List<Tensor>();
        for (var i = 0; i < count; i++)
        {
            x = x * 2f;
            parts.Add(x);
        }

        var same = parts;
        same.Add(x + 1f);
        same.Insert(0, -x);
        parts[1] = parts[^1] + parts[0];
        parts[2] += x;
        parts.RemoveAt(3);
        parts.AddRange([x, x * 3f]);
        return Concat(parts) * parts.Count + same.Count;
    }

    [StaticGraph]
    public Tensor Arrays(Tensor x, int n)
    {
        var states = new Tensor[n];
        var other = states;
        for (var i = 0; i < states.Length; i++)
        {
            states[i] = i == 0 ? x : other[i - 1] * 2f;
        }

        (states[0], states[^1]) = (states[^1], states[0]);
        Tensor[] copy = [.. states[1..], x, .. states];
        states[0] = x * 100f;
        return Concat(copy) + Sum(states[0]);
    }

    [StaticGraph]
    public Tensor Copies(Tensor x)
    {
        Tensor[] a = [x, x + 1f];
        var b = a.ToArray();
        var c = a.ToList();
        a[0] = x * 5f;
        c.Add(x);
        c.Reverse();
        return Concat([.. a, .. b, .. c]);
    }

    [StaticGraph]
    public Tensor[] Queries(Tensor x)
    {
        var outputs = _layers.Select(l => l.Forward(x)).ToArray();
        var scaled = outputs.Select((y, i) => y * i).Skip(1).ToList();
        var sum = outputs.Aggregate((a, b) => a + b);
        var product = scaled.Aggregate(x, (a, b) => a * b);
        foreach (var y in outputs.Reverse().Take(2))
        {
            sum = sum - y * 0.25f;
        }

        return [.. scaled, sum, product, outputs.Last()];
    }

    [StaticGraph]
    public Tensor Initialized(Tensor x, bool more)
    {
        var list = new List<Tensor>(4) { x, x * 2f };
        void Grow(List<Tensor> target) => target.Add(target[0] - 1f);
        if (more)
        {
            Grow(list);
        }

        return Concat(list) * x.Shape[1];
    }

    [StaticGraph]
    public Tensor OfTheCaller(Tensor x, List<Tensor> list)
    {
        var mine = list;
        mine.Add(x);
        return Concat(mine);
    }
}

[Collection("graphs")]
public class ListTests
{
    private static readonly Lists s_model = new();

    private static Tensor X => Tensor.From<float>([0.5f, -1, 2, 4, 1, 2, 3, -4], 2, 4);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_list_is_built_and_changed_through_every_name_it_has(int count) => BothModes.Agree(() => s_model.Built(X, count));

    [Fact]
    public void Arrays_are_filled_and_cut() => BothModes.Agree(() => s_model.Arrays(X, 4));

    [Fact]
    public void A_copy_does_not_see_later_changes() => BothModes.Agree(() => s_model.Copies(X));

    [Fact]
    public void Queries_compute_with_tensors() => BothModes.Agree(() => Concat(s_model.Queries(X)));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_list_with_an_initializer_is_passed_to_a_local_function(bool more) => BothModes.Agree(() => s_model.Initialized(X, more));

    [Fact]
    public void The_callers_list_is_changed_as_eagerly()
    {
        List<Tensor> Run(ExecutionMode mode) => BothModes.In(mode, () =>
        {
            List<Tensor> list = [X];
            s_model.OfTheCaller(X, list).Dispose();
            return list;
        });
        Assert.Equal(Run(ExecutionMode.Eager).Count, Run(ExecutionMode.Graph).Count);
    }
}
