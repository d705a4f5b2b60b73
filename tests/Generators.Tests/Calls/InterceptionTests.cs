using System.Collections.Immutable;
using Microsoft.CodeAnalysis.CSharp;

namespace Unified.Generators.Tests.Calls;

/// <summary>Which forms of call reach the graph. The runtime answers 42 where the eager body gives 6.</summary>
public sealed class InterceptionTests
{
    private const string Model = """
        using Unified;
        namespace App
        {
            public partial class Model
            {
                [StaticGraph] public Tensor Forward(Tensor x) => x * 2.0;
                [StaticGraph] public static Tensor Static(Tensor x) => x * 2.0;
                [StaticGraph] private Tensor Secret(Tensor x) => x * 2.0;
                [StaticGraph] protected Tensor Guarded(Tensor x) => x * 2.0;
                [StaticGraph] public Tensor Scaled(Tensor x, double scale = 2.0) => x * scale;
                [StaticGraph] public Tensor First(params Tensor[] xs) => xs[0] * 2.0;
                public Tensor Plain(Tensor x) => x * 2.0;
                public Tensor CallsSecret(Tensor x) => Secret(x);
                public Tensor Implicit(Tensor x) => Forward(x);
            }

            public class Derived : Model
            {
                public Tensor CallsGuarded(Tensor x) => Guarded(x);
                public Tensor CallsBase(Tensor x) => base.Forward(x);
            }

            public partial class Generic<T> where T : class, new()
            {
                [StaticGraph] public Tensor Forward(Tensor x) => x * 2.0;
                [StaticGraph] public static Tensor Static(Tensor x) => x * 2.0;
            }

            public interface ILayer
            {
                [StaticGraph] Tensor Forward(Tensor x);
            }

            public partial class Layer : ILayer
            {
                [StaticGraph] public Tensor Forward(Tensor x) => x * 2.0;
            }

            public static partial class Extensions
            {
                [StaticGraph] public static Tensor Twice(this Tensor x) => x * 2.0;
            }
        }
        """;

    [Theory]
    [InlineData("new Model().Forward(x)", true)]
    [InlineData("new Derived().Forward(x)", true)]
    [InlineData("Model.Static(x)", true)]
    [InlineData("new Model().CallsSecret(x)", true)]
    [InlineData("new Derived().CallsGuarded(x)", true)]
    [InlineData("new Model().Implicit(x)", true)]
    [InlineData("new Model().Scaled(x)", true)]
    [InlineData("new Model().Scaled(scale: 2.0, x: x)", true)]
    [InlineData("new Model().First(x, x)", true)]
    [InlineData("new Model().First([x])", true)]
    [InlineData("((Model?)new Model())?.Forward(x)!", true)]
    [InlineData("((Func<Tensor, Tensor>)(y => new Model().Forward(y)))(x)", true)]
    [InlineData("new Generic<Model>().Forward(x)", true)]
    [InlineData("Generic<Model>.Static(x)", true)]
    [InlineData("((ILayer)new Layer()).Forward(x)", true)]
    [InlineData("Through(new Layer(), x)", true)]
    [InlineData("x.Twice()", true)]
    [InlineData("Extensions.Twice(x)", true)]
    [InlineData("((Func<Tensor, Tensor>)new Model().Forward)(x)", false)]
    [InlineData("((dynamic)new Model()).Forward(x)", false)]
    [InlineData("new Derived().CallsBase(x)", false)]
    [InlineData("new Model().Plain(x)", false)]
    public void Call_reaches_the_graph_or_stays_eager(string call, bool isGraph)
    {
        var world = Generation.Of(Model, Program(call)).Load();
        Assert.Equal(6f, world.Call("Program", "Run"));
        Assert.Empty(world.Keys);

        world.AnswerWith(42);
        var (value, keys) = world.RunGraph();
        Assert.Equal(isGraph ? 42f : 6f, value);
        Assert.Equal(isGraph ? 1 : 0, keys.Length);
    }

    [Fact]
    public void Call_falls_back_to_the_body_when_the_runtime_declines()
    {
        var world = Generation.Of(Model, Program("new Model().Forward(x)")).Load();
        var (value, keys) = world.RunGraph();
        Assert.Equal(6f, value);
        Assert.Equal(["M:App.Model.Forward(Unified.Tensor)"], keys);
    }

    [Fact]
    public void Call_into_another_assembly_is_intercepted_there()
    {
        var library = Generation.Of(Compilations.Create("Library", [Model], [StandIn.Runtime.Reference])).Emit();
        var app = Generation.Of(Compilations.Create("App", [Program("new Derived().Forward(x)")], [StandIn.Runtime.Reference, library.Reference]));
        var world = Compilations.Load(StandIn.Runtime, library, app.Emit());
        world.AnswerWith(42);
        Assert.Equal(42f, world.RunGraph().Value);
    }

    [Fact]
    public void Library_compiled_without_the_generator_stays_eager()
    {
        var library = Compilations.Emit("Library", [Model], [StandIn.Runtime.Reference]);
        var caller = """
            using Unified;
            using App;
            public partial class Caller
            {
                private readonly Model _model = new();
                [StaticGraph] public Tensor Forward(Tensor x) => _model.Forward(x);
            }
            """;
        var app = Generation.Of(Compilations.Create("App", [caller, Program("new Model().Forward(x)")], [StandIn.Runtime.Reference, library.Reference]));
        var world = Compilations.Load(StandIn.Runtime, library, app.Emit());
        world.AnswerWith(42);
        Assert.Equal(6f, world.RunGraph().Value);
        Assert.Null(world.CompanionDefinition("Caller_Forward").Resolve(0, null));
    }

    [Fact]
    public void Interceptors_do_not_depend_on_the_order_of_files()
    {
        string[] users = [Program("new Model().Forward(x)"), "class Other { static object F(App.Model m, Unified.Tensor x) => m.Forward(x); }"];
        var one = Generation.Of(Model, users[0], users[1]);
        var two = Generation.Of(one.Compilation.RemoveAllSyntaxTrees().AddSyntaxTrees(one.Compilation.SyntaxTrees.Reverse()));
        Assert.Equal(one.Source("Unified.Interceptors"), two.Source("Unified.Interceptors"));
    }

    [Fact]
    public void Gate_lets_only_names_of_static_graphs_through()
    {
        var library = Generation.Of(Compilations.Create("Library", [Model], [StandIn.Runtime.Reference])).Emit();
        var own = "class Own { [Unified.StaticGraph] void Mine() {} void Theirs() {} }";
        var compilation = Compilations.Create("App", [own], [StandIn.Runtime.Reference, library.Reference]);
        Assert.True(NameGate.MayBeStaticGraph(compilation, "Mine"));
        Assert.True(NameGate.MayBeStaticGraph(compilation, "Twice"));
        Assert.False(NameGate.MayBeStaticGraph(compilation, "Theirs"));
        Assert.False(NameGate.MayBeStaticGraph(compilation, "Secret"));
        Assert.False(NameGate.MayBeStaticGraph(compilation, "WriteLine"));
    }

    [Theory]
    [InlineData("base.M()", null)]
    [InlineData("a.M()", "M")]
    [InlineData("M<int>()", "M")]
    [InlineData("f[0]()", null)]
    public void Gate_reads_the_name_of_a_call(string call, string? name) =>
        Assert.Equal(name, NameGate.NameOf((Microsoft.CodeAnalysis.CSharp.Syntax.InvocationExpressionSyntax)SyntaxFactory.ParseExpression(call)));

    internal static string Program(string call) => $$"""
        using Unified;
        using App;
        public static class Program
        {
            public static float Run()
            {
                var x = new Tensor(3);
                return ((Tensor){{call}}).Value;
            }

            private static Tensor Through<T>(T layer, Tensor x) where T : ILayer => layer.Forward(x);
        }
        """;
}
