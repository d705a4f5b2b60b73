using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Runs the same code in both modes and compares.</summary>
internal static class BothModes
{
    public static T In<T>(ExecutionMode mode, Func<T> run)
    {
        using (Execution.Use(mode))
        {
            return run();
        }
    }

    /// <summary>The results agree to a few units in the last place of the larger one.</summary>
    public static void Agree(Func<Tensor> run, double tolerance = 2e-6)
    {
        var eager = In(ExecutionMode.Eager, run);
        var graph = Compiled(run);
        Close(eager, graph, tolerance);
    }

    /// <summary>Two modules of one class: the second takes the parameters and buffers of the first.</summary>
    public static void SameState(Module from, Module to)
    {
        foreach (var (a, b) in from.NamedState().Zip(to.NamedState()))
        {
            Assert.Equal(a.Name, b.Name);
            b.Tensor.Assign(a.Tensor);
        }
    }

    /// <summary>Runs in graph mode and makes sure that a compiled graph did the work.</summary>
    public static Tensor Compiled(Func<Tensor> run)
    {
        var before = GraphRuntime.Statistics.Calls;
        var result = In(ExecutionMode.Graph, run);
        Assert.True(GraphRuntime.Statistics.Calls > before, "no compiled graph ran");
        return result;
    }

    public static void Close(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Type, actual.Type);
        using var a = Ops.Cast(expected, DType.F64);
        using var b = Ops.Cast(actual, DType.F64);
        var (x, y) = (a.ToArray<double>(), b.ToArray<double>());
        var scale = Math.Max(1e-30, x.Select(Math.Abs).DefaultIfEmpty(0).Max());
        for (var i = 0; i < x.Length; i++)
        {
            Assert.True(
                (double.IsNaN(x[i]) && double.IsNaN(y[i])) || x[i] == y[i] || Math.Abs(x[i] - y[i]) <= tolerance * scale,
                $"element {i}: eager {x[i]:R}, graph {y[i]:R}, scale {scale:G3}");
        }
    }
}
