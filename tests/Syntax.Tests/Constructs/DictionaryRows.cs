namespace Unified.Syntax.Tests;

/// <summary>Dictionaries of tensors with keys of the host.</summary>
internal static class DictionaryRows
{
    private const string G = "Dictionaries of tensors";

    public static Construct[] All { get; } =
    [
        new(G, "made, read, written", "var d = new Dictionary<string, Tensor> { { \"a\", x }, { \"b\", x * 2f } }; d[\"c\"] = d[\"a\"] + d[\"b\"]; d[\"a\"] += 1f; return d[\"a\"] * d[\"c\"] * d.Count;", null),
        new(G, "TryGetValue in a conditional expression", "var d = new Dictionary<int, Tensor> { [0] = x, [n] = x * 2f }; d[n] *= 0.5f; var m = d.TryGetValue(2, out var q) ? q + 1f : d[0]; foreach (var (key, value) in d) { m = m * 0.5f + value * key; } return m;", null),
        new(G, "number keys in a loop", "var d = new Dictionary<int, Tensor>(n); for (var i = 0; i < n; i++) { d.Add(i * i, x * i); } var y = x; foreach (var (k, t) in d) { y = y + t * k; } return y;", null),
        new(G, "entries, keys and values", "var d = new Dictionary<string, Tensor> { [\"a\"] = x, [\"bc\"] = x * 2f }; var y = x; foreach (var e in d) { y = y + e.Value * e.Key.Length; } foreach (var k in d.Keys) { y = y + k.Length; } foreach (var v in d.Values) { y = y * v; } return y;", null),
        new(G, "TryGetValue, ContainsKey, TryAdd, Remove, Clear", "var d = new Dictionary<string, Tensor> { [\"a\"] = x }; if (d.TryGetValue(\"b\", out var none)) { return none; } if (!d.TryGetValue(\"a\", out var t)) { return -x; } var y = t * 2f; if (d.TryAdd(\"a\", x) || !d.TryAdd(\"c\", y)) { return -x; } if (!d.Remove(\"a\") || d.ContainsKey(\"a\")) { return -x; } var c = d[\"c\"] + d.Count; d.Clear(); d[\"e\"] = c; return d[\"e\"] + d.Count;", null),
        new(G, "tuple, enum and record keys", "var d = new Dictionary<(int, string), Tensor> { [(n, \"a\")] = x * 2f }; var e = new Dictionary<DayOfWeek, Tensor> { [DayOfWeek.Monday] = x }; var r = new Dictionary<Key, Tensor> { [new(1, n)] = x * 3f }; return d[(n, \"a\")] + e[DayOfWeek.Monday] + r[new(1, n)];\n===\npublic sealed record Key(int A, int B);", null),
        new(G, "a key that is a size", "var d = new Dictionary<int, Tensor> { [x.Shape[0]] = x * 2f }; return d[x.Shape[0]] + x;", null),
        new(G, "a key that is missing", "var d = new Dictionary<string, Tensor> { [\"a\"] = x }; return d[\"b\"];", null),
        new(G, "a key added twice", "var d = new Dictionary<string, Tensor> { [\"a\"] = x }; d.Add(\"a\", x); return d[\"a\"];", null),
        new(G, "order after a removal", "var d = new Dictionary<string, Tensor> { [\"a\"] = x, [\"b\"] = x * 2f }; d.Remove(\"a\"); d[\"c\"] = x * 3f; var y = x; foreach (var (_, t) in d) { y = y * 0.5f + t; } return y;", null),
        new(G, "order after a removal alone", "var d = new Dictionary<string, Tensor> { [\"a\"] = x, [\"b\"] = x * 2f, [\"c\"] = x * 3f }; d.Remove(\"b\"); var y = x; foreach (var (_, t) in d) { y = y * 0.5f + t; } return y;", null),
        new(G, "written under a condition that is a tensor", "var d = new Dictionary<string, Tensor> { [\"a\"] = x }; if (Sum(x) > 1f) { d[\"a\"] = x * 2f; } else { d[\"a\"] = -x; } return d[\"a\"];", null),
        new(G, "seen through another variable", "var d = new Dictionary<string, Tensor> { [\"a\"] = x }; IReadOnlyDictionary<string, Tensor> e = d; d[\"b\"] = x * 2f; return e[\"b\"] * e.Count;", null),
        new(G, "copied", "var d = new Dictionary<string, Tensor> { [\"a\"] = x }; var e = new Dictionary<string, Tensor>(d); d[\"a\"] = x * 2f; return e[\"a\"] + d[\"a\"];", null),
        new(G, "with a comparer", "var d = new Dictionary<string, Tensor>(StringComparer.OrdinalIgnoreCase) { [\"a\"] = x }; return d[\"A\"];", null),
        new(G, "of the host", "var y = x; foreach (var k in _d.Keys) { y = y + _d[k]; } return _d.ContainsKey(\"a\") ? y * _d.Count : y;\n---\nprivate readonly Dictionary<string, Tensor> _d = new() { [\"a\"] = Tensor.Ones([6]), [\"b\"] = Tensor.Zeros([6]) };", null),
        new(G, "of the host, entries", "var y = x; foreach (var (k, t) in _d) { y = y + t * k.Length; } foreach (var e in _d) { y = y + e.Value; } return y;\n---\nprivate readonly Dictionary<string, Tensor> _d = new() { [\"a\"] = Tensor.Ones([6]), [\"b\"] = Tensor.Zeros([6]) };", "var k = 0; foreach (var (name, number) in _d) { k += name.Length * number; } return x * k;\n---\nprivate readonly Dictionary<string, int> _d = new() { [\"a\"] = 2, [\"bc\"] = 3 };"),
        new(G, "of the host, TryGetValue", "return _d.TryGetValue(\"a\", out var t) ? x * t : x;\n---\nprivate readonly Dictionary<string, Tensor> _d = new() { [\"a\"] = Tensor.Ones([6]) };", null),
        new(G, "of the host, as an argument", "[StaticGraph] private static Tensor Of(Tensor t, Dictionary<string, Tensor> d) => t + d[\"a\"];\nprivate readonly Dictionary<string, Tensor> _d = new() { [\"a\"] = Tensor.Ones([6]) };\npublic Tensor Forward(Tensor x, int n) => Of(x, _d);", null),
        new(G, "of lists of tensors", "var d = new Dictionary<string, List<Tensor>> { [\"a\"] = [x, x * 2f] }; d[\"a\"].Add(x); return Concat(d[\"a\"], 0);", null),
    ];
}
