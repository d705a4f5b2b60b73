namespace Unified.Syntax.Tests;

/// <summary>
/// What MindSpore 2.0's graph mode documents as refused, or as an error at the first call, each as the C# that a user of it would write here.
/// </summary>
internal static class PythonRows
{
    private const string G = "What MindSpore's graph mode refuses";

    private const string Linears = "\n---\nprivate readonly Module[] _l = [new Linear(6, 6, generator: new Unified.Generator(3)), new Dropout(0.5f)];";

    public static Construct[] All { get; } =
    [
        new(G, "complex numbers", null, "var c = new System.Numerics.Complex(n, 2); return x * (float)c.Magnitude;"),
        new(G, "float64 with int32 scalars", "return Cast(x, DType.F64) * n;", null),
        new(G, "format with names and variable arguments", null, "object[] a = [n, 2]; return x * string.Format(\"{0} {1}\", a).Length * $\"{n:000}\".Length;"),
        new(G, "slice bounds that are not constants", "return x[..(x.Shape[0] / 2)];", "int[] a = [1, 2, 3, 4]; return x * a[..n].Length;"),
        new(G, "assignment of a tensor into a slice of a list", "List<Tensor> a = [x, x]; a[n % 2] = x * 2f; return a[0] - a[1] * 3f;", null),
        new(G, "assignment into a slice of a tensor", "var y = x * 1f; y[0..2] = y[0..2] * 2f; return y;", null),
        new(G, "tensor index over a tuple of cells of different types", "return n > 2 ? ((Linear)_l[0]).Forward(x) : ((Dropout)_l[1]).Forward(x);" + Linears, null),
        new(G, "dictionary keyed by an object", "var d = new Dictionary<(int, string), Tensor> { [(n, \"a\")] = x * 2f }; return d[(n, \"a\")];", "var d = new Dictionary<(int, string), int> { [(n, \"a\")] = 4 }; return x * d[(n, \"a\")];"),
        new(G, "chained comparison", "return Sum(x) > 0f && Sum(x) < 90f ? x * 2f : x;", "return 1 < n && n < 3 ? x * 2f : x;"),
        new(G, "identity of objects", "return ReferenceEquals(_a, _b) ? x * 2f : x;\n---\nprivate readonly object _a = new();\nprivate readonly object _b = new();", null),
        new(G, "bool tensors with bool tensors", "return Cast((x > 0f) & !(x > 1f), DType.F32);", null),
        new(G, "writing an attribute that is no parameter", "_t = x * 2f; return x;\n---\nprivate Tensor? _t;", "_k = n; return x;\n---\nprivate int _k;"),
        new(G, "branches with different shapes, host condition", "return n > 2 ? x[0] : x;", null),
        new(G, "branches with different shapes, tensor condition", "Tensor y; if (Sum(x) > 1f) { y = x[0..1]; } else { y = x; } return Sum(y, 0);", null),
        new(G, "branches with different dtypes, tensor condition", "return Sum(x) > 1f ? Cast(x, DType.F64) : Cast(x, DType.F64) * 2.0;", null),
        new(G, "for loop that stays a loop", "for (var i = 0; i < 200; i++) { x = x * 0.99f; } return x;", null),
        new(G, "for else (found, with break)", "var found = false; for (var i = 0; i < n; i++) { if (i == 2) { found = true; break; } x = x + 1f; } if (!found) { x = -x; } return x;", null),
        new(G, "while else", "var k = 0; while (Sum(x) < 50f) { x = x + 1f; k++; } return x * k;", null),
        new(G, "numbers updated in a tensor loop", "var k = 0; while (Sum(x) < 50f) { x = x + 1f; k += 2; } return x * k;", null),
        new(G, "tuples updated in a tensor loop", "var p = (a: x, k: 0); while (Sum(p.a) < 50f) { p = (p.a + 1f, p.k + 1); } return p.a * p.k;", null),
        new(G, "lists updated in a tensor loop", "List<Tensor> a = [x, x]; while (Sum(a[0]) < 50f) { a[0] = a[0] + 1f; } return a[0] + a[1];", null),
        new(G, "shape change in a tensor loop", "var y = x; while (Sum(y) < 50f) { y = Concat([y, x + 1f], 0); } return Sum(y, 0);", null),
        new(G, "keyword arguments that are differentiated", "var (loss, g) = ValueAndGrad(() => By(k: 2, t: x), Parameters); return g[0] + loss;\n---\nprivate readonly Parameter _w = new(Tensor.Ones([6]));\n[StaticGraph] public Tensor By(Tensor t, int k) => Sum(t * _w * k);", null),
        new(G, "operators with keyword arguments", "return Sum(x: x, axes: 0);", null),
        new(G, "yield", "[StaticGraph]\npublic IEnumerable<Tensor> Each(Tensor x) { yield return x; }\npublic Tensor Forward(Tensor x, int n) => x;", "return x * Each().Sum();\n---\nprivate static IEnumerable<int> Each() { yield return 1; yield return 2; }"),
        new(G, "class method of a cell", "return Twice(x);\n---\n[StaticGraph] public static Tensor Twice(Tensor t) => t * 2f;", null),
        new(G, "with", "using (new Scope()) { x = x * 2f; } return x;\n===\npublic sealed class Scope : IDisposable { public void Dispose() { } }", null),
        new(G, "raise under a condition of the graph", "if (Sum(x) > 4f) { throw new InvalidOperationException($\"n is {n}\"); } return x;", "if (n > 2) { throw new InvalidOperationException($\"n is {n}\"); } return x;"),
        new(G, "getattr on third-party objects", null, "return x * (int)typeof(Version).GetProperty(\"Major\")!.GetValue(new Version(n, 1))!;"),
        new(G, "list, dictionary and nothing as inputs", "return Of([x], null);\n---\n[StaticGraph] public Tensor Of(IReadOnlyList<Tensor> a, Tensor? b) => b is null ? a[0] * 2f : b;", "return Of(x, new Dictionary<string, int> { [\"a\"] = n });\n---\n[StaticGraph] public Tensor Of(Tensor t, Dictionary<string, int> d) => t * d[\"a\"];"),
        new(G, "gradient by something that is no argument", "var (loss, g) = ValueAndGrad(() => Sum(x * _w), Parameters); return g[0] + loss;\n---\nprivate readonly Parameter _w = new(Tensor.Ones([6]));", null),
        new(G, "print of a tensor", "Console.WriteLine(x); return x;", "Console.WriteLine(n); return x;"),
        new(G, "arrays of another library as results", "[StaticGraph]\npublic float[] Values(Tensor x) => x.ToArray<float>();\npublic Tensor Forward(Tensor x, int n) => x;", null),
        new(G, "a value of a tensor where a tensor is made", "return x + Tensor.Scalar(Sum(x).Item<float>());", null),
        new(G, "try", "try { x = x * 2f; } catch (InvalidOperationException) { x = -x; } return x;", null),
    ];
}
