using System.Collections;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Unified.Generators.Tests.Pipeline;

/// <summary>What an edit makes the pipeline do again, as data.</summary>
public sealed class IncrementalityTests
{
    private const string Models = """
        using Unified;
        using Unified.Nn;
        public partial class Model : Module
        {
            private readonly Tensor _w = new(2);
            [StaticGraph] public Tensor First(Tensor x) => x * _w;
            [StaticGraph] public Tensor Second(Tensor x) => x + _w;
        }
        """;

    private const string Caller = """
        using Unified;
        public static class Caller
        {
            public static Tensor Run(Model m, Tensor x) => m.First(x);
        }
        """;

    private const string Other = "public static class Other { public static int Number => 1; }";

    /// <summary>File, text before, text after, step, the outputs that are new or changed.</summary>
    public static TheoryData<string, string, string, string, int> Edits => new()
    {
        { "File3.cs", "=> 1", "=> 2", "Methods", 0 },
        { "File3.cs", "=> 1", "=> 2", "Graphs", 0 },
        { "File3.cs", "=> 1", "=> 2", "Calls", 0 },
        { "File3.cs", "=> 1", "=> 2", "Modules", 0 },
        { "File1.cs", "x + _w;", "x + _w; // why", "Methods", 0 },
        { "File1.cs", "x + _w;", "x + _w; // why", "Graphs", 0 },
        { "File1.cs", "x + _w;", "x + _w; // why", "Modules", 0 },
        { "File1.cs", "x + _w;", "x * _w;", "Methods", 1 },
        { "File1.cs", "x + _w;", "x * _w;", "Graphs", 1 },
        { "File1.cs", "x + _w;", "x * _w;", "Index", 0 },
        { "File1.cs", "x + _w;", "x * _w;", "Modules", 0 },
        { "File1.cs", "Tensor Second", "Tensor Third", "Index", 1 },
        { "File1.cs", "_w = new(2);", "_w = new(2), _v = new(3);", "Modules", 1 },
        { "File2.cs", "m.First", "m  .First", "Calls", 1 },
        { "File2.cs", "m.First", "m  .First", "Graphs", 0 },
        { "File2.cs", "m.First", "m.Second", "Calls", 1 },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public void Edit_redoes_only_what_depends_on_it(string file, string before, string after, string step, int changed)
    {
        var generation = Generation.Of(Models, Caller, Other);
        Assert.NotEmpty(generation.Reasons(step));
        generation.Edit(file, before, after);
        var reasons = generation.Reasons(step);
        Assert.Equal(changed, reasons.Count(r => r is IncrementalStepRunReason.New or IncrementalStepRunReason.Modified));
    }

    private const string Layers = """
        using Unified;
        using Unified.Nn;
        using static Unified.Ops;
        public partial class Layers : Module
        {
            private readonly Tensor _w = new(2);
            private readonly Tensor[] _list = [new(2), new(3)];
            public const float Half = 0.5f;
            private Tensor Doubled => _w + _w;
            [StaticGraph] public Tensor Plain(Tensor x) => x * _w;
            [StaticGraph] public Tensor Inlines(Tensor x) => x + Doubled;
            [StaticGraph] public Tensor Reads(Tensor x) => x + _list[1];
            [StaticGraph] public Tensor Constant(Tensor x) => x * Half;
            [StaticGraph] public Tensor Operator(Tensor x) => (new Pair(x) + new Pair(_w)).Value;
            public Tensor Calls(Tensor x) => Helper(_w);
            public static Tensor Helper(Tensor x) => x;
        }

        public sealed record Pair(Tensor Value)
        {
            public static Pair operator +(Pair a, Pair b) => new(a.Value + b.Value);
        }
        """;

    /// <summary>File, text before, text after, and the graphs that are captured again.</summary>
    public static TheoryData<string, string, string, string[]> CaptureEdits => new()
    {
        { "File2.cs", "m.First", "m.Second", [] },
        { "File1.cs", "x * _w", "_w * x", ["First"] },
        { "File1.cs", "x * _w", "x\n * _w", ["First", "Second"] },
        { "File1.cs", "x * _w;", "x * _w; // why", [] },
        { "File4.cs", "x * _w", "_w * x", ["Inlines", "Operator", "Plain", "Reads"] },
        { "File4.cs", "x * Half", "x * Half * Half", ["Constant", "Inlines", "Operator", "Reads"] },
        { "File4.cs", "0.5f", "0.25f", ["Constant", "First", "Inlines", "Operator", "Plain", "Reads", "Second"] },
        { "File4.cs", "_w + _w", "_w - _w", ["Constant", "First", "Inlines", "Operator", "Plain", "Reads", "Second"] },
        { "File4.cs", "Helper(_w)", "Helper(x)", ["Inlines", "Operator", "Reads"] },
        { "File4.cs", "=> new(a.Value + b.Value)", "=> new(b.Value - a.Value)", ["Inlines", "Operator", "Reads"] },
    };

    /// <summary>Only an edit outside of the bodies of static graphs reaches graphs that do not look at it.</summary>
    [Theory]
    [MemberData(nameof(CaptureEdits))]
    public void Edit_captures_the_graphs_that_see_it(string file, string before, string after, string[] captured)
    {
        var generation = Generation.Of(Models, Caller, Other, Layers);
        generation.Edit(file, before, after);
        var steps = generation.Result.TrackedSteps[StaticGraphGenerator.Steps.Captures];
        Assert.Equal(7, steps.Length);
        var again = steps.SelectMany(s => s.Outputs).Where(o => o.Reason is not IncrementalStepRunReason.Cached).Select(o => ((MethodReading)o.Value).Name);
        Assert.Equal(captured, again.Order(StringComparer.Ordinal));
        Assert.Equal(Generation.Of(generation.Compilation).Sources, generation.Sources);
    }

    public static TheoryData<string, string, string, int> CallEdits => new()
    {
        { "File1.cs", "x * _w", "_w * x", 0 },
        { "File2.cs", "m.First", "m.Second", 1 },
        { "File5.cs", "m.Second", "m.First", 1 },
        { "File3.cs", "=> 1", "=> 2", 2 },
        { "File3.cs", "class Other {", "class Other { static int M() => 1;", 2 },
    };

    /// <summary>A call is bound again where its file or a declaration anywhere has changed.</summary>
    [Theory]
    [MemberData(nameof(CallEdits))]
    public void Edit_binds_the_calls_that_see_it(string file, string before, string after, int bound)
    {
        var generation = Generation.Of(Models, Caller, Other, Layers, Caller.Replace("class Caller", "class Second", StringComparison.Ordinal).Replace("First", "Second", StringComparison.Ordinal));
        generation.Edit(file, before, after);
        var steps = generation.Result.TrackedSteps[StaticGraphGenerator.Steps.Bindings];
        var again = steps.SelectMany(s => s.Outputs).Where(o => o.Reason is not IncrementalStepRunReason.Cached).SelectMany(o => (EquatableArray<CallSite>)o.Value);
        Assert.Equal(bound, again.Count());
        Assert.Equal(Generation.Of(generation.Compilation).Sources, generation.Sources);
    }

    [Fact]
    public void Text_is_not_written_again_when_nothing_changed()
    {
        var generation = Generation.Of(Models, Caller, Other);
        generation.Edit("File3.cs", "=> 1", "=> 2");
        var reasons = generation.Result.TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs).Select(o => o.Reason).ToList();
        Assert.NotEmpty(reasons);
        Assert.All(reasons, r => Assert.Equal(IncrementalStepRunReason.Cached, r));
    }

    /// <summary>A symbol or a syntax node in a cached value would keep whole compilations alive.</summary>
    [Fact]
    public void Steps_hold_no_symbols_and_no_syntax()
    {
        var generation = Generation.Of(Models, Caller, Other);
        string[] steps = [StaticGraphGenerator.Steps.Captures, StaticGraphGenerator.Steps.Bindings, StaticGraphGenerator.Steps.Members, StaticGraphGenerator.Steps.Methods, StaticGraphGenerator.Steps.Graphs, StaticGraphGenerator.Steps.Index,
            StaticGraphGenerator.Steps.Calls, StaticGraphGenerator.Steps.Modules, StaticGraphGenerator.Steps.Settings];
        foreach (var step in steps)
        {
            var outputs = generation.Result.TrackedSteps[step].SelectMany(s => s.Outputs).ToList();
            Assert.NotEmpty(outputs);
            foreach (var output in outputs)
            {
                Walk(output.Value, step, new HashSet<object>(ReferenceEqualityComparer.Instance));
            }
        }
    }

    private static void Walk(object? value, string path, HashSet<object> seen)
    {
        if (value is null or string || !seen.Add(value) || value.GetType().IsPrimitive || value.GetType().IsEnum)
        {
            return;
        }

        Assert.False(value is ISymbol or SyntaxNode or SyntaxTree or Compilation or Location or SemanticModel, $"{path} holds a {value.GetType().Name}");
        Assert.True(seen.Count < 100_000, $"{path} holds too much");
        if (value is IEnumerable items)
        {
            foreach (var item in items)
            {
                Walk(item, path + "[]", seen);
            }

            return;
        }

        foreach (var field in value.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            Walk(field.GetValue(value), $"{path}.{field.Name}", seen);
        }
    }
}
