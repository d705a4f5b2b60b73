namespace Unified.Syntax.Tests;

/// <summary>Calls of methods with <c>[Eager]</c> from static graphs, which run as the graph does.</summary>
internal static class EagerCallRows
{
    private const string G = "Calls of [Eager] methods";

    public static Construct[] All { get; } =
    [
        new(G, "tensor in, tensor out", "return Twice(x * 3f) + 1f;\n---\n[Eager] [return: Shape(\"B\", 6)] private static Tensor Twice([Shape(\"B\", 6)] Tensor t) => Tensor.From<float>([.. t.ToArray<float>().Select(v => v * 2f)], t.Shape[0], 6);", "return Scaled(x, n);\n---\n[Eager] [return: Shape(\"B\", 6)] private static Tensor Scaled([Shape(\"B\", \"C\")] Tensor t, int k) => t * k;"),
        new(G, "other sizes and another dtype", "return Cast(Order(x), DType.F32) + 1f;\n---\n[Eager(DType.I64)] [return: Shape(\"B\", 2)] private static Tensor Order([Shape(\"B\", null)] Tensor t) => Tensor.From<long>([.. Enumerable.Range(0, 2 * t.Shape[0]).Select(i => (long)i)], t.Shape[0], 2);", null),
        new(G, "without a stated shape", "return Twice(x) + 1f;\n---\n[Eager] private static Tensor Twice(Tensor t) => t * 2f;", null),
        new(G, "number out", "return x * Count(x);\n---\n[Eager] private static int Count(Tensor t) => t.ToArray<float>().Count(v => v > 0f);", "return x * Next(n);\n---\n[Eager] private static int Next(int k) => k + 1;"),
        new(G, "number that decides", "return Mean(x) > 0.25f ? x * 2f : -x;\n---\n[Eager] private static float Mean(Tensor t) => t.ToArray<float>().Average();", null),
        new(G, "nothing out: a log", "var y = x * 2f; Log(y, n); return y + 1f;\n---\npublic List<float> Seen { get; } = [];\n[Eager] private void Log(Tensor t, int k) { Seen.Add(t.ToArray<float>().Sum() + k); }", "var k = n + x.Shape[0]; Log(k); return x * k;\n---\npublic List<int> Seen { get; } = [];\n[Eager] private void Log(int k) { Seen.Add(k); }"),
        new(G, "order of calls", "Log(x, 1); var y = x * 2f; Log(y, 2); Log(x + y, 3); return y;\n---\npublic List<float> Seen { get; } = [];\n[Eager] private void Log(Tensor t, int k) { Seen.Add(k); Seen.Add(t.ToArray<float>()[0]); }", "for (var i = 0; i < n; i++) { Log(i); } return x;\n---\npublic List<int> Seen { get; } = [];\n[Eager] private void Log(int k) { Seen.Add(k); }"),
        new(G, "in a loop on a tensor", "while (Sum(x) > 1f) { x = x * 0.5f; Log(x); } return x;\n---\npublic List<float> Seen { get; } = [];\n[Eager] private void Log(Tensor t) { Seen.Add(t.ToArray<float>()[0]); }", null),
        new(G, "under a condition that is a tensor", "if (Sum(x) > 1f) { Log(x, 1); x = x * 2f; } else { Log(x, 2); } return x;\n---\npublic List<float> Seen { get; } = [];\n[Eager] private void Log(Tensor t, int k) { Seen.Add(k); Seen.Add(t.ToArray<float>()[0]); }", null),
        new(G, "in another static graph", "return Inner(x) + Inner(x * 2f);\n---\npublic List<float> Seen { get; } = [];\n[StaticGraph] private Tensor Inner(Tensor t) { Log(t); return t + 1f; }\n[Eager] private void Log(Tensor t) { Seen.Add(t.ToArray<float>()[0]); }", null),
        new(G, "a number of the graph goes in", "var turns = 0; while (Sum(x) > 1f) { x = x * 0.5f; turns++; } Log(turns, Sum(x).Item<float>()); return x;\n---\npublic List<float> Seen { get; } = [];\n[Eager] private void Log(int k, float f) { Seen.Add(k); Seen.Add(f); }", null),
        new(G, "exception in it", "Check(x, n); return x * 2f;\n---\n[Eager] private static void Check(Tensor t, int k) { if (t.ToArray<float>().Length > 20 && k > 2) { throw new ArgumentException(\"too large\"); } }", null),
        new(G, "after state was written", "_t.Assign(_t + 1f); Log(); return x + _t;\n---\nprivate readonly Parameter _t = new(Tensor.Ones([6]));\npublic List<float> Seen { get; } = [];\n[Eager] private void Log() { Seen.Add(_t.ToArray<float>()[0]); }", null),
        new(G, "before state is written", "Log(); _t.Assign(_t + 1f); return x + _t;\n---\nprivate readonly Parameter _t = new(Tensor.Ones([6]));\npublic List<float> Seen { get; } = [];\n[Eager] private void Log() { Seen.Add(_t.ToArray<float>()[0]); }", null),
        new(G, "gradient through it", "var (loss, g) = ValueAndGrad(() => Sum(Twice(x * _w)), Parameters); return g[0] + loss;\n---\nprivate readonly Parameter _w = new(Tensor.Ones([6]));\n[Eager] [return: Shape(\"B\", 6)] private static Tensor Twice([Shape(\"B\", 6)] Tensor t) => t * 2f;", null),
        new(G, "under mixed precision", "using (MixedPrecision.Use(Unified.Ir.DType.BF16)) { x = Cast(Twice(x), DType.F32); } return x;\n---\n[Eager(DType.BF16)] [return: Shape(\"B\", 6)] private static Tensor Twice([Shape(\"B\", 6)] Tensor t) => MatMul(t, Tensor.Ones([6, 6]));", null),
        new(G, "gradient beside it", "var (loss, g) = ValueAndGrad(() => { var y = x * _w; Log(y); return Sum(y); }, Parameters); return g[0] + loss;\n---\nprivate readonly Parameter _w = new(Tensor.Ones([6]));\npublic List<float> Seen { get; } = [];\n[Eager] private void Log(Tensor t) { Seen.Add(t.ToArray<float>()[0]); }", null),
        new(G, "that calls a static graph", "return Outer(x) + 1f;\n---\n[Eager] [return: Shape(\"B\", 6)] private Tensor Outer([Shape(\"B\", 6)] Tensor t) => Inner(t) * 2f;\n[StaticGraph] public Tensor Inner(Tensor t) => t + 1f;", null),
        new(G, "of another object, generic", "return _o.Pick(x, n);\n---\nprivate readonly Other _o = new();\n===\npublic sealed class Other { [Eager] [return: Shape(\"B\", \"C\")] public Tensor Pick<T>([Shape(\"B\", \"C\")] Tensor t, T k) => t * k!.ToString()!.Length; }", null),
        new(G, "text out", "return x * Name(x).Length;\n---\n[Eager] private static string Name(Tensor t) => t.ToString()!;", null),
        new(G, "list in", "return All([x, x]);\n---\n[Eager] [return: Shape(2, 6)] private static Tensor All(Tensor[] t) => t[0];", null),
    ];
}
