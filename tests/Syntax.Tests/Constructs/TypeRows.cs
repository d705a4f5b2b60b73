namespace Unified.Syntax.Tests;

/// <summary>Kinds of type declarations and type forms.</summary>
internal static class TypeRows
{
    private const string G = "Types";

    public static Construct[] All { get; } =
    [
        new(G, "class with tensors", "var p = new Pair(x) { N = 2 }; return p.T * p.N;\n===\npublic sealed class Pair(Tensor t) { public Tensor T { get; } = t; public int N { get; set; } }", "var p = new Pair(n); return x * p.N;\n===\npublic sealed class Pair(int k) { public int N { get; } = k; }"),
        new(G, "class with a base that holds tensors", "var p = new Two(x, x * 2f); return p.T + p.U;\n===\npublic class One(Tensor t) { public Tensor T { get; } = t; }\npublic sealed class Two(Tensor t, Tensor u) : One(t) { public Tensor U { get; } = u; }", null),
        new(G, "struct", "var p = new Pair { T = x, N = 2 }; var q = p; q.N = 3; return p.T * p.N + q.T * q.N;\n===\npublic struct Pair { public Tensor T; public int N; }", "var p = new Pair { N = n }; var q = p; q.N = 9; return x * p.N;\n===\npublic struct Pair { public int N; }"),
        new(G, "readonly struct", "var p = new Pair(x, 2); return p.T * p.N;\n===\npublic readonly struct Pair(Tensor t, int n) { public readonly Tensor T = t; public readonly int N = n; }", "var p = new Pair(n); return x * p.N;\n===\npublic readonly struct Pair(int n) { public readonly int N = n; }"),
        new(G, "ref struct", "var p = new Pair { T = x }; return p.T * 2f;\n===\npublic ref struct Pair { public Tensor T; }", "var p = new Pair { N = n }; return x * p.N;\n===\npublic ref struct Pair { public int N; }"),
        new(G, "record", "var p = new Pair(x, 2); return p.T * p.N;\n===\npublic record Pair(Tensor T, int N);", "var p = new Pair(n, 2); return x * p.N;\n===\npublic record Pair(int T, int N);"),
        new(G, "record struct", "var p = new Pair(x, 2); return p.T * p.N;\n===\npublic record struct Pair(Tensor T, int N);", "var p = new Pair(n, 2); return x * p.N;\n===\npublic record struct Pair(int T, int N);"),
        new(G, "generic record", "var p = new Pair<Tensor>(x, 2); return p.T * p.N;\n===\npublic sealed record Pair<T>(T T, int N) where T : class;".Replace("Pair<T>(T T", "Pair<TItem>(TItem T", StringComparison.Ordinal).Replace("where T ", "where TItem ", StringComparison.Ordinal), "var p = new Pair<int>(n); return x * p.T;\n===\npublic sealed record Pair<TItem>(TItem T);"),
        new(G, "equality of records", null, "return new Pair(n) == new Pair(3) ? x * 2f : x;\n===\npublic sealed record Pair(int N);"),
        new(G, "enum", null, "return (n > 2 ? Kind.A : Kind.B) switch { Kind.A => x * 2f, _ => x };\n===\npublic enum Kind { A, B }"),
        new(G, "flags enum", null, "return (Kind.A | Kind.B).HasFlag(Kind.B) ? x * 2f : x;\n===\n[Flags] public enum Kind { A = 1, B = 2 }"),
        new(G, "delegate type", "Op f = t => t * 2f; return f(x);\n===\npublic delegate Tensor Op(Tensor t);", "Op f = t => t * 2; return x * f(n);\n===\npublic delegate int Op(int t);"),
        new(G, "interface with a default method", null, "return x * _l.Size;\n---\nprivate readonly ILayer _l = new One();\n===\npublic interface ILayer { int Size => 2; }\npublic sealed class One : ILayer;"),
        new(G, "nullable value type", null, "int? k = n > 2 ? n : null; return x * (k.HasValue ? k.Value : 7) * k.GetValueOrDefault(1);"),
        new(G, "nullable reference type", "Tensor? y = n > 2 ? x : null; return y is not null ? y * 2f : x;", "string? s = n > 2 ? \"ab\" : null; return x * (s?.Length ?? 1);"),
        new(G, "nint, decimal, BigInteger", null, "nint a = n; decimal b = 1.5m; return x * (float)(b * (int)a) * (float)new System.Numerics.BigInteger(2);"),
        new(G, "complex numbers", null, "return x * (float)(new System.Numerics.Complex(n, 1) * new System.Numerics.Complex(0, 1)).Real;"),
        new(G, "pointer type", null, "unsafe { int k = n; int* p = &k; return x * p[0]; }"),
        new(G, "inline array", null, "var b = new Buffer(); b[0] = n; return x * b[0];\n===\n[InlineArray(2)] public struct Buffer { private int _item; }"),
        new(G, "using alias of any type", "Two p = (x, 2); return p.Item1 * p.Item2;\n===\n".Replace("Two p", "(Tensor, int) p", StringComparison.Ordinal), null),
        new(G, "string builder and other host objects", null, "var s = new System.Text.StringBuilder(); s.Append(n); s.Append(\"abc\"); return x * s.Length;"),
        new(G, "nested static graph type", "return _i.Forward(x);\n---\nprivate readonly Inner _i = new();\npublic sealed partial class Inner : Module { [StaticGraph] public Tensor Forward(Tensor x) => x * 2f; }", null),
        new(G, "private nested static graph type", "return _i.Forward(x);\n---\nprivate readonly Inner _i = new();\nprivate sealed partial class Inner : Module { [StaticGraph] public Tensor Forward(Tensor x) => x * 2f; }", null),
        new(G, "file-local type", null, "return x * Local.K;\n===\nfile static class Local { public static int K => 3; }"),
        new(G, "dtype mixtures", "return Cast(x, DType.F64) * 2.0 + Cast(x > 0f, DType.F64);", "return x * (n * 2.0) + (long)n;"),
    ];
}
