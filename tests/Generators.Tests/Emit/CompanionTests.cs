using Unified.Ir;

namespace Unified.Generators.Tests.Emit;

public sealed class CompanionTests
{
    private const string Source = """
        using Unified;
        using Lengths = System.Collections.Generic.List<string>;
        namespace App;
        using static System.Math;

        public sealed partial class Outer
        {
            public sealed partial class Model(int width)
            {
                private readonly Tensor _weight = new(2);
                private readonly Lengths _names = ["a", "bc"];
                private Tensor _state = new(1);
                public bool Training { get; set; }

                [StaticGraph]
                public Tensor Forward(Tensor x, bool twice)
                {
                    var y = x * _weight;
                    if (Training)
                    {
                        y = y * (double)Max(width, _names.Sum(n => n.Length));
                    }

                    _state = y;
                    return twice ? y + y : y;
                }
            }
        }
        """;

    [Fact]
    public void Companion_and_partial_half_read_so() =>
        GoldenFile.Matches(Strip(Generation.Of(Source).Source("G_Model_Forward")), "Companion.golden.cs.txt");

    [Theory]
    [InlineData("Forward", "Forward(x: [B, 784]) -&gt; [B, 10]")]
    [InlineData("Both", "Both(x: [B, 784], times: int) -&gt; ([B, 784], [B])")]
    [InlineData("Later", "Later(x: Tensor, numbers: int[]) -&gt; [.., 784]")]
    [InlineData("Wrong", "Wrong is no graph and runs eagerly: it has errors.")]
    [InlineData("Undone", "Undone(x: [B, 784]) -&gt; [B, ?]")]
    public void Companion_says_what_is_known_of_its_shapes(string method, string said)
    {
        var generation = RealModels.Generate("""
            using Unified;
            using Unified.Nn;
            using static Unified.Ops;
            public sealed partial class Mlp(int hidden) : Module
            {
                private readonly Linear _up = new(784, hidden), _down = new(hidden, 10);
                [StaticGraph] public Tensor Forward([Shape("B", 784)] Tensor x) => _down.Forward(Gelu(_up.Forward(x)));
                [StaticGraph] public (Tensor First, Tensor Second) Both([Shape("B", 784)] Tensor x, int times) => (x * times, x[.., 0]);
                [StaticGraph] [return: Shape("..", 784)] public Tensor Later(Tensor x, int[] numbers) => Reshape(x, [numbers[0], 784]);
                [StaticGraph] public Tensor Wrong(Tensor x) { System.Console.WriteLine(x.ToString()); return x; }
                [StaticGraph] public Tensor Undone([Shape("B", 784)] Tensor x) => Sum(x) > 0f ? x[.., 1..] : x[.., ..7];
            }
            """);
        var text = generation.Source($"G_Mlp_{method}");
        Assert.Contains($"/// <summary>{said}</summary>\n[global::System.ComponentModel.EditorBrowsable", text.Replace("    ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Packed_function_survives_the_constant()
    {
        var definition = Generation.Of(Source).Load().CompanionDefinition("Model_Forward");
        Assert.Equal("M:App.Outer.Model.Forward(Unified.Tensor,System.Boolean)", definition.Key);
        Assert.Equal(definition.Key, definition.Function.Key);
        Assert.Equal(["this", "x", "twice"], definition.Function.Parameters.Select(p => p.Name));
    }

    [Fact]
    public void Literal_keeps_every_char()
    {
        var packed = new string(['\0', '\ud800', '\u0001', '\udfff', '"', '\\', '\n', '\uffff']);
        var literal = Microsoft.CodeAnalysis.CSharp.SyntaxFactory.ParseExpression(PackedLiteral.Of(packed));
        Assert.Equal(packed, ((Microsoft.CodeAnalysis.CSharp.Syntax.LiteralExpressionSyntax)literal).Token.ValueText);
    }

    [Fact]
    public void Thunks_are_evaluated_in_the_users_type()
    {
        var world = Generation.Of(Source).Load();
        var definition = world.CompanionDefinition("Model_Forward");
        var model = Activator.CreateInstance(world.Type("App.Outer+Model"), 7)!;
        var values = definition.Function.Thunks
            .Select((t, i) => (t, i)).Where(p => p.t.Arguments.IsEmpty)
            .Select(p => definition.Invoke(p.i, model, [])).ToList();
        Assert.Contains(values, v => v is false);
        Assert.Contains(values, v => v is double and 7.0 or int and 7);
        Assert.Contains(values, v => v is not null && v.GetType() == world.Type("Unified.Tensor"));
    }

    [Fact]
    public void String_of_several_lines_keeps_its_white_space()
    {
        var world = Generation.Of("""
            using Unified;
            public partial class Model
            {
                private readonly string _name = "m";
                [StaticGraph] public Tensor Forward(Tensor x) => x * (double)string.Concat(_name, @"a
              b
            ", "c").Length;
            }
            """).Load();
        var definition = world.CompanionDefinition("Model_Forward");
        Assert.Equal(8.0, definition.Invoke(0, Activator.CreateInstance(world.Type("Model")), []));
    }

    [Fact]
    public void Setter_thunk_assigns_the_field()
    {
        var world = Generation.Of(Source).Load();
        var definition = world.CompanionDefinition("Model_Forward");
        var model = Activator.CreateInstance(world.Type("App.Outer+Model"), 7)!;
        var setter = Instructions(definition.Function.Body).OfType<RebindInstruction>().Single().Setter;
        var tensor = Activator.CreateInstance(world.Type("Unified.Tensor"), 5f);
        Assert.Null(definition.Invoke(setter, model, [tensor]));
        var field = model.GetType().GetField("_state", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!;
        Assert.Same(tensor, field.GetValue(model));
    }

    [Fact]
    public void Guard_holds_until_the_value_changes_and_allocates_nothing()
    {
        var world = Generation.Of(Source).Load();
        var definition = world.CompanionDefinition("Model_Forward");
        var model = Activator.CreateInstance(world.Type("App.Outer+Model"), 7)!;
        object?[] none = [];
        var training = definition.Function.Thunks.Select((t, i) => (t, i)).Single(p => p.t.IsGuard && p.t.Arguments.IsEmpty && definition.Invoke(p.i, model, none) is bool).i;
        object expected = false;
        Assert.True(definition.Check(training, model, none, expected));

        var before = GC.GetAllocatedBytesForCurrentThread();
        var holds = true;
        for (var i = 0; i < 1000; i++)
        {
            holds &= definition.Check(training, model, none, expected);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(holds);
        model.GetType().GetProperty("Training")!.SetValue(model, true);
        Assert.False(definition.Check(training, model, none, expected));
    }

    [Fact]
    public void Call_in_graph_mode_allocates_nothing()
    {
        var program = """
            using Unified;
            public static class Program
            {
                public static long Run()
                {
                    var model = new App.Outer.Model(7);
                    var x = new Tensor(3);
                    model.Forward(x, true);
                    GraphRuntime.Records = false;
                    var kept = new Tensor?[100];
                    long least = long.MaxValue;
                    for (var round = 0; round < 5; round++)
                    {
                        var eager = GC.GetAllocatedBytesForCurrentThread();
                        using (Execution.Use(ExecutionMode.Eager)) for (var i = 0; i < 100; i++) kept[i] = model.Forward(x, true);
                        eager = GC.GetAllocatedBytesForCurrentThread() - eager;
                        var graph = GC.GetAllocatedBytesForCurrentThread();
                        using (Execution.Use(ExecutionMode.Graph)) for (var i = 0; i < 100; i++) kept[i] = model.Forward(x, true);
                        graph = GC.GetAllocatedBytesForCurrentThread() - graph;
                        least = Math.Min(least, graph - eager);
                    }
                    return least;
                }
            }
            """;
        var world = Generation.Of(Source, program).Load();

        // The runtime declines, so both modes run the same body; what is left over is the way through the companion.
        Assert.Equal(0L, world.Call("Program", "Run"));
    }

    [Fact]
    public void Exception_in_the_body_shows_only_user_frames()
    {
        var source = """
            using Unified;
            public partial class Model
            {
                [StaticGraph] public Tensor Forward(Tensor x)
                {
                    Check(x.Rank);
                    return x;
                }

                private static void Check(int rank)
                {
                    if (rank > 1) throw new ArgumentException("rank");
                }
            }

            public static class Program
            {
                public static float Run() => new Model().Forward(new Tensor(3)).Value;
            }
            """;
        foreach (var mode in new[] { "Eager", "Graph" })
        {
            var world = Generation.Of(source).Load();
            world.SetMode(mode);
            var thrown = Assert.Throws<ArgumentException>(() => world.Call("Program", "Run"));
            world.SetMode("Eager");
            var frames = thrown.StackTrace!.Split('\n').Select(l => l.Trim()).TakeWhile(l => !l.Contains("InvokeStub", StringComparison.Ordinal) && !l.Contains("System.Reflection", StringComparison.Ordinal) && !l.Contains("System.RuntimeMethodHandle", StringComparison.Ordinal)).ToList();
            Assert.Collection(
                frames,
                f => Assert.StartsWith("at Model.Check(Int32 rank) in File1.cs:line 12", f, StringComparison.Ordinal),
                f => Assert.StartsWith("at Model.Forward(Tensor x) in File1.cs:line 6", f, StringComparison.Ordinal),
                f => Assert.StartsWith("at Program.Run() in File1.cs:line 18", f, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Method_with_an_error_is_eager_only_and_its_caller_says_so()
    {
        var source = """
            using Unified;
            public partial class Model
            {
                [StaticGraph] public Tensor Bad(Tensor x)
                {
                    lock (this) { return x * 2.0; }
                }

                [StaticGraph] public Tensor Good(Tensor x) => Bad(x);
            }

            public static class Program
            {
                public static float Run() => new Model().Bad(new Tensor(3)).Value;
            }
            """;
        var world = Generation.Of(source).Load();
        world.AnswerWith(42);
        var (value, keys) = world.RunGraph();
        Assert.Equal(6f, value);
        Assert.Empty(keys);
        Assert.Null(world.CompanionDefinition("Model_Good").Resolve(0, null));
    }

    [Fact]
    public void Graph_without_a_result_is_given_no_room_for_one()
    {
        var world = Results("void", "_state = x * 2.0;", "m.Forward(x); return m.State;");
        Assert.Equal(6f, world.RunGraph().Value);
        world.AnswerWith();
        Assert.Equal(0f, world.RunGraph().Value);
        Assert.All(world.Runs, r => Assert.Equal(0, r.GetType().GetProperty("Results")!.GetValue(r)));
    }

    [Theory]
    [InlineData("(Tensor A, Tensor B)", "return (x, x * 2.0);", "var (a, b) = m.Forward(x); return a.Value * 10 + b.Value;", 15f)]
    [InlineData("((Tensor, Tensor) A, Tensor B)", "return ((x, x), x * 2.0);", "var ((a, b), c) = m.Forward(x); return a.Value * 100 + b.Value * 10 + c.Value;", 158f)]
    [InlineData("Tensor[]", "return new[] { x, x * 2.0 };", "return m.Forward(x).Sum(t => t.Value) + m.Forward(x).Length;", 17f)]
    [InlineData("IReadOnlyList<Tensor>", "return new[] { x, x * 2.0 };", "return m.Forward(x)[2].Value;", 8f)]
    [InlineData("(Tensor A, IReadOnlyList<Tensor> B, Tensor C)", "return (x, new[] { x }, x);", "var (a, b, c) = m.Forward(x); return a.Value * 100 + b[0].Value * 10 + c.Value + b.Count;", 159f)]
    public void Result_is_rebuilt(string type, string body, string use, float expected)
    {
        var world = Results(type, body, use);
        world.AnswerWith(type.Contains("Tensor, Tensor", StringComparison.Ordinal) || !type.StartsWith("(Tensor A, Tensor", StringComparison.Ordinal) ? [1, 5, 8] : [1, 5]);
        Assert.Equal(expected, world.RunGraph().Value);
    }

    private static World Results(string type, string body, string use) => Generation.Of($$"""
        using Unified;
        public partial class Model
        {
            private Tensor _state = new(0);
            public float State => _state.Value;
            [StaticGraph] public {{type}} Forward(Tensor x) { {{body}} }
        }

        public static class Program
        {
            public static float Run()
            {
                var m = new Model();
                var x = new Tensor(3);
                {{use}}
            }
        }
        """).Load();

    private static IEnumerable<Instruction> Instructions(Block block) => block.Instructions.SelectMany(i => i is IfInstruction branch
        ? Instructions(branch.Then).Concat(Instructions(branch.Else)).Prepend(i) : [i]);

    /// <summary>Without the packed IR, whose bytes are the codec's affair.</summary>
    internal static string Strip(string source) => System.Text.RegularExpressions.Regex.Replace(source, "(\\\\u[0-9A-F]{4})+", "…");
}
