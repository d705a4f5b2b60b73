namespace Unified.Generators.Tests.Capture;

/// <summary>Which host expressions become thunks, in which text, over which locals, and which of them are guards.</summary>
public class ThunkTests
{
    // Host expression → thunk texts it gives. The class has members of every kind of mutability.
    [Theory]
    [InlineData("_frozen", "this._frozen")]
    [InlineData("this._frozen", "this._frozen")]
    [InlineData("_free", "guard this._free")]
    [InlineData("Training ? 1 : 2", "guard Training ? 1 : 2")]
    [InlineData("GetOnly", "this.GetOnly")]
    [InlineData("InitOnly", "this.InitOnly")]
    [InlineData("Settable", "guard this.Settable")]
    [InlineData("Computed", "guard this.Computed")]
    [InlineData("OfField", "this.OfField")]
    [InlineData("_config.Heads", "_config.Heads")]
    [InlineData("_config.Names.Count", "guard _config.Names.Count")]
    [InlineData("_config.Names[0].Length", "guard _config.Names[0].Length")]
    [InlineData("_sizes[1]", "_sizes[1]")]
    [InlineData("_written[1]", "guard _written[1]")]
    [InlineData("Shared[1]", "guard Shared[1]")]
    [InlineData("_sizes.Length", "_sizes.Length")]
    [InlineData("Helper(3)", "guard Helper(3)")]
    [InlineData("base.Parameters.Count", "guard base.Parameters.Count")]
    [InlineData("_linear.Inputs", "_linear.Inputs")]
    [InlineData("_linear.Outputs", "guard _linear.Outputs")]
    [InlineData("width", "width")]
    [InlineData("grown", "guard grown")]
    [InlineData("Math.Max(width, _frozen)", "Math.Max(width, _frozen)")]
    [InlineData("Static", "Static")]
    [InlineData("(int)_mode", "(int)_mode")]
    [InlineData("_map.TryGetValue(\"a\", out var v) ? v : 0", "guard _map.TryGetValue(\"a\", out var v) ? v : 0")]
    [InlineData("_config.Names.Where(n => n.Length > _frozen).Count()", "guard _config.Names.Where(n => n.Length > _frozen).Count()")]
    [InlineData("_config is { Heads: > 2 } c ? c.Heads : 0", "_config is { Heads: > 2 } c ? c.Heads : 0")]
    public void Host_expression_is_one_maximal_thunk(string expression, string thunk)
    {
        var captured = Captures.Of($$"""
            public enum Mode { Fast, Exact }
            public sealed record Config(int Heads, List<string> Names);
            public sealed partial class Layer(int width, int grown) : Module
            {
                private const Mode Default = Mode.Exact;
                private static readonly int Static = 3;
                private readonly int _frozen = 1;
                private readonly Mode _mode = Default;
                private readonly int[] _sizes = [1, 2];
                private readonly int[] _written = [1, 2];
                public readonly int[] Shared = [1, 2];
                public void Write(int i) => _written[i] = 1;
                private readonly Dictionary<string, int> _map = [];
                private readonly Config _config = new(2, []);
                private readonly Linear _linear = new(1, 2);
                private int _free;
                public int GetOnly { get; } = 1;
                public int InitOnly { get; init; }
                public int Settable { get; set; }
                public int Computed => _free + 1;
                public int OfField => _frozen;
                public int Helper(int n) => _free + n;
                public void Grow() => grown++;
                [StaticGraph] public Tensor Forward(Tensor x) => x * ({{expression}});
            }
            """);
        Assert.Equal([thunk], captured.Thunks());
    }

    [Theory]
    [InlineData("_layers[i].Forward(x)", "_layers[i]", "int i")]
    [InlineData("x * (float)Scale(i, x.Shape[0])", "guard Scale(i, __h0)", "int i", "int __h0")]
    [InlineData("x * (float)Scale(x.Shape[0] / 2, b: x.Rank)", "guard Scale(__h0, b: __h1)", "int __h0", "int __h1")]
    [InlineData("x * (float)name.Length", "(float)name.Length", "string name")]
    [InlineData("Cast(x, DType.F64)", "DType.F64")]
    [InlineData("Cast(x, i > 2 ? DType.F64 : DType.F32)", "DType.F64", "DType.F32")]
    public void Locals_and_sizes_are_parameters_of_a_thunk(string expression, params string[] thunkAndParameters)
    {
        var captured = Captures.Of($$"""
            public sealed partial class Layer : Module
            {
                private readonly List<Linear> _layers = [];
                private static double Scale(int a, int b) => a + b;
                [StaticGraph] public Tensor Forward(Tensor x, int i, string name) => {{expression}};
            }
            """);
        if (thunkAndParameters[0].StartsWith("DType", StringComparison.Ordinal))
        {
            Assert.Equal(thunkAndParameters, captured.Thunks());
            return;
        }

        Assert.Equal([thunkAndParameters[0]], captured.Thunks());
        Assert.Equal(thunkAndParameters.Skip(1), captured.Method.Thunks[0].Parameters.Select(p => $"{p.Type} {p.Name}"));
    }

    [Fact]
    public void The_same_text_is_one_thunk()
    {
        var captured = Captures.Of("""
            public sealed partial class Layer : Module
            {
                private readonly Parameter _weight = new();
                [StaticGraph] public Tensor Forward(Tensor x) => x * _weight + this._weight;
            }
            """);
        Assert.Equal(["this._weight"], captured.Thunks());
        Assert.Equal(2, captured.Instructions<Ir.ThunkInstruction>().Count());
    }

    [Fact]
    public void Thunks_of_a_static_method_are_static_and_a_keyword_is_escaped()
    {
        var captured = Captures.Of("""
            public static partial class Functions
            {
                private static int @int = 2;
                [StaticGraph] public static Tensor Forward(Tensor x, string @class) => x * (float)(@class.Length + @int);
            }
            """);
        Assert.Equal(["guard (float)(@class.Length + @int)"], captured.Thunks());
        Assert.All(captured.Method.Thunks, t => Assert.True(t.IsStatic));
        Assert.DoesNotContain(captured.Function.Parameters, p => p.Name == "this");
    }

    [Fact]
    public void A_list_that_can_grow_is_guarded_by_its_count()
    {
        var captured = Captures.Of("""
            public sealed partial class Stack : Module
            {
                private readonly List<Linear> _layers = [];
                private readonly Linear[] _fixed = [];
                public void Grow() => _layers.Add(new(1, 2));
                [StaticGraph] public Tensor Forward(Tensor x)
                {
                    foreach (var layer in _layers) { x = layer.Forward(x); }
                    foreach (var layer in _fixed) { x = layer.Forward(x); }
                    return x;
                }
            }
            """);
        Assert.Equal(["this._layers", "guard (_layers).Count", "this._fixed"], captured.Thunks());
    }

    // Member of the class → whether a read of _items[0] needs a guard.
    [Theory]
    [InlineData("public Layer(int n) { for (var i = 0; i < n; i++) { _items.Add(new(1, i)); } }", false)]
    [InlineData("public Layer(List<Linear> items) => _items = items;", true)]
    [InlineData("public Layer(List<Linear> items) => _items = items.ToList();", false)]
    [InlineData("public int Size => _items.Sum(i => i.Inputs) + _items[0].Inputs + _items.Count;", false)]
    [InlineData("public List<Linear> Items => _items;", true)]
    [InlineData("public void Clear() => this._items.Clear();", true)]
    [InlineData("public void Set() => _items[0] = new(1, 2);", true)]
    [InlineData("public void Swap() => (_items[0], _items[1]) = (_items[1], _items[0]);", true)]
    [InlineData("public void Print() { foreach (var i in _items) { Console.WriteLine(i); } }", false)]
    [InlineData("public void Lend() => Console.WriteLine(_items);", true)]
    public void A_private_collection_that_nothing_changes_needs_no_guard(string member, bool isGuard)
    {
        var captured = Captures.Of($$"""
            public sealed partial class Layer : Module
            {
                private readonly List<Linear> _items = [];
                {{member}}
                [StaticGraph] public Tensor Forward(Tensor x) => _items[0].Forward(x);
            }
            """);
        Assert.Equal([isGuard ? "guard _items[0]" : "_items[0]"], captured.Thunks());
    }

    [Fact]
    public void Setter_and_getter_of_an_assigned_field()
    {
        var captured = Captures.Of("""
            public sealed partial class Cell : Module
            {
                private Parameter _state = new();
                public Tensor Last { get; private set; } = new();
                [StaticGraph] public Tensor Forward(Tensor x, Parameter p, Cell other)
                {
                    _state = p;
                    other.Last = x;
                    Last += x;
                    return _state;
                }
            }
            """);
        Assert.Equal(
            ["guard this._state", "this._state = __value", "guard other.Last", "other.Last = __value", "guard this.Last", "this.Last = __value"],
            captured.Thunks());
        Assert.Equal([(1, 0), (3, 2), (5, 4)], captured.Instructions<Ir.RebindInstruction>().Select(r => (r.Setter, r.Getter)));
        var setter = captured.Method.Thunks[3];
        Assert.True(setter.IsSetter);
        Assert.Equal("void", setter.ResultType);
        Assert.Equal(["global::App.Cell other", "global::Unified.Tensor __value"], setter.Parameters.Select(p => $"{p.Type} {p.Name}"));
        Assert.Equal("global::Unified.Parameter", captured.Method.Thunks[1].Parameters[0].Type);
    }
}
