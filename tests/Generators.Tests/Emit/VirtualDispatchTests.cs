using Microsoft.CodeAnalysis;

namespace Unified.Generators.Tests.Emit;

/// <summary>A virtual call runs the graph of exactly the method it would have run eagerly, or that method.</summary>
public sealed class VirtualDispatchTests
{
    private const string Library = """
        using Unified;
        namespace Lib
        {
            public abstract partial class Block
            {
                [StaticGraph] public abstract Tensor Forward(Tensor x);
                [StaticGraph] protected virtual Tensor Inner(Tensor x) => x * 2.0;
                public Tensor CallInner(Tensor x) => Inner(x);
            }

            public partial class Base : Block
            {
                [StaticGraph] public override Tensor Forward(Tensor x) => x * 2.0;
            }

            public partial class Box<T>
            {
                [StaticGraph] public virtual Tensor Forward(Tensor x) => x * 2.0;
            }

            public interface ILayer
            {
                [StaticGraph] Tensor Apply(Tensor x);
            }

            public partial class Layer : ILayer
            {
                [StaticGraph] public virtual Tensor Apply(Tensor x) => x * 2.0;
            }
        }
        """;

    private const string Derived = """
        using Unified;
        using Lib;
        namespace App
        {
            public partial class Marked : Base { [StaticGraph] public override Tensor Forward(Tensor x) => x * 3.0; }
            public class Heir : Base { }
            public class Unmarked : Base { [Eager] public override Tensor Forward(Tensor x) => x * 5.0; }
            public partial class AboveGap : Unmarked { [StaticGraph] public override Tensor Forward(Tensor x) => x * 7.0; }
            public partial class InnerMarked : Base { [StaticGraph] protected override Tensor Inner(Tensor x) => x * 3.0; }
            public class InnerUnmarked : Base { [Eager] protected override Tensor Inner(Tensor x) => x * 5.0; }

            public partial class BoxMarked : Box<string> { [StaticGraph] public override Tensor Forward(Tensor x) => x * 3.0; }
            public class BoxUnmarked : Box<string> { [Eager] public override Tensor Forward(Tensor x) => x * 5.0; }

            public partial class LayerMarked : Layer { [StaticGraph] public override Tensor Apply(Tensor x) => x * 3.0; }
            public class LayerUnmarked : Layer { [Eager] public override Tensor Apply(Tensor x) => x * 5.0; }
            public class LayerAgain : Layer, ILayer { [Eager] Tensor ILayer.Apply(Tensor x) => x * 5.0; }
            public partial class Explicit : ILayer { [StaticGraph] Tensor ILayer.Apply(Tensor x) => x * 3.0; }
            public class Foreign : ILayer { [Eager] public Tensor Apply(Tensor x) => x * 5.0; }
        }
        """;

    /// <summary>One row per way of inheriting, in the receiver's own assembly, one above, and two above.</summary>
    [Theory]
    [InlineData("((Block)new Base()).Forward(x)", "M:Lib.Base.Forward(Unified.Tensor)", 6)]
    [InlineData("((Block)new Marked()).Forward(x)", "M:App.Marked.Forward(Unified.Tensor)", 9)]
    [InlineData("new Marked().Forward(x)", "M:App.Marked.Forward(Unified.Tensor)", 9)]
    [InlineData("((Block)new Heir()).Forward(x)", "M:Lib.Base.Forward(Unified.Tensor)", 6)]
    [InlineData("((Block)new Unmarked()).Forward(x)", null, 15)]
    [InlineData("new Unmarked().Forward(x)", null, 15)]
    [InlineData("((Block)new AboveGap()).Forward(x)", "M:App.AboveGap.Forward(Unified.Tensor)", 21)]
    [InlineData("new Base().CallInner(x)", "M:Lib.Block.Inner(Unified.Tensor)", 6)]
    [InlineData("new InnerMarked().CallInner(x)", "M:App.InnerMarked.Inner(Unified.Tensor)", 9)]
    [InlineData("new InnerUnmarked().CallInner(x)", null, 15)]
    [InlineData("new Box<string>().Forward(x)", "M:Lib.Box`1.Forward(Unified.Tensor)<System.String>", 6)]
    [InlineData("((Box<string>)new BoxMarked()).Forward(x)", "M:App.BoxMarked.Forward(Unified.Tensor)", 9)]
    [InlineData("((Box<string>)new BoxUnmarked()).Forward(x)", null, 15)]
    [InlineData("((ILayer)new Layer()).Apply(x)", "M:Lib.Layer.Apply(Unified.Tensor)", 6)]
    [InlineData("((ILayer)new LayerMarked()).Apply(x)", "M:App.LayerMarked.Apply(Unified.Tensor)", 9)]
    [InlineData("((ILayer)new LayerUnmarked()).Apply(x)", null, 15)]
    [InlineData("((ILayer)new LayerAgain()).Apply(x)", null, 15)]
    [InlineData("((ILayer)new Explicit()).Apply(x)", "M:App.Explicit.Lib#ILayer#Apply(Unified.Tensor)", 9)]
    [InlineData("((ILayer)new Foreign()).Apply(x)", null, 15)]
    public void Call_means_the_receivers_own_method(string call, string? key, float eager)
    {
        var library = Generation.Of(Compilations.Create("Library", [Library], [StandIn.Runtime.Reference])).Emit();
        var middle = Generation.Of(Compilations.Create("Middle", [Derived], [StandIn.Runtime.Reference, library.Reference])).Emit();
        var program = "using Lib;\n" + Calls.InterceptionTests.Program(call)[..^1].Replace("private static Tensor Through<T>(T layer, Tensor x) where T : ILayer => layer.Forward(x);", "", StringComparison.Ordinal) + "}";
        var app = Generation.Of(Compilations.Create("Main", [program], [StandIn.Runtime.Reference, library.Reference, middle.Reference])).Emit();
        var world = Compilations.Load(StandIn.Runtime, library, middle, app);

        var (value, keys) = world.RunGraph();
        Assert.Equal(eager, value);
        Assert.Equal(key is null ? [] : [key], keys);

        world.AnswerWith(42);
        Assert.Equal(key is null ? eager : 42f, world.RunGraph().Value);
    }

    [Fact]
    public void Graph_that_calls_a_virtual_one_resolves_it_by_the_receiver()
    {
        var caller = """
            using Unified;
            using Lib;
            namespace App
            {
                public sealed partial class Caller(Block block)
                {
                    private readonly Block _block = block;
                    [StaticGraph] public Tensor Forward(Tensor x) => _block.Forward(x);
                }
            }
            """;
        var library = Generation.Of(Compilations.Create("Library", [Library], [StandIn.Runtime.Reference])).Emit();
        var middle = Generation.Of(Compilations.Create("Middle", [Derived], [StandIn.Runtime.Reference, library.Reference])).Emit();
        var app = Generation.Of(Compilations.Create("Main", [caller], [StandIn.Runtime.Reference, library.Reference])).Emit();
        var world = Compilations.Load(StandIn.Runtime, library, middle, app);
        var definition = world.CompanionDefinition("Caller_Forward");
        object New(string type) => Activator.CreateInstance(world.Type(type))!;

        Assert.Equal(["M:Lib.Block.Forward(Unified.Tensor)"], definition.Function.Callees);
        Assert.Equal("M:Lib.Base.Forward(Unified.Tensor)", definition.Resolve(0, New("App.Heir"))!.Key);
        Assert.Equal("M:App.Marked.Forward(Unified.Tensor)", definition.Resolve(0, New("App.Marked"))!.Key);
        Assert.Null(definition.Resolve(0, New("App.Unmarked")));
        Assert.Null(definition.Resolve(0, null));
    }

    /// <summary>Resolved by the receiver it would be the override again, without end.</summary>
    [Fact]
    public void Graph_that_calls_its_base_means_the_base()
    {
        var derived = """
            using Unified;
            using Lib;
            namespace App
            {
                public partial class Twice : Base { [StaticGraph] public override Tensor Forward(Tensor x) => base.Forward(Forward2(x)); [StaticGraph] public Tensor Forward2(Tensor x) => x * 2.0; }
                public partial class Further : Twice { [StaticGraph] public override Tensor Forward(Tensor x) => base.Forward(x); }
                public partial class BoxTwice : Box<string> { [StaticGraph] public override Tensor Forward(Tensor x) => base.Forward(x); }
            }
            """;
        var library = Generation.Of(Compilations.Create("Library", [Library], [StandIn.Runtime.Reference])).Emit();
        var app = Generation.Of(Compilations.Create("Main", [derived], [StandIn.Runtime.Reference, library.Reference])).Emit();
        var world = Compilations.Load(StandIn.Runtime, library, app);
        string? Resolve(string companion, int callee, string receiver) =>
            world.CompanionDefinition(companion).Resolve(callee, Activator.CreateInstance(world.Type(receiver)))?.Key;

        Assert.Equal("M:App.Twice.Forward2(Unified.Tensor)", Resolve("Twice_Forward", 0, "App.Twice"));
        Assert.Equal("M:Lib.Base.Forward(Unified.Tensor)", Resolve("Twice_Forward", 1, "App.Twice"));
        Assert.Equal("M:Lib.Base.Forward(Unified.Tensor)", Resolve("Twice_Forward", 1, "App.Further"));
        Assert.Equal("M:App.Twice.Forward(Unified.Tensor)", Resolve("Further_Forward", 0, "App.Further"));

        // A generic type's definition cannot be named from here: the caller runs eagerly.
        Assert.Null(Resolve("BoxTwice_Forward", 0, "App.BoxTwice"));
    }
}
