namespace Unified.Syntax.Tests;

/// <summary>Calls: arguments, dispatch, what is called.</summary>
internal static class CallRows
{
    private const string G = "Calls";

    public static Construct[] All { get; } =
    [
        new(G, "named arguments", "return By(k: 2, t: x);\n---\n[StaticGraph] public static Tensor By(Tensor t, int k) => t * k;", "return x * By(b: 2, a: n);\n---\nprivate static int By(int a, int b) => a - b;"),
        new(G, "optional arguments", "return By(x);\n---\n[StaticGraph] public static Tensor By(Tensor t, int k = 2) => t * k;", "return x * By(n);\n---\nprivate static int By(int a, int b = 2) => a - b;"),
        new(G, "params array", "return All(x, x * 2f);\n---\n[StaticGraph] public static Tensor All(params Tensor[] t) => t[0] + t[1];", "return x * All(1, n);\n---\nprivate static int All(params int[] t) => t[0] + t[1];"),
        new(G, "params collection", "return All(x, x * 2f);\n---\n[StaticGraph] public static Tensor All(params IReadOnlyList<Tensor> t) => t[0] + t[1];", "return x * All(1, n);\n---\nprivate static int All(params ReadOnlySpan<int> t) => t[0] + t[1];"),
        new(G, "out argument", "Split(x, out var a, out var b); return a + b; static void Split(Tensor t, out Tensor a, out Tensor b) { a = t * 2f; b = t; }", "return int.TryParse(\"12\", out var k) ? x * k : x;"),
        new(G, "out argument of a static graph", "Split(x, out var a); return a;\n---\n[StaticGraph] public static void Split(Tensor t, out Tensor a) { a = t * 2f; }", null),
        new(G, "ref argument", "Twice(ref x); return x; static void Twice(ref Tensor t) { t = t * 2f; }", "Twice(ref n); return x * n;\n---\nprivate static void Twice(ref int k) { k *= 2; }"),
        new(G, "ref argument of a static graph", "Twice(ref x); return x;\n---\n[StaticGraph] public static void Twice(ref Tensor t) { t = t * 2f; }", null),
        new(G, "in argument", "return Twice(in x);\n---\n[StaticGraph] public static Tensor Twice(in Tensor t) => t * 2f;", "return x * Twice(in n);\n---\nprivate static int Twice(in int k) => k * 2;"),
        new(G, "in argument of a local function", "return Twice(in x); static Tensor Twice(in Tensor t) => t * 2f;", "return x * Twice(in n); static int Twice(in int t) => t * 2;"),
        new(G, "caller information", null, "return x * Who().Length;\n---\nprivate static string Who([CallerMemberName] string name = \"\") => name;"),
        new(G, "static graph of this object", "return Twice(x);\n---\n[StaticGraph] public Tensor Twice(Tensor t) => t * 2f;", null),
        new(G, "private method without the mark", "return Twice(x);\n---\nprivate static Tensor Twice(Tensor t) => t * 2f;", "return x * Twice(n);\n---\nprivate static int Twice(int k) => k * 2;"),
        new(G, "static graph of another module", "return _l.Forward(x);\n---\nprivate readonly Linear _l = new(6, 6, generator: new Unified.Generator(3));", null),
        new(G, "virtual call", "return _l.Forward(x);\n---\nprivate readonly Layer _l = new Double();\n===\npublic partial class Layer : Module { [StaticGraph] public virtual Tensor Forward(Tensor x) => x; }\npublic sealed partial class Double : Layer { [StaticGraph] public override Tensor Forward(Tensor x) => x * 2f; }", "return x * _l.Size;\n---\nprivate readonly Layer _l = new Double();\n===\npublic class Layer { public virtual int Size => 1; }\npublic sealed class Double : Layer { public override int Size => 2; }"),
        new(G, "base call", "return _l.Forward(x);\n---\nprivate readonly Layer _l = new Double();\n===\npublic partial class Layer : Module { [StaticGraph] public virtual Tensor Forward(Tensor x) => x + 1f; }\npublic sealed partial class Double : Layer { [StaticGraph] public override Tensor Forward(Tensor x) => base.Forward(x) * 2f; }", null),
        new(G, "interface call", "return _l.Forward(x);\n---\nprivate readonly ILayer _l = new Double();\n===\npublic interface ILayer { Tensor Forward(Tensor x); }\npublic sealed partial class Double : Module, ILayer { [StaticGraph] public Tensor Forward(Tensor x) => x * 2f; }", "return x * _l.Size;\n---\nprivate readonly ILayer _l = new Double();\n===\npublic interface ILayer { int Size { get; } }\npublic sealed class Double : ILayer { public int Size => 2; }"),
        new(G, "interface call with the mark", "return _l.Forward(x);\n---\nprivate readonly ILayer _l = new Double();\n===\npublic partial interface ILayer { [StaticGraph] Tensor Forward(Tensor x); }\npublic sealed partial class Double : Module, ILayer { [StaticGraph] public Tensor Forward(Tensor x) => x * 2f; }", null),
        new(G, "abstract method", "return _l.Forward(x);\n---\nprivate readonly Layer _l = new Double();\n===\npublic abstract partial class Layer : Module { [StaticGraph] public abstract Tensor Forward(Tensor x); }\npublic sealed partial class Double : Layer { [StaticGraph] public override Tensor Forward(Tensor x) => x * 2f; }", null),
        new(G, "override that is eager", "return _l.Forward(x);\n---\nprivate readonly Layer _l = new Double();\n===\npublic partial class Layer : Module { [StaticGraph] public virtual Tensor Forward(Tensor x) => x; }\npublic sealed class Double : Layer { [Eager] public override Tensor Forward(Tensor x) => x * 2f; }", null),
        new(G, "callee marked [Eager]", "return Twice(x) + 1f;\n---\n[Eager] private static Tensor Twice(Tensor t) => t * 2f;", null),
        new(G, "generic method", "return Same(x) * 2f;\n---\nprivate static T Same<T>(T t) => t;", "return x * Same(n);\n---\nprivate static T Same<T>(T t) => t;"),
        new(G, "generic static graph", "return Same<int>(x);\n---\n[StaticGraph] public static Tensor Same<T>(Tensor t) => t * 2f;", null),
        new(G, "static graph of a generic type", "return _b.Forward(x);\n---\nprivate readonly Box<int> _b = new();\n===\npublic sealed partial class Box<T> : Module { [StaticGraph] public Tensor Forward(Tensor x) => x * 2f; }", null),
        new(G, "extension method", "return x.Twice();\n===\npublic static partial class More { [StaticGraph] public static Tensor Twice(this Tensor t) => t * 2f; }", "return x * n.Twice();\n===\npublic static class More { public static int Twice(this int t) => t * 2; }"),
        new(G, "extension method without the mark", "return x.Twice();\n===\npublic static class More { public static Tensor Twice(this Tensor t) => t * 2f; }", null),
        new(G, "extension block: method", "return x.Twice();\n===\npublic static partial class More { extension(Tensor t) { public Tensor Twice() => t * 2f; } }", "return x * n.Twice();\n===\npublic static class More { extension(int t) { public int Twice() => t * 2; } }"),
        new(G, "extension block: property", "return x.Doubled;\n===\npublic static partial class More { extension(Tensor t) { public Tensor Doubled => t * 2f; } }", "return x * n.Doubled;\n===\npublic static class More { extension(int t) { public int Doubled => t * 2; } }"),
        new(G, "extension block: static member", null, "return x * int.Seven;\n===\npublic static class More { extension(int) { public static int Seven => 7; } }"),
        new(G, "extension block: operator", null, "return x * (new Money(n) * 2).Cents;\n===\npublic readonly record struct Money(int Cents);\npublic static class More { extension(Money) { public static Money operator *(Money a, int k) => new(a.Cents * k); } }"),
        new(G, "recursive static graph", "return Half(x, n);\n---\n[StaticGraph] private static Tensor Half(Tensor t, int k) => k == 0 ? t : Half(t * 0.5f, k - 1);", "return x * Fact(n);\n---\nprivate static int Fact(int k) => k < 2 ? 1 : k * Fact(k - 1);"),
        new(G, "record as an argument and result of a static graph", "var p = Swap(new Pair(x, x * 2f)); return p.A - p.B;\n---\n[StaticGraph] private static Pair Swap(Pair p) => new(p.B, p.A);\n===\npublic sealed record Pair(Tensor A, Tensor B);", "return x * Of(new Pair(n, 2)).A;\n---\nprivate static Pair Of(Pair p) => new(p.B, p.A);\n===\npublic sealed record Pair(int A, int B);"),
        new(G, "tuple as an argument and result of a static graph", "var (a, b) = Swap((x, x * 2f)); return a - b;\n---\n[StaticGraph] private static (Tensor, Tensor) Swap((Tensor A, Tensor B) p) => (p.B, p.A);", "var (a, b) = Swap((n, 2)); return x * (a - b);\n---\nprivate static (int, int) Swap((int A, int B) p) => (p.B, p.A);"),
        new(G, "struct method", "return new Pair(x, x * 2f).Total() * 2f;\n===\npublic readonly record struct Pair(Tensor A, Tensor B) { public Tensor Total() => A + B; }", "return x * new Pair(n, 2).Total();\n===\npublic readonly record struct Pair(int A, int B) { public int Total() => A + B; }"),
        new(G, "record method", "return new Pair(x, x * 2f).Total() * 2f;\n===\npublic sealed record Pair(Tensor A, Tensor B) { public Tensor Total() => A + B; }", "return x * new Pair(n, 2).Total();\n===\npublic sealed record Pair(int A, int B) { public int Total() => A + B; }"),
        new(G, "record property that is computed", "return new Pair(x, x * 2f).Total * 2f;\n===\npublic sealed record Pair(Tensor A, Tensor B) { public Tensor Total => A + B; }", "return x * new Pair(n, 2).Total;\n===\npublic sealed record Pair(int A, int B) { public int Total => A + B; }"),
        new(G, "static abstract interface member", null, "return x * Of<Two>();\n---\nprivate static int Of<T>() where T : INumber => T.Value;\n===\npublic interface INumber { static abstract int Value { get; } }\npublic sealed class Two : INumber { public static int Value => 2; }"),
        new(G, "argument checks", "ArgumentNullException.ThrowIfNull(x); return x * 2f;", "ArgumentOutOfRangeException.ThrowIfGreaterThan(n, 2); return x * n;"),
        new(G, "argument check of a size", "ArgumentOutOfRangeException.ThrowIfNotEqual(x.Shape[1], 6); return x;", "ArgumentOutOfRangeException.ThrowIfNegative(n); return x * n;"),
        new(G, "assertion", "System.Diagnostics.Debug.Assert(x.Rank == 2); return x;", "System.Diagnostics.Debug.Assert(n > 0); return x;"),
        new(G, "gradient", "var (loss, g) = ValueAndGrad(() => Sum(x * _w), Parameters); return g[0] + loss;\n---\nprivate readonly Parameter _w = new(Tensor.Ones([6]));", null),
        new(G, "delegate in the partial-method form", "return Apply(x);\n---\nprivate partial Tensor Apply(Tensor t);\n[StaticGraph] private partial Tensor Apply(Tensor t) => t * 2f;", null),
    ];
}
