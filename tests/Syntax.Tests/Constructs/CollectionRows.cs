namespace Unified.Syntax.Tests;

/// <summary>Collections and collection expressions.</summary>
internal static class CollectionRows
{
    private const string G = "Collections";

    public static Construct[] All { get; } =
    [
        new(G, "collection expression of an array", "Tensor[] a = [x, x * 2f]; return Concat(a, 0);", "int[] a = [1, n]; return x * a.Length;"),
        new(G, "collection expression of a list", "List<Tensor> a = [x, x * 2f]; a.Add(x); return Concat(a, 0);", "List<int> a = [1, n]; a.Add(3); return x * a.Count;"),
        new(G, "collection expression of a span", "ReadOnlySpan<Tensor> a = [x, x * 2f]; return a[1];", "ReadOnlySpan<int> a = [1, n]; return x * a[1];"),
        new(G, "collection expression of an interface", "IReadOnlyList<Tensor> a = [x, x * 2f]; return a[1];", "IReadOnlyList<int> a = [1, n]; return x * a[1];"),
        new(G, "collection expression of an immutable array", "ImmutableArray<Tensor> a = [x, x * 2f]; return a[1];", "ImmutableArray<int> a = [1, n]; return x * a[1];"),
        new(G, "spread", "Tensor[] a = [x, x * 2f]; Tensor[] b = [.. a, x]; return Concat(b, 0);", "int[] a = [1, n]; int[] b = [.. a, .. a]; return x * b.Length;"),
        new(G, "empty collection", "List<Tensor> a = []; a.Add(x); return a[0];", "int[] a = []; return x * (a.Length + 1);"),
        new(G, "list: add, insert, remove, clear, reverse", "var a = new List<Tensor>(); a.Add(x); a.Insert(0, x * 2f); a.RemoveAt(1); a.Reverse(); return a[0];", "var a = new List<int>(); a.Add(n); a.Insert(0, 2); a.RemoveAt(1); a.Reverse(); return x * a[0];"),
        new(G, "list: pop", "List<Tensor> a = [x, x * 2f]; var last = a[^1]; a.RemoveAt(a.Count - 1); return last + a[0];", "List<int> a = [1, n]; var last = a[^1]; a.RemoveAt(a.Count - 1); return x * (last + a.Count);"),
        new(G, "list: element assignment", "List<Tensor> a = [x, x]; a[1] = a[0] * 2f; return a[1];", "List<int> a = [1, 2]; a[1] = n; return x * a[1];"),
        new(G, "list in a list", "List<List<Tensor>> a = [[x], [x * 2f]]; a[0].Add(x); return a[0][1] + a[1][0];", "List<List<int>> a = [[1], [n]]; return x * a[1][0];"),
        new(G, "dictionary: read, write, count", "var d = new Dictionary<string, Tensor>(); d[\"a\"] = x; d[\"b\"] = d[\"a\"] * 2f; d.Add(\"c\", x); return d[\"b\"] * d.Count;", "var d = new Dictionary<string, int>(); d[\"a\"] = n; return x * (d[\"a\"] + d.Count);"),
        new(G, "dictionary: TryGetValue, ContainsKey, Remove, keys and values", "var d = new Dictionary<string, Tensor> { [\"a\"] = x }; if (d.TryGetValue(\"a\", out var t)) { x = t * 2f; } d.Remove(\"a\"); return d.ContainsKey(\"a\") ? -x : x;", "var d = new Dictionary<string, int> { [\"a\"] = n }; return d.TryGetValue(\"a\", out var k) ? x * k : x;"),
        new(G, "dictionary of the host with tensors", "return x + _d[\"a\"];\n---\nprivate readonly Dictionary<string, Tensor> _d = new() { [\"a\"] = Tensor.Ones([6]) };", "return x * _d[\"a\"];\n---\nprivate readonly Dictionary<string, int> _d = new() { [\"a\"] = 3 };"),
        new(G, "dictionary with int keys", "var d = new Dictionary<int, Tensor> { [n] = x * 2f }; return d[n];", "var d = new Dictionary<int, int> { [n] = 5 }; return x * d[n];"),
        new(G, "hash set, queue, stack", "var q = new Queue<Tensor>(); q.Enqueue(x); return q.Dequeue() * 2f;", "return x * new HashSet<int> { 1, n, 1 }.Count;"),
        new(G, "array of modules by a host index", "return _l[n % 2].Forward(x);\n---\nprivate readonly Linear[] _l = [new(6, 6, generator: new Unified.Generator(3)), new(6, 6, generator: new Unified.Generator(4))];", null),
        new(G, "modules by a tensor's index", "return _l[(int)Sum(x).Item<float>() % 2].Forward(x);\n---\nprivate readonly Linear[] _l = [new(6, 6, generator: new Unified.Generator(3)), new(6, 6, generator: new Unified.Generator(4))];", null),
        new(G, "in, not in", "List<string> a = [\"a\", \"b\"]; return a.Contains(\"a\") ? x * 2f : x;", "int[] a = [1, n]; return a.Contains(3) ? x * 2f : x;"),
    ];
}
