namespace Unified.Syntax.Tests;

/// <summary>Ways out of the ordinary order: try statements, labels, goto.</summary>
internal static class ControlRows
{
    private const string G = "Exceptions and jumps";

    public static Construct[] All { get; } =
    [
        new(G, "try whose body throws by a host value", "try { if (n > 2) { throw new ArgumentException(\"n\"); } x = x * 2f; } catch (ArgumentException) { x = -x; } return x;", "var k = 0; try { k = n > 2 ? int.Parse(\"z\") : n; } catch (FormatException) { k = 7; } return x * k;"),
        new(G, "try whose body throws by a tensor", "try { if (Sum(x) > 1f) { throw new ArgumentException(\"n\"); } x = x * 2f; } catch (ArgumentException) { x = -x; } return x;", null),
        new(G, "try that returns, with finally", "try { return x * 2f; } finally { _t.Assign(_t + 1f); }\n---\nprivate readonly Parameter _t = new(Tensor.Ones([6]));", "var k = 1; try { if (n > 2) { return x * k; } k = n; } finally { k++; } return x * k;"),
        new(G, "try in a loop, left by break and continue", "for (var i = 0; i < n; i++) { try { if (i == 1) { continue; } if (i == 2) { break; } x = x * 2f; } finally { x = x + 1f; } } return x;", null),
        new(G, "try left under a condition that is a tensor", "try { if (Sum(x) > 1f) { return x * 2f; } x = x - 1f; } finally { _t.Assign(_t + 1f); } return x + _t;\n---\nprivate readonly Parameter _t = new(Tensor.Ones([6]));", null),
        new(G, "nested try statements", "try { try { x = x * 2f; } finally { x = x + 1f; } } finally { x = x * 3f; } return x;", null),
        new(G, "try around a call that throws", "try { return Inner(x, n); } catch (ArgumentException) { return -x; }\n---\n[StaticGraph] private static Tensor Inner(Tensor t, int k) { if (k > 2) { throw new ArgumentException(\"k\"); } return t * k; }", null),
        new(G, "try around an index out of range", "try { return Gather(x, Cast(x * 0f + n + 2f, DType.I64)[0], 0); } catch (IndexOutOfRangeException) { return -x; } catch (ArgumentException) { return x * 5f; }", null),
        new(G, "try around shapes that do not fit", "try { return x + Tensor.Ones([n + 2, 6]); } catch (Exception e) when (e is not OutOfMemoryException) { return -x; }", null),
        new(G, "goto out of nested loops", "for (var i = 0; i < n; i++) { for (var j = 0; j < n; j++) { if (i * j == 2) { goto done; } x = x + 1f; } } done: return x * 2f;", "var k = 0; for (var i = 0; i < 5; i++) { for (var j = 0; j < 5; j++) { k++; if (i + j == n) { goto done; } } } done: return x * k;"),
        new(G, "goto forward under a condition that is a tensor", "if (Sum(x) > 1f) { goto done; } x = x * 2f; done: return x + 1f;", null),
        new(G, "second label of a loop's body, behind a continue", "foreach (var e in new Tensor[] { x, x * 2f }) { if (Sum(x) > 1f) { goto one; } x = x + e; one: x = x - 0.25f; if (Training) { continue; } if (n > 9) { goto two; } x = x * 3f; two: x = x - 0.5f; } return x;", null),
        new(G, "second label of a loop's body", "foreach (var e in new Tensor[] { x, x * 2f }) { if (Sum(x) > 1f) { goto one; } x = x + e; one: x = x - 0.25f; if (n > 9) { goto two; } x = x * 3f; two: x = x - 0.5f; if (Sum(x) > 2f) { continue; } x = x + 2f; } return x;", null),
        new(G, "goto back among other statements", "var k = 0; again: k++; x = x + 1f; if (k < n) { x = x * 2f; goto again; } return x;", "var k = 0; again: k++; if (k == 2) { goto again; } if (k < n) { goto again; } return x * k;"),
        new(G, "goto case in a row, and from a condition", "switch (n) { case 3: x = x * 2f; goto case 2; case 2: if (Sum(x) > 1f) { goto default; } x = x - 1f; break; default: x = x + 1f; break; } return x;", "var k = 1; switch (n) { case 3: k = 5; goto case 2; case 2: k++; goto default; default: k *= 2; break; } return x * k;"),
        new(G, "recursive local function", "return Power(x, n) + Power(x, 1); Tensor Power(Tensor t, int k) => k == 0 ? t : Power(t * 0.5f, k - 1) + k;", "return x * Fib(n + 4); static int Fib(int k) => k < 2 ? k : Fib(k - 1) + Fib(k - 2);"),
        new(G, "recursive local function that changes what is around it", "var sum = x; Walk(n); return sum; void Walk(int k) { sum = sum * 0.5f + k; if (k > 0) { Walk(k - 1); } sum = sum + 1f; }", "var k = 0; Walk(n); return x * k; void Walk(int d) { k += d; if (d == 0) { return; } for (var i = 0; i < 2; i++) { Walk(d - 1); } k++; }"),
        new(G, "recursive local function under a condition that is a tensor", "return Half(x, n); Tensor Half(Tensor t, int k) { if (k == 0) { return t; } if (Sum(t) > 1f) { return Half(t * 0.5f, k - 1); } var u = t + k; return Half(u, k - 1) - u; }", null),
        new(G, "local functions that call each other", "return Even(x, n); Tensor Even(Tensor t, int k) => k == 0 ? t : Odd(t * 2f, k - 1) + t; Tensor Odd(Tensor t, int k) => k == 0 ? -t : Even(t + 1f, k - 1);", null),
        new(G, "recursive local function without an end by the host", "return Half(x); Tensor Half(Tensor t) => Sum(t) > 1f ? Half(t * 0.5f) : t;", null),
        new(G, "recursive local function with an out parameter", "Half(x, n, out var y); return y; void Half(Tensor t, int k, out Tensor r) { if (k == 0) { r = t; } else { Half(t * 0.5f, k - 1, out r); } }", null),
        new(G, "goto case that goes round", null, "var k = 1; switch (n) { case 3: k++; goto case 2; case 2: if (k < 5) { goto case 3; } break; } return x * k;"),
    ];
}
