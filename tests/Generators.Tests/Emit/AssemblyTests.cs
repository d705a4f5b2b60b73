using Microsoft.CodeAnalysis;

namespace Unified.Generators.Tests.Emit;

public sealed class AssemblyTests
{
    private const string Source = """
        using Unified;
        public partial class Model
        {
            [StaticGraph] public Tensor Forward(Tensor x) => x;
            [StaticGraph] public Tensor Forward(Tensor x, Tensor y) => x + y;
            [StaticGraph] protected Tensor Step(Tensor x) => x;
            [StaticGraph] internal Tensor Inner(Tensor x) => x;
            public static void Main() { }
        }
        """;

    [Fact]
    public void Index_lists_each_name_others_can_call_once()
    {
        var text = Generation.Of(Source).Source("Unified.Assembly");
        var names = text.Split('\n').Where(l => l.StartsWith("[assembly", StringComparison.Ordinal));
        Assert.Equal(["[assembly: global::Unified.StaticGraphIndexAttribute(\"Forward\")]", "[assembly: global::Unified.StaticGraphIndexAttribute(\"Step\")]"], names);
    }

    [Theory]
    [InlineData(null, OptimizationLevel.Debug, "Eager")]
    [InlineData(null, OptimizationLevel.Release, "Graph")]
    [InlineData("eager", OptimizationLevel.Release, "Eager")]
    [InlineData(" Graph ", OptimizationLevel.Debug, "Graph")]
    public void Executable_sets_the_mode_of_the_build(string? property, OptimizationLevel level, string mode)
    {
        var compilation = Compilations.Create("App", [Source], [StandIn.Runtime.Reference], OutputKind.ConsoleApplication, level);
        var properties = property is null ? [] : new Dictionary<string, string> { ["build_property.UnifiedExecutionMode"] = property };
        var generation = Generation.Of(compilation, properties);
        Assert.Contains($"SetBuildDefault(global::Unified.ExecutionMode.{mode});", generation.Source("Unified.Assembly"), StringComparison.Ordinal);
        Assert.DoesNotContain("UseCompiler", generation.Source("Unified.Assembly"), StringComparison.Ordinal);
        generation.Emit();
    }

    [Fact]
    public void Executable_with_the_compiler_registers_it_before_anything_runs()
    {
        var lowering = Compilations.Emit("Unified.Lowering", ["""
            namespace Unified.Lowering
            {
                public sealed class GraphCompiler : Unified.Ir.IGraphCompiler
                {
                    public Unified.Ir.CompiledFunction Compile(Unified.Ir.FunctionDefinition function, object? self,
                        System.Collections.Immutable.ImmutableArray<Unified.Ir.ArgumentSpec> arguments, Unified.Ir.CompileOptions options) => throw new NotSupportedException();
                }
            }
            """], [StandIn.Runtime.Reference]);
        var source = Source + "public static class Program { public static object? Run() => Unified.GraphRuntime.Compiler; }";
        var app = Generation.Of(Compilations.Create("App", [source], [StandIn.Runtime.Reference, lowering.Reference], OutputKind.ConsoleApplication)).Emit();
        var world = Compilations.Load(StandIn.Runtime, lowering, app);
        Assert.Equal("GraphCompiler", world.Call("Program", "Run")!.GetType().Name);
    }

    [Fact]
    public void Library_leaves_the_mode_alone() =>
        Assert.DoesNotContain("SetBuildDefault", Generation.Of(Source).Source("Unified.Assembly"), StringComparison.Ordinal);

    [Fact]
    public void Text_of_the_ir_is_shown_when_the_build_asks()
    {
        var compilation = Compilations.Create("App", [Source], [StandIn.Runtime.Reference]);
        var asked = Generation.Of(compilation, new Dictionary<string, string> { ["build_property.UnifiedEmitIr"] = "true" });
        Assert.Contains("func @\"M:Model.Inner", asked.Source("G_Model_Inner"), StringComparison.Ordinal);
        Assert.DoesNotContain("func @", Generation.Of(compilation).Source("G_Model_Inner"), StringComparison.Ordinal);
        asked.Emit();
    }

    [Fact]
    public void Project_without_the_runtime_gets_nothing() =>
        Assert.Empty(Generation.Of(Compilations.Create("App", ["class C { static void Main() { } }"], [], OutputKind.ConsoleApplication)).Sources);
}
