using System.Reflection;

namespace Unified.Generators.Tests.Emit;

public sealed class ModuleTests
{
    private const string Source = """
        using Unified;
        using Unified.Nn;
        using System.Collections;
        using System.Collections.Immutable;
        namespace App;

        public abstract partial class Base : Module
        {
            protected readonly Parameter _bias = new(1);
        }

        public sealed partial class Linear : Base
        {
            public Parameter Weight { get; } = new(2);
            private readonly string _name = "linear";
            private static readonly Tensor s_shared = new(9);
            public Tensor Computed => Weight * 2.0;
            public (string, Tensor) Use() => (_name, s_shared);
        }

        public sealed partial class Stack : Module, IEnumerable<Module>
        {
            private readonly List<Linear> _items = [new(), new()];
            public IEnumerator<Module> GetEnumerator() => _items.GetEnumerator();
            IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
        }

        public partial class Model<T> : Module where T : Module, new()
        {
            private readonly T _head = new();
            private readonly Stack _blocks = [];
            private Tensor? _cache;
            [NotState] private readonly Tensor _scratch = new(0);
            private readonly Tensor[] _moments = [new(1), new(2)];
            private readonly ImmutableArray<Module> _more = [new Linear()];
            private readonly Dictionary<string, Linear> _byName = [];
            public void Set(Tensor x) => _cache = x * (double)(_scratch.Value + _byName.Count);
        }

        public sealed class Lines(List<string> lines) : IModuleVisitor
        {
            public void Visit(string name, Tensor? value) => lines.Add($"{name}: tensor {value?.Value.ToString() ?? "null"}");
            public void Visit(string name, Module? module) => lines.Add($"{name}: module {module?.GetType().Name}");
            public void Visit(string name, IEnumerable<Module>? modules) => lines.Add($"{name}: {modules?.Count()} modules");
            public void Visit(string name, IEnumerable<Tensor>? tensors) => lines.Add($"{name}: {tensors?.Count()} tensors");
        }

        public static class Program
        {
            public static List<string> Run(string kind)
            {
                var lines = new List<string>();
                Module module = kind switch { "linear" => new Linear(), "stack" => new Stack(), _ => new Model<Linear>() };
                module.Show(new Lines(lines));
                return lines;
            }
        }
        """;

    [Theory]
    [InlineData("linear", "bias: tensor 1|weight: tensor 2")]
    [InlineData("stack", "items: 2 modules")]
    [InlineData("model", "head: module Linear|blocks: module Stack|cache: tensor null|moments: 2 tensors|more: 1 modules")]
    public void Module_describes_its_state_base_class_first(string kind, string expected)
    {
        var world = Generation.Of(Source).Load();
        Assert.Equal(expected, string.Join("|", (List<string>)world.Call("App.Program", "Run", kind)!));
    }

    [Fact]
    public void Describe_written_by_hand_stays()
    {
        var generation = Generation.Of("""
            using Unified;
            using Unified.Nn;
            public partial class Model : Module
            {
                private readonly Tensor _x = new(1);
                protected override void Describe(IModuleVisitor visitor) => visitor.Visit("mine", _x);
            }
            """);
        Assert.DoesNotContain(generation.Sources.Keys, k => k.Contains("Describe", StringComparison.Ordinal));
        generation.Emit();
    }

    [Fact]
    public void Describe_reads_so() =>
        GoldenFile.Matches(Generation.Of(Source).Source("App.Model-1.Describe"), "Describe.golden.cs.txt");
}
