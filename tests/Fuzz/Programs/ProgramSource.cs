using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Unified.Fuzz;

/// <summary>Turns a method body into the source of a module that the worker can run.</summary>
internal static class ProgramSource
{
    public const string Usings =
        "global using System; global using System.Collections.Generic; global using System.Linq; global using Unified; global using Unified.Nn; global using Unified.Ir; " +
        "global using Unified.Fuzz; global using static Unified.Ops;";

    /// <summary>What every program may call.</summary>
    public static string Shared { get; } = $$"""
        public abstract partial class WithMembers : FuzzProgram
        {
            {{Members}}
        }


        public sealed record Pair(Tensor Left, Tensor Right, int Times);

        public sealed partial class Cell : Module
        {
            public Tensor Seen { get; } = Tensor.Zeros([3]);

            [StaticGraph]
            public Tensor Forward(Tensor x)
            {
                Seen.Assign(Seen * 0.5f + x[0]);
                return Tanh(x + Seen);
            }
        }

        /// A plain object that changes.
        public sealed class Box(Tensor value, int number)
        {
            public Tensor Value { get; set; } = value;
            public int Number = number;
        }

        public readonly record struct Duo(Tensor First, Tensor Second);

        public abstract partial class Step : Module
        {
            [StaticGraph]
            public abstract Tensor Forward(Tensor x);
        }

        public sealed partial class Doubling : Step
        {
            [StaticGraph]
            public override Tensor Forward(Tensor x) => x * 2f - 1f;
        }

        public sealed partial class Counting(float by) : Step
        {
            private readonly Tensor _calls = Tensor.Zeros([1]);

            public Tensor Calls => _calls;

            [StaticGraph]
            public override Tensor Forward(Tensor x)
            {
                _calls.Assign(_calls + 1f);
                return Sigmoid(x * by) + _calls;
            }
        }

        public sealed partial class Held<T>(T inner) : Module where T : Step
        {
            private readonly T _inner = inner;

            [StaticGraph]
            public Tensor Forward(Tensor x) => _inner.Forward(x) * 0.5f + x;
        }

        public interface ILayer
        {
            [StaticGraph]
            Tensor Forward(Tensor x);
        }

        public sealed partial class Squashing : Module, ILayer
        {
            [StaticGraph]
            public Tensor Forward(Tensor x) => Tanh(x) - 0.25f;
        }

        public static partial class Extra
        {
            [StaticGraph]
            public static Tensor Damped(this Tensor x, float by = 0.5f) => x / (1f + Abs(x) * by);

            [StaticGraph]
            public static (Tensor Sum, Tensor Difference) Both(Tensor x, Tensor y) => (x + y, x - y);

            [StaticGraph]
            public static Tensor Total(params Tensor[] all)
            {
                var sum = all[0];
                foreach (var t in all[1..])
                {
                    sum = sum * 0.5f + t;
                }

                return sum;
            }

            [StaticGraph]
            public static Tensor Moved<T>(T step, ref Tensor x, Tensor by, out int size) where T : Step
            {
                x = step.Forward(x) + by;
                size = x.Shape[0] + (typeof(T) == typeof(Doubling) ? 1 : 2);
                return x * 0.5f;
            }

            [StaticGraph]
            public static Tensor Power(Tensor x, int times) => times <= 0 ? x : Power(Tanh(x) * 1.5f, times - 1);

            [StaticGraph]
            public static Tensor Limited(Tensor x)
            {
                var turns = 0;
                while (Sum(Abs(x)) > 5.1937f && turns < 6)
                {
                    x = x * 0.5f;
                    turns++;
                }

                return x + turns;
            }
        }
        """;

    /// <summary>What programs have beside the method that is generated.</summary>
    private const string Members = """
            private protected readonly Linear _linear = new(3, 3, generator: new Unified.Generator(3));
            private protected readonly Cell _cell = new();
            private protected readonly Dropout _dropout = new(0.25f, new Unified.Generator(5));
            private protected readonly int[] _steps = [1, 2, 3];
            private protected readonly string _name = "ab";
            private protected readonly Tensor _total = Tensor.Zeros([3]);
            private protected Tensor _last = Tensor.Ones([3]);
            private protected Tensor? _kept;
            private protected readonly Step[] _blocks = [new Doubling(), new Counting(0.5f), new Doubling()];
            private protected readonly Box _box = new(Tensor.Ones([2, 3]), 2);
            private protected readonly Box[] _boxes = [new(Tensor.Zeros([2, 3]), 1), new(Tensor.Ones([2, 3]), 3)];
            private protected readonly Held<Step> _held = new(new Doubling());
            private protected readonly ILayer _layer = new Squashing();
            private protected readonly Step _step = new Counting(0.25f);
            private protected readonly Dictionary<string, int> _table = new() { ["a"] = 2, ["b"] = 3 };
            private protected int _count;

            public Parameter Weight { get; } = new(Tensor.From<float>([1, -0.5f, 0.25f], 3));

            private protected Tensor Doubled => _total * 2f + Weight;

            private protected Tensor Advanced
            {
                get
                {
                    _total.Assign(_total * 0.5f + 1f);
                    return _total - Weight;
                }
            }

            [StaticGraph]
            public static Tensor Ordered(int a, int b, Tensor t, int c) => t * (a * 0.5f) + (b - c * 0.25f);

            [StaticGraph]
            public static Tensor Optional(Tensor t, float by = 0.5f, int times = 2) => t * by + times;

            [Eager]
            [return: Shape("B", 3)]
            private protected static Tensor Clipped([Shape("B", 3)] Tensor t) => Tensor.From<float>([.. t.ToArray<float>().Select(v => v > 0.5f ? 0.5f : v)], t.Shape[0], 3);

            [Eager]
            private protected static float Peak(Tensor t) => t.ToArray<float>().Append(0f).Max();

            [StaticGraph]
            public Tensor Scale(Tensor t, int times)
            {
                for (var i = 0; i < times && i < 4; i++)
                {
                    t = Tanh(t) + i;
                }

                return t;
            }

            public override IEnumerable<Tensor?> Observed() =>
                [_total, _last, _kept, _cell.Seen, _dropout.State, Weight, _linear.Weight, ((Counting)_step).Calls, ((Counting)_blocks[1]).Calls, _box.Value, _boxes[0].Value, _boxes[1].Value];
        """;

    private const string Slopes = """
            [StaticGraph]
            public IReadOnlyList<Tensor> Slopes(Tensor x, Tensor y, Tensor v, Tensor w, Tensor k, int n, bool flag)
            {
                var (loss, slopes) = ValueAndGrad(
                    () =>
                    {
                        var (a, b) = Run(x, y, v, w, k, n, flag);
                        return Mean(Tanh(a) * 0.5f) + Sum(Tanh(b) * Weight);
                    },
                    [Weight, _linear.Weight]);
                return [loss, slopes[0], slopes[1]];
            }
        """;

    /// <param name="name">Of the class.</param>
    /// <param name="body">Of the method.</param>
    /// <param name="inherits">Its members are those of a class that all such programs of a compilation share; else they are its own.</param>
    /// <param name="differentiates">What is compared is the gradient of the method.</param>
    public static string Of(string name, string body, bool inherits = false, bool differentiates = false) => CSharpSyntaxTree.ParseText($$"""
        public sealed partial class {{name}} : {{(inherits ? "WithMembers" : "FuzzProgram")}}
        {
            {{(inherits ? "" : Members.Replace("private protected", "private", StringComparison.Ordinal))}}

            [StaticGraph]
            public (Tensor, Tensor) Run(Tensor x, Tensor y, Tensor v, Tensor w, Tensor k, int n, bool flag)
            {
                {{body}}
            }

            public override IEnumerable<Tensor?> Call(Tensor x, Tensor y, Tensor v, Tensor w, Tensor k, int n, bool flag)
            {
                _count = n > 3 ? 2 : 1;
                Train(n < 4);
                foreach (var box in (Box[])[_box, .. _boxes])
                {
                    box.Value = box.Value.Shape[0] == x.Shape[0] ? box.Value : x * 0.5f;
                    box.Number = n;
                }

                {{(differentiates ? "return Slopes(x, y, v, w, k, n, flag);" : "var (a, b) = Run(x, y, v, w, k, n, flag);\nreturn [a, b];")}}
            }

            {{(differentiates ? Slopes : "")}}
        }
        """).GetRoot().NormalizeWhitespace().ToFullString();
}
