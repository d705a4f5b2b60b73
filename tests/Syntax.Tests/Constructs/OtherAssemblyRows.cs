namespace Unified.Syntax.Tests;

/// <summary>Records and structs of another assembly (namespace Shared): made, read, changed, given to static graphs and returned by them.</summary>
internal static class OtherAssemblyRows
{
    private const string G = "Types of other assemblies";

    private const string Eager = "public Tensor Forward(Tensor x, int n) ";

    public static Construct[] All { get; } =
    [
        new(G, "record made and read", "var p = new Shared.Pair(x, x * 2f); return p.A - p.B;", "var p = new Shared.Numbers(n, 2); return x * (p.A + p.B);"),
        new(G, "record changed by with", "var p = new Shared.Pair(x, x * 2f) with { B = x + 1f }; return p.A - p.B;", null),
        new(G, "struct and nested record", "var i = new Shared.Item(x, n); var d = new Shared.Deep(new(x, x * 3f), i.T); return d.P.B - d.C * i.N;", null),
        new(G, "generic record", "var b = new Shared.Box<int>(x, n); return b.A * b.B;", null),
        new(G, "class with settable members", "var k = new Shared.Keep { T = x, N = n }; return k.T! * k.N;", null),
        new(G, "record whose constructor does more", "var c = new Shared.Checked(x); return c.A;", null),
        new(G, "deconstruction", "var (a, b) = new Shared.Pair(x, x * 2f); return a - b;", null),
        new(G, "argument and result of a static graph", "var p = Swap(new Shared.Pair(x, x * 2f)); return p.A - p.B;\n---\n[StaticGraph] private static Shared.Pair Swap(Shared.Pair p) => new(p.B, p.A);", "var i = Next(new Shared.Item(x, n)); return i.T * i.N;\n---\n[StaticGraph] private static Shared.Item Next(Shared.Item i) => new(i.T * 2f, i.N + 1);"),
        new(G, "argument and result, called from eager code", "[StaticGraph] private static Shared.Pair Swap(Shared.Pair p) => new(p.B * 2f, p.A);\n" + Eager + "{ var p = Swap(new(x, x + 1f)); p = Swap(p); return p.A - p.B; }", "[StaticGraph] private static Shared.Item Next(Shared.Item i) => new(i.T * 2f, i.N + 1);\n" + Eager + "{ var i = Next(Next(new(x, n))); return i.T * i.N; }"),
        new(G, "out parameter", "Split(x, out var p); return p.A - p.B;\n---\n[StaticGraph] private static void Split(Tensor t, out Shared.Pair p) => p = new(t, t * 2f);", null),
    ];
}
