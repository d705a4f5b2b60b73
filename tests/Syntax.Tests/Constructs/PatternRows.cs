namespace Unified.Syntax.Tests;

/// <summary>Every kind of pattern.</summary>
internal static class PatternRows
{
    private const string G = "Patterns";

    private const string Linear = "\n---\nprivate readonly Module? _m = new Linear(6, 6, generator: new Unified.Generator(3));";

    public static Construct[] All { get; } =
    [
        new(G, "constant", "return _t is null ? x * 2f : x;\n---\nprivate readonly Tensor? _t;", "return n is 3 ? x * 2f : x;"),
        new(G, "declaration", "return _m is Linear l ? l.Forward(x) : x;" + Linear, "object o = n; return o is int k ? x * k : x;"),
        new(G, "type", "return _m switch { Unified.Nn.Linear => x * 2f, _ => x };" + Linear, "object o = n; return o switch { int => x * 2f, _ => x };"),
        new(G, "var", "return x * 2f is var y ? y + 1f : x;", "return n is var k ? x * k : x;"),
        new(G, "var with deconstruction", "return (x, n) is var (a, b) ? a * b : x;", "return (1, n) is var (a, b) ? x * (a + b) : x;"),
        new(G, "discard", "return n switch { _ => x * 2f };", "return x * (n switch { 3 => 1, _ => 2 });"),
        new(G, "relational", null, "return n is > 2 ? x * 2f : x;"),
        new(G, "and, or, not", "return _t is not null and { Rank: 1 } ? x + _t : x;\n---\nprivate readonly Tensor? _t = Tensor.Ones([6]);", "return n is > 0 and < 3 or 9 ? x * 2f : n is not 3 ? x * 3f : x;"),
        new(G, "parenthesized", null, "return n is (> 0 and (< 3)) ? x * 2f : x;"),
        new(G, "property", "return _m is Linear { Training: true } l ? l.Forward(x) : x;" + Linear, "return \"abc\" is { Length: 3 } s ? x * s.Length : x;"),
        new(G, "extended property", null, "return new Version(n, 1) is { Major: > 2, MajorRevision: var r } ? x * (r + 2) : x;"),
        new(G, "nested property", "return x is { Shape: { Count: 2 } } ? x * 2f : x;", "return (n, \"ab\") is { Item2.Length: 2 } ? x * 2f : x;"),
        new(G, "positional", "return (n, x.Rank) is (3, 2) ? x * 2f : x;", "return (n, 2) is (> 2, var k) ? x * k : x;"),
        new(G, "positional on a record", "return new Pair(x, n) is (var t, 3) ? t * 2f : x;\n===\npublic sealed record Pair(Tensor T, int N);", "return new Pair(2, n) is (var t, 3) ? x * t : x;\n===\npublic sealed record Pair(int T, int N);"),
        new(G, "list", "Tensor[] a = [x, x * 2f]; return a is [var p, var q] ? p + q : x;", "int[] a = [1, n]; return a is [1, var k] ? x * k : x;"),
        new(G, "slice", "Tensor[] a = [x, x * 2f, x]; return a is [var p, .., var q] ? p + q : x;", "int[] a = [1, 2, n]; return a is [_, .. var rest] ? x * rest.Length : x;"),
        new(G, "list of sizes", "return x.Shape is [var b, 6] ? x * b : x;", null),
        new(G, "negated declaration with early return", "if (_m is not Linear l) { return x; } return l.Forward(x);" + Linear, "object o = n; if (o is not int k) { return x; } return x * k;"),
        new(G, "when", "return n switch { 3 when x.Shape[0] > 3 => x * 2f, _ => x };", "return n switch { var k when k > 2 => x * k, _ => x };"),
        new(G, "pattern on a nullable", "Tensor? y = n > 2 ? x : null; return y is { } z ? z * 2f : x;", "int? k = n > 2 ? n : null; return k is { } m ? x * m : x;"),
        new(G, "generic type pattern", null, "object o = new List<int> { n }; return o is List<int> { Count: 1 } l ? x * l[0] : x;"),
        new(G, "property of a record of the graph", "var p = new Pair(x * 2f, n); return p is { N: > 2, T: var t } ? t : x;\n===\npublic sealed record Pair(Tensor T, int N);", null),
        new(G, "nested record of the graph", "var p = new Outer(new Pair(x * 2f, n), x); return p is { P: { N: 3, T: { } t } q, Q: not null } ? t * q.N : x;\n===\npublic sealed record Pair(Tensor T, int N);\npublic sealed record Outer(Pair P, Tensor Q);", null),
        new(G, "record of the graph that may be null", "Pair? p = n > 2 ? new Pair(x * 2f, n) : null; return p is { N: > 1 } ? p.T : x;\n===\npublic sealed record Pair(Tensor T, int N);", null),
        new(G, "or on a record of the graph", "var p = new Pair(x * 2f, n); return p is { N: 7 } or { N: 3 } ? p.T : p is not { N: 5 } ? -x : x;\n===\npublic sealed record Pair(Tensor T, int N);", null),
        new(G, "member of a record of the graph that may be null", "Pair? p = n > 2 ? new Pair(x * 2f, n) : null; return (p?.T ?? x) * (p?.N ?? 5);\n===\npublic sealed record Pair(Tensor T, int N);", null),
        new(G, "tensor in a relational pattern", "return Sum(x) is var s && s > 1f ? x * 2f : x;", null),
    ];
}
