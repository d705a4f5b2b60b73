using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Two tensors and a number.</summary>
public sealed record Halves(Tensor Left, Tensor Right, int Times = 2)
{
    public Tensor? Extra { get; init; }
}

/// <summary>Tensors alone.</summary>
public sealed record Pair(Tensor Left, Tensor Right);

/// <summary>A value type with a tensor.</summary>
public readonly record struct Scaled(Tensor Value, float By);

/// <summary>A plain class.</summary>
public sealed class State
{
    public Tensor? Hidden { get; init; }

    public int Count { get; init; }
}

/// <summary>Records and objects with tensors in static graphs.</summary>
public sealed partial class Records : Module
{
    private readonly Halves _held = new(Tensor.Ones([2]), Tensor.Ones([2]), 5);

    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        var halves = new Halves(Right: x[..2] * 3f, Left: x[2..]);
        var more = halves with { Times = 3, Extra = halves.Left };
        var (left, right, times) = more;
        Scaled Scale(Tensor t) => new(t, 0.5f);
        var scaled = Scale(left + right);
        var state = new State { Hidden = scaled.Value * scaled.By, Count = times };
        Halves[] list = [halves, more];
        foreach (var item in list)
        {
            state = new State { Hidden = state.Hidden! + item.Right * item.Times, Count = state.Count + 1 };
        }

        return halves.Extra is null && list[1].Extra is { } extra ? state.Hidden * state.Count + extra : x;
    }

    [StaticGraph]
    public Tensor OfTheHost(Tensor x, Halves given)
    {
        var held = _held;
        return x * held.Left * held.Times + given.Right;
    }

    [StaticGraph]
    public static Pair Mix(Scaled scaled, (Tensor Shift, Halves Halves) rest) =>
        new((scaled.Value * scaled.By) + (rest.Halves.Left * rest.Halves.Times), rest.Shift - rest.Halves.Right);

    [StaticGraph]
    public Tensor Passed(Tensor x) => OfTheHost(x, _held);
}

[Collection("graphs")]
public class RecordTests
{
    private static readonly Records s_model = new();

    private static Tensor X => Tensor.From<float>([0.5f, -1, 2, 4], 4);

    private static Tensor Two => Tensor.From<float>([0.5f, -1], 2);

    [Fact]
    public void Records_structs_and_classes_hold_tensors() => BothModes.Agree(() => s_model.Forward(X));

    [Fact]
    public void A_new_record_at_each_call_is_the_same_signature()
    {
        var before = GraphRuntime.Statistics.Compilations;
        for (var i = 1; i <= 4; i++)
        {
            BothModes.Agree(() => Records.Mix(new Scaled(X * i, 2), (X, new Halves(X, X * i))).Left);
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
    }

    [Fact]
    public void Records_of_the_host_are_read() => BothModes.Agree(() => s_model.OfTheHost(Two, new Halves(Two, Two)) + s_model.Passed(Two));
}
