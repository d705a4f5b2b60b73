using System.Collections.Immutable;
using Unified.Graphs;
using Unified.Ir;
using static Unified.Tests.SmallPrograms;

namespace Unified.Tests;

/// <summary>When a call compiles, compiles again, runs eagerly, or fails; with a compiler that answers by hand.</summary>
public sealed class GraphRuntimeTests : IDisposable
{
    private readonly Action<string> _log = GraphRuntime.Log;
    private readonly List<string> _lines = [];
    private readonly Compiler _compiler = new();

    public GraphRuntimeTests()
    {
        GraphRuntime.Log = _lines.Add;
        GraphRuntime.UseCompiler(_compiler);
    }

    public void Dispose() => GraphRuntime.Log = _log;

    [Fact]
    public void One_compilation_serves_many_calls_and_sizes()
    {
        var f = Definition("M:many", null, null, ("x", Shape.From(N)));
        var before = GraphRuntime.Statistics;
        foreach (var n in (int[])[3, 4, 5, 3])
        {
            Assert.Equal(n, Call(f, n));
        }

        var after = GraphRuntime.Statistics;
        Assert.Equal(1, _compiler.Calls);
        Assert.Equal((1, 4), (after.Compilations - before.Compilations, after.Calls - before.Calls));
        Assert.Empty(_lines);
    }

    [Fact]
    public void Instances_do_not_share_but_a_static_method_does()
    {
        var f = Definition("M:instances", null, null, ("x", Shape.From(N)));
        var (a, b) = (new object(), new object());
        foreach (var self in (object?[])[a, b, a, null, null])
        {
            Call(f, 2, self);
        }

        Assert.Equal(3, _compiler.Calls);
    }

    [Fact]
    public void A_size_without_a_name_gets_one_the_second_time()
    {
        var f = Definition("M:unnamed");
        _compiler.Answer = (_, signature) => Function(Plus(1) with { Dims = [.. ((TensorSpec)signature[0]).Type.Shape[0].Names()], Programs = [Sized(((TensorSpec)signature[0]).Type.Shape[0])] });
        foreach (var n in (int[])[3, 4, 5, 6, 3])
        {
            Assert.Equal(n, Call(f, n));
        }

        Assert.Equal(["f32[3]", "f32[d0_0]"], _compiler.Signatures.Select(s => ((TensorSpec)s[0]).Type.ToString()));
    }

    [Fact]
    public void A_changed_guard_compiles_again_and_says_so_once()
    {
        var training = true;
        var f = Definition("M:guard", null, (_, _, _, expected) => (bool)expected! == training, ("x", Shape.From(N)));
        _compiler.Answer = (_, _) => Function(Plus(training ? 1 : 2), [new ArgumentBinding(0)], [new ResultBinding(0)], [new Guard(f, 0, null, [], training)]);
        Assert.Equal(1, Call(f, 1));
        training = false;
        Assert.Equal(2, Call(f, 1));
        Assert.Equal(2, Call(f, 1));
        Assert.Equal("M:guard: a host value it was specialized on has changed; compiling again", Assert.Single(_lines));
        Assert.Equal(2, _compiler.Calls);

        // Back again: what was compiled first still serves.
        training = true;
        Assert.Equal(1, Call(f, 1));
        Assert.Equal(2, _compiler.Calls);
        Assert.Single(_lines);
    }

    [Fact]
    public void A_dim_that_host_code_decides_on_becomes_a_constant()
    {
        var f = Definition("M:symbolic", null, null, ("x", Shape.From(N)));
        _compiler.Answer = (_, signature) => ((TensorSpec)signature[0]).Type.Shape[0] is { IsConstant: true } size
            ? Function(Plus(1) with { Dims = [], Programs = [Sized(size)] })
            : throw new SymbolicDimException("N decides", ["N"], null);
        Assert.Equal(3, Call(f, 3));
        Assert.Equal(3, Call(f, 3));
        Assert.Equal(4, Call(f, 4));
        Assert.Equal(["f32[N]", "f32[3]", "f32[4]"], _compiler.Signatures.Select(s => ((TensorSpec)s[0]).Type.ToString()));
        Assert.Empty(_lines);
    }

    [Fact]
    public void A_symbolic_dim_that_cannot_become_constant_ends_in_eager()
    {
        var f = Definition("M:stuck", null, null, ("x", Shape.From(N)));
        _compiler.Answer = (_, _) => throw new SymbolicDimException("M decides", ["M"], null);
        Assert.False(TryCall(f, 3));
        Assert.Equal(2, _compiler.Calls);
        Assert.Single(_lines);
    }

    [Fact]
    public void What_cannot_be_a_graph_runs_eagerly_and_says_so_once()
    {
        var f = Definition("M:eager", null, null, ("x", Shape.From(N)));
        _compiler.Answer = (_, _) => throw new GraphCompileException("no graph for this", new SourceSpan("Model.cs", 3, 5, "x.Foo()")) { EagerIsPossible = true };
        Assert.False(TryCall(f, 3));
        Assert.False(TryCall(f, 3));
        Assert.False(TryCall(f, 4));
        Assert.Equal(1, _compiler.Calls);
        var line = Assert.Single(_lines);
        Assert.StartsWith("M:eager runs eagerly: ", line, StringComparison.Ordinal);
        Assert.Contains("Model.cs(3,5)", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mistake_is_thrown_each_time()
    {
        var f = Definition("M:mistake", null, null, ("x", Shape.From(N)));
        var answer = _compiler.Answer;
        _compiler.Answer = (_, _) => throw new GraphCompileException("shapes differ", null);
        Assert.Equal("shapes differ", Assert.Throws<GraphCompileException>(() => TryCall(f, 3)).Message);
        Assert.Throws<GraphCompileException>(() => TryCall(f, 3));
        Assert.Equal(2, _compiler.Calls);
        Assert.Empty(_lines);
        _compiler.Answer = answer;
        Assert.Equal(3, Call(f, 3));
    }

    [Fact]
    public void A_requirement_that_fails_is_eager_for_that_size_only()
    {
        var f = Definition("M:requirement", null, null, ("x", Shape.From(N)));
        _compiler.Answer = (_, _) => Function(Plus(1)) with { Requirements = [new DimRequirement(N - 3, "at least three")] };
        Assert.False(TryCall(f, 2));
        Assert.Equal(3, Call(f, 3));
        Assert.False(TryCall(f, 2));
        Assert.Equal(1, _compiler.Calls);
    }

    [Fact]
    public void First_calls_at_once_compile_once()
    {
        var f = Definition("M:race", null, null, ("x", Shape.From(N)));
        var answer = _compiler.Answer;
        _compiler.Answer = (definition, signature) =>
        {
            Thread.Sleep(100);
            return answer(definition, signature);
        };
        var results = new float[4];
        var threads = Enumerable.Range(0, results.Length).Select(i => new Thread(() => results[i] = Call(f, 10 + i))).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.Equal([10, 11, 12, 13], results);
        Assert.Equal(1, _compiler.Calls);
    }

    [Fact]
    public void Old_specializations_are_dropped()
    {
        var version = 0;
        var f = Definition("M:versions", null, (_, _, _, expected) => (int)expected! == version, ("x", Shape.From(N)));
        _compiler.Answer = (_, _) => Function(Plus(version), [new ArgumentBinding(0)], [new ResultBinding(0)], [new Guard(f, 0, null, [], version)]);
        for (; version < 100; version++)
        {
            Assert.Equal(version, Call(f, 1));
        }

        Assert.InRange(FunctionCache.All.GetOrCreateValue(f).For(null).Specializations.Count, 2, 32);
        version = 99;
        Assert.Equal(99, Call(f, 1));
        Assert.Equal(100, _compiler.Calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    public void A_result_with_a_list_comes_whole(int count)
    {
        var f = Definition("M:list", null, null, ("x", Shape.From(N)));
        _compiler.Answer = (_, _) => Function(Image(Program(
            "list", 1, count, [In(0), .. Enumerable.Range(0, count).Select(i => Out(i))],
            [.. Enumerable.Range(0, count).Select(i => SmallKernels.AddNumberStep(SmallKernels.At(0), SmallKernels.At(1 + i), i, N))])));
        using var x = Numbers(2);
        for (var call = 0; call < 2; call++)
        {
            Assert.True(GraphRuntime.TryRun(f, null, [Argument.Of(x)], out var results));
            Assert.Equal(count, results.Length);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal([i, i + 1], results[i].ToArray<float>());
                results[i].Dispose();
            }
        }
    }

    [Fact]
    public void Arguments_are_not_kept_alive()
    {
        var f = Definition("M:alive", null, null, ("x", Shape.From(N)));
        var weak = Once();
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(weak.IsAlive);
        GC.KeepAlive(f);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        WeakReference Once()
        {
            var x = Numbers(3);
            var results = new Tensor[1];
            Assert.True(GraphRuntime.TryRun(f, null, [Argument.Of(x)], results));
            return new WeakReference(x);
        }
    }

    // x + 1 over 0, 1, …: the last element is the size.
    private static float Call(FunctionDefinition f, int n, object? self = null)
    {
        using var x = Numbers(n);
        var results = new Tensor[1];
        Assert.True(GraphRuntime.TryRun(f, self, [Argument.Of(x)], results));
        using var y = results[0];
        return y.ToArray<float>()[^1];
    }

    private static bool TryCall(FunctionDefinition f, int n)
    {
        using var x = Numbers(n);
        return GraphRuntime.TryRun(f, null, [Argument.Of(x)], new Tensor[1]);
    }

    private static GraphProgram Sized(Dim size) => new(
        "sized", [Vector(size)], [Vector(size)], [In(0, size), Out(0, size)], [],
        [SmallKernels.AddNumberStep(SmallKernels.At(0), SmallKernels.At(1), 1, size)]);

    private sealed class Compiler : IGraphCompiler
    {
        private readonly List<ImmutableArray<ArgumentSpec>> _signatures = [];

        public Func<FunctionDefinition, ImmutableArray<ArgumentSpec>, CompiledFunction> Answer { get; set; } = (_, _) => Function(Plus(1));

        public IReadOnlyList<ImmutableArray<ArgumentSpec>> Signatures => _signatures;

        public int Calls => _signatures.Count;

        public CompiledFunction Compile(FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, CompileOptions options)
        {
            lock (_signatures)
            {
                _signatures.Add(arguments);
            }

            return Answer(function, arguments);
        }
    }
}
