namespace Unified.Syntax.Tests;

/// <summary>Members as a static graph reads and writes them, and the forms in which a static graph is declared.</summary>
internal static class MemberRows
{
    private const string G = "Members and declarations";

    public static Construct[] All { get; } =
    [
        new(G, "readonly field", "return x + _t;\n---\nprivate readonly Tensor _t = Tensor.Ones([6]);", "return x * _k;\n---\nprivate readonly int _k = 3;"),
        new(G, "mutable field read", "return x + _t;\n---\nprivate Tensor _t = Tensor.Ones([6]);", "return x * _k;\n---\nprivate int _k = 3;\npublic void Set(int k) => _k = k;"),
        new(G, "tensor field written", "_t = _t + Sum(x, 0); return x + _t;\n---\nprivate Tensor _t = Tensor.Ones([6]);", "_k = n; return x;\n---\nprivate int _k;"),
        new(G, "tensor field written under a tensor condition", "if (Sum(x) > 1f) { _t = _t + 1f; } return x + _t;\n---\nprivate Tensor _t = Tensor.Ones([6]);", null),
        new(G, "static field", "return x + s_t;\n---\nprivate static readonly Tensor s_t = Tensor.Ones([6]);", "return x * s_k;\n---\nprivate static readonly int s_k = 3;"),
        new(G, "const field", null, "return x * K;\n---\nprivate const int K = 3;"),
        new(G, "volatile field", null, "return x * _k;\n---\nprivate volatile int _k = 3;"),
        new(G, "auto-property", "return x + T;\n---\npublic Tensor T { get; } = Tensor.Ones([6]);", "return x * K;\n---\npublic int K { get; } = 3;"),
        new(G, "auto-property written", "T = T + Sum(x, 0); return x + T;\n---\npublic Tensor T { get; private set; } = Tensor.Ones([6]);", "K = n; return x;\n---\npublic int K { get; private set; }"),
        new(G, "init and required property", "return x + _s.T;\n---\nprivate readonly Settings _s = new() { T = Tensor.Ones([6]) };\n===\npublic sealed class Settings { public required Tensor T { get; init; } }", "return x * _s.K;\n---\nprivate readonly Settings _s = new() { K = 3 };\n===\npublic sealed class Settings { public required int K { get; init; } }"),
        new(G, "computed property", "return x + T;\n---\nprivate readonly Tensor _t = Tensor.Ones([6]);\nprivate Tensor T => _t * 2f;", "return x * K;\n---\nprivate int K => 3;"),
        new(G, "property with the field keyword", "return x + T;\n---\npublic Tensor T { get => field; set => field = value; } = Tensor.Ones([6]);", "return x * K;\n---\npublic int K { get => field; set => field = value; } = 3;"),
        new(G, "property with the field keyword written", "T = T + 1f; return x + T;\n---\npublic Tensor T { get => field; set => field = value; } = Tensor.Ones([6]);", "K = n; return x;\n---\npublic int K { get => field; set => field = value < 0 ? 0 : value; }"),
        new(G, "indexer", "return x + this[2];\n---\nprivate readonly Tensor _t = Tensor.Ones([6]);\nprivate Tensor this[int k] => _t * k;", "return x * this[n];\n---\nprivate int this[int k] => k * 2;"),
        new(G, "partial property", "return x + T;\n---\nprivate readonly Tensor _t = Tensor.Ones([6]);\nprivate partial Tensor T { get; }\nprivate partial Tensor T => _t * 2f;", "return x * K;\n---\nprivate partial int K { get; }\nprivate partial int K => 3;"),
        new(G, "ref property", null, "return x * K;\n---\nprivate int _k = 3;\nprivate ref int K => ref _k;"),
        new(G, "member of another object set", "_s.T = x * 2f; return x;\n---\nprivate readonly Keep _s = new();\n===\npublic sealed class Keep { public Tensor? T { get; set; } }", "_s.K = n; return x;\n---\nprivate readonly Keep _s = new();\n===\npublic sealed class Keep { public int K { get; set; } }"),
        new(G, "member of an object made here set", "var s = new Keep(); s.T = x * 2f; return s.T;\n===\npublic sealed class Keep { public Tensor? T { get; set; } }", "var s = new Keep(); s.K = n; return x * s.K;\n===\npublic sealed class Keep { public int K { get; set; } }"),
        new(G, "Assign of a buffer", "T.Assign(T + Sum(x, 0)); return x + T;\n---\npublic Tensor T { get; } = Tensor.Ones([6]);", null),
        new(G, "order of effects", "var a = _t + 0f; _t = a + 1f; var b = _t * 2f; _t = b; return x + a + b + _t;\n---\nprivate Tensor _t = Tensor.Ones([6]);", null),
        new(G, "random state", "return x + Generator.Default.Normal([6]);", null),
        new(G, "expression-bodied static graph", "[StaticGraph]\npublic Tensor Forward(Tensor x, int n) => x * n;", null),
        new(G, "static static graph", "[StaticGraph]\npublic static Tensor Twice(Tensor x) => x * 2f;\n[StaticGraph]\npublic Tensor Forward(Tensor x, int n) => Twice(x);", null),
        new(G, "partial method as a static graph", "[StaticGraph]\npublic partial Tensor Forward(Tensor x, int n);\npublic partial Tensor Forward(Tensor x, int n) => x * n;", null),
        new(G, "generic static graph", "[StaticGraph]\npublic Tensor Scale<T>(Tensor x, T k) => x * 2f;\npublic Tensor Forward(Tensor x, int n) => Scale(x, n);", null),
        new(G, "operator as a static graph", "[StaticGraph]\npublic static Tensor operator +(Model m, Tensor x) => x * 2f;\npublic Tensor Forward(Tensor x, int n) => this + x;", null),
        new(G, "property as a static graph", "public Tensor T { [StaticGraph] get => Tensor.Ones([6]); }\n---\n[StaticGraph] public Tensor Unused(Tensor t) => t;".Replace("public Tensor T", "[Obsolete] private Tensor Old => T; public Tensor T", StringComparison.Ordinal) + "\npublic Tensor Forward(Tensor x, int n) => x;", null),
        new(G, "local function as a static graph", "return Twice(x); [StaticGraph] static Tensor Twice(Tensor t) => t * 2f;", null),
        new(G, "nullable tensor parameter", "return Add(x, null);\n---\n[StaticGraph] public Tensor Add(Tensor t, Tensor? b) => b is null ? t * 2f : t + b;", "return Add(x, null);\n---\n[StaticGraph] public Tensor Add(Tensor t, int? b) => t * (b ?? 2);"),
        new(G, "array as an op's list of sizes", null, "return Sum(MaxPool(Reshape(x, x.Shape[0], 1, 6), _kernel, [n]), _axes);\n---\nprivate readonly int[] _kernel = [2], _axes = [1, 2];"),
        new(G, "protected abstract static graph", "return _l.Forward(x);\n---\nprivate readonly Double _l = new();\n===\npublic abstract partial class Layered : Module { [StaticGraph] public Tensor Forward(Tensor x) => Inner(x) + 1f; [StaticGraph] protected abstract Tensor Inner(Tensor x); }\npublic sealed partial class Double : Layered { [StaticGraph] protected override Tensor Inner(Tensor x) => x * 2f; }", null),
        new(G, "list parameter", "return All([x, x * 2f]);\n---\n[StaticGraph] public Tensor All(IReadOnlyList<Tensor> t) => t[0] + t[1];", "return All(x, [1, n]);\n---\n[StaticGraph] public Tensor All(Tensor t, IReadOnlyList<int> k) => t * k[1];"),
        new(G, "record parameter", "[StaticGraph]\npublic Tensor Twice(Pair p) => p.T * 2f;\npublic Tensor Forward(Tensor x, int n) => Twice(new(x));\n===\npublic sealed record Pair(Tensor T);", "return Of(x, new Pair(n));\n---\n[StaticGraph] public Tensor Of(Tensor t, Pair p) => t * p.K;\n===\npublic sealed record Pair(int K);"),
        new(G, "list result", "return Two(x)[1];\n---\n[StaticGraph] public Tensor[] Two(Tensor t) => [t, t * 2f];", null),
        new(G, "void static graph", "Keep(x); return x + T;\n---\npublic Tensor T { get; } = Tensor.Ones([6]);\n[StaticGraph] public void Keep(Tensor t) { T.Assign(Sum(t, 0)); }", null),
        new(G, "number as a result", "return x * Count(x);\n---\n[StaticGraph] public int Count(Tensor t) => t.Shape[0];", null),
        new(G, "attribute on a parameter", "[StaticGraph]\npublic Tensor Forward([Shape(\"B\", 6)] Tensor x, int n) => x * n;", null),
        new(G, "primary constructor parameter", "return _b.Forward(x);\n---\nprivate readonly Box _b = new(2);\n===\npublic sealed partial class Box(int k) : Module { [StaticGraph] public Tensor Forward(Tensor x) => x * k; }", null),
        new(G, "finalizer, event, nested type beside a static graph", "return x * new Inner().K;\n---\npublic event Action? E { add { } remove { } }\n~Model() { }\npublic sealed class Inner { public int K => 2; }", null),
    ];
}
