using System.Collections.Immutable;

namespace Unified.Fuzz;

/// <summary>Turns a seed into a random well-typed static graph method, as a tree.</summary>
internal sealed class GenerateProgram
{
    private static readonly ImmutableArray<Kind> s_locals =
        [Kind.Rows, Kind.Rows, Kind.Rows, Kind.Vector, Kind.Scalar, Kind.Ints, Kind.Doubles, Kind.Square, Kind.Int, Kind.Int, Kind.Bool, Kind.Float, Kind.List,
            Kind.Array, Kind.Tuple, Kind.Pair, Kind.MaybePair, Kind.Function, Kind.Cube, Kind.Longs, Kind.Halves, Kind.Box, Kind.Duo];

    private readonly Random _random;
    private readonly List<Local> _scope = [new("x", Kind.Rows), new("y", Kind.Rows), new("v", Kind.Vector), new("w", Kind.Square), new("n", Kind.Int), new("flag", Kind.Bool)];
    private int _names;
    private int _budget;
    private int _loops;
    private bool _inFunction;

    private GenerateProgram(int seed) => _random = new Random(seed);

    private sealed record Local(string Name, Kind Kind, bool IsFixed = false);

    /// <summary>The body of the method, whose parameters are <c>x, y, v, w, k, n, flag</c> and whose result is an f32[B,3] and an f32[3].</summary>
    public static Node Of(int seed)
    {
        var self = new GenerateProgram(seed);
        self._budget = 4 + self._random.Next(14);
        var body = self.Statements(3);
        return Node.Block([.. body, self.Return()]);
    }

    private Node Return() => new(Kind.Statement, "return ($0, $1);", [Value(Kind.Rows, 2), Value(Kind.Vector, 2)]);

    private List<Node> Statements(int depth)
    {
        var statements = new List<Node>();
        var outer = _scope.Count;
        var count = 1 + _random.Next(5);
        for (var i = 0; i < count && _budget > 0; i++)
        {
            _budget--;
            statements.Add(Statement(depth));
        }

        _scope.RemoveRange(outer, _scope.Count - outer);
        return statements;
    }

    private Node Body(int depth) => Node.Block(Statements(depth - 1));

    private Node Statement(int depth)
    {
        var choice = _random.Next(depth > 0 ? 48 : 32) - 7;
        return choice switch
        {
            -7 => new(Kind.Statement, "_total.Assign(UpdateSlice(_total, $0[..2], Clamp($1, 0.0, 1.0)[0]));", [Value(Kind.Vector, 2), Value(Kind.Ints, 1)]),
            -6 => Moved(),
            -5 => Entries(),
            -4 => Jump(),
            -3 => new(Kind.Statement, $"var {Fresh("z")} = Clipped($0) * Peak($1);", [Value(Kind.Rows, 1), Value(Kind.Rows, 1)]),
            -2 => ChangeElement(),
            -1 => ByReference(),
            < 6 => Declare(),
            < 9 => Assign(Value),
            9 => Compound(),
            10 => new(Kind.Statement, Pick("_total.Assign(_total * 0.5f + $0);", "_total.Assign($0);"), [Value(Kind.Vector, 2)]),
            11 => _random.Next(4) == 0 ? new(Kind.Statement, "_kept = $0;", [Value(Kind.Rows, 2)]) : new(Kind.Statement, "_last = $0;", [Value(Kind.Vector, 2)]),
            12 => ChangeList(),
            13 => Alias(),
            14 => Counter(),
            15 => Swap(),
            16 => Function(),
            17 => Lambda(),
            18 => Throw(),
            19 => Assign(Effectful),
            20 => ChangeBox(),
            21 => Counted(),
            22 => Written(),
            23 => Optimize(),
            24 => new(Kind.Statement, $"var ({Fresh("o")}, {Fresh("o")}) = Extra.Both($0, $1);", [Value(Kind.Rows, 2), Value(Kind.Rows, 2)]),
            < 28 => If(Pick("if ($0)", "if ($0)", "if (!($0))"), Value(Kind.Bool, 2), depth),
            < 31 => If(Pick("if (Sum($0) > 0.3719f)", "if (Max($0) < 1.2137f && Sum($0) > -3.119f)"), Value(Kind.Rows, 1), depth),
            31 => Loop("for (var $i = 0; $i < 1 + $0 % 3; $i++)", [Value(Kind.Int, 1)], depth, hasIndex: true),
            32 => Each(depth),
            33 => While(depth),
            34 => Do(depth),
            35 => Switch(depth),
            36 => Return(depth),
            38 => Try(depth),
            39 => new(Kind.Statement, "switch ($0)\n{\ncase 0:\n{\n$1}\ngoto case 2;\ncase 2:\n{\n$2}\ngoto default;\ndefault:\n{\n$3}\nbreak;\n}", [Value(Kind.Int, 2), Body(depth), Body(depth), Body(depth)]),
            37 => new(Kind.Statement, "if (_kept is null)\n{\n$0_kept = $1;\n}", [Body(depth), Value(Kind.Rows, 1)]),
            _ => Gradient(),
        };
    }

    private string Fresh(string start) => $"{start}{_names++}";

    private string Pick(params ReadOnlySpan<string> all) => all[_random.Next(all.Length)];

    private string? Known(Kind kind, bool mutable = false)
    {
        var fitting = _scope.Where(l => l.Kind == kind && (!mutable || !l.IsFixed)).ToList();
        return fitting.Count == 0 ? null : fitting[_random.Next(fitting.Count)].Name;
    }

    private Node Value(Kind kind, int depth)
    {
        if (Known(kind) is { } known && _random.Next(depth <= 0 ? 10 : 3) != 0)
        {
            return Node.Leaf(kind, known);
        }

        if (depth <= 0)
        {
            return Node.Leaf(kind, ExpressionRows.Shortest[kind]);
        }

        var rows = ExpressionRows.ByKind[kind];
        var at = _random.Next(rows.Sum(r => r.Weight));
        var row = rows.First(r => (at -= r.Weight) < 0);
        return new Node(kind, row.Text, [.. row.Operands.Select(o => Value(o, depth - 1))]);
    }

    /// <summary>A value with an operand that changes what a later operand reads.</summary>
    private Node Effectful(Kind kind, int depth)
    {
        if (kind == Kind.Rows && Known(Kind.Int, mutable: true) is { } i)
        {
            var text = Pick(
                $"Ordered({i}, {i}++, $0, {i})", $"Ordered({i}++, {i}, $0, ++{i})", $"($0 * {i} + ({i} += 2) * $1 - {i})", $"Ordered(({i} = 1) + {i}, {i}--, $0 * {i}, {i})");
            return new Node(kind, text, [.. Enumerable.Range(0, 2).Select(_ => Value(Kind.Rows, depth - 1))]);
        }

        return kind == Kind.Rows && Known(Kind.Rows, mutable: true) is { } t
            ? new Node(kind, Pick($"({t} + ({t} = $0) * {t})", $"(({t} = $0) - {t} * ({t} = $1))"), [Value(kind, depth - 1), Value(kind, depth - 1)])
            : Value(kind, depth);
    }

    private Node Declare()
    {
        var kind = s_locals[_random.Next(s_locals.Length)];
        var name = Fresh("a");
        var value = Value(kind, 3);
        _scope.Add(new Local(name, kind));
        return new Node(Kind.Statement, $"{ExpressionRows.Declared.GetValueOrDefault(kind, "Tensor")} {name} = $0;", [value]);
    }

    private Node Assign(Func<Kind, int, Node> value)
    {
        var target = _scope.Where(l => !l.IsFixed && l.Kind != Kind.Function).ToList();
        var chosen = target[_random.Next(target.Count)];
        return new Node(Kind.Statement, $"{chosen.Name} = $0;", [value(chosen.Kind, 3)]);
    }

    private Node Compound()
    {
        var kind = _random.Next(3) switch { 0 => Kind.Int, 1 => Kind.Vector, _ => Kind.Rows };
        return Known(kind, mutable: true) is { } name
            ? new Node(Kind.Statement, $"{name} {Pick("+=", "-=")} $0;", [Value(kind, 2)])
            : Declare();
    }

    private Node ChangeList() => Known(Kind.List) is { } list
        ? new Node(Kind.Statement, Pick($"{list}.Add($0);", $"{list}[0] = $0;", $"{list}[^1] += $0;", $"{list}.Insert(0, $0);", $"{list}.Reverse();"), [Value(Kind.Rows, 2)])
        : Known(Kind.Array) is { } array ? new Node(Kind.Statement, Pick($"{array}[1] = $0;", $"{array}[^1] *= $0;"), [Value(Kind.Rows, 2)])
        : Declare();

    /// <summary>Overwrites a part of a tensor, which every variable that holds it sees.</summary>
    private Node ChangeElement()
    {
        if (Known(Kind.Rows, mutable: true) is not { } target)
        {
            return Declare();
        }

        var (text, kind) = _random.Next(6) switch
        {
            0 => ($"{target}[0] = $0;", Kind.Vector),
            1 => ($"{target}[.., 1..] = $0[.., 1..];", Kind.Rows),
            2 => ($"{target}[^1] += $0;", Kind.Vector),
            3 => ($"{target}[$0] = 0.5f;", Kind.Mask),
            4 => ($"{target}[.., 0] *= $0;", Kind.Float),
            _ => ($"{target}[0, 1] = $0;", Kind.Scalar),
        };
        var copy = _random.Next(2) == 0 ? $"{target} = {target} * 1f;\n" : "";
        return new Node(Kind.Statement, copy + text, [Value(kind, 2)]);
    }

    /// <summary>A local function that gives or changes a variable of its caller.</summary>
    private Node ByReference()
    {
        if (_inFunction || Known(Kind.Rows, mutable: true) is not { } target)
        {
            return Declare();
        }

        var (name, t, made) = (Fresh("r"), Fresh("t"), Fresh("b"));
        var value = Value(Kind.Rows, 2);
        if (_random.Next(2) == 0)
        {
            return new Node(Kind.Statement, $"void {name}(ref Tensor {t})\n{{\n{t} = {t} * 0.5f + $0;\n}}\n{name}(ref {target});", [value]);
        }

        _scope.Add(new Local(made, Kind.Rows));
        return new Node(Kind.Statement, $"bool {name}(Tensor {t}, out Tensor {t}o)\n{{\n{t}o = {t} - $0;\nreturn flag;\n}}\n_ = {name}({target}, out var {made});", [value]);
    }

    /// <summary>A static graph that changes one variable, sets another, and is generic.</summary>
    private Node Moved()
    {
        if (Known(Kind.Rows, mutable: true) is not { } target)
        {
            return Declare();
        }

        var (made, number, by) = (Fresh("m"), Fresh("j"), Value(Kind.Rows, 2));
        _scope.Add(new Local(made, Kind.Rows));
        _scope.Add(new Local(number, Kind.Int));
        return new Node(Kind.Statement, $"var {made} = Extra.Moved({Pick("_step", "_blocks[1]", "_blocks[0]")}, ref {target}, $0, out var {number});", [by]);
    }

    /// <summary>A dictionary of tensors.</summary>
    private Node Entries()
    {
        var (all, made, found) = (Fresh("d"), Fresh("m"), Fresh("q"));
        var node = new Node(
            Kind.Statement,
            $"var {all} = new Dictionary<int, Tensor> {{ [0] = $0, [n] = $1 }};\n{all}[n] *= 0.5f;\nvar {made} = {all}.TryGetValue(2, out var {found}) ? {found} + 1f : {all}[0];\n"
                + $"foreach (var (key, value) in {all})\n{{\n{made} = {made} * 0.5f + value * key;\n}}",
            [Value(Kind.Rows, 2), Value(Kind.Rows, 2)]);
        _scope.Add(new Local(made, Kind.Rows));
        return node;
    }

    /// <summary>Out of two loops at once, and around again.</summary>
    private Node Jump()
    {
        if (Known(Kind.Rows, mutable: true) is not { } target)
        {
            return Declare();
        }

        var (i, j, label) = (Fresh("i"), Fresh("j"), Fresh("done"));
        return new Node(
            Kind.Statement,
            $"for (var {i} = 0; {i} < 3; {i}++)\n{{\nfor (var {j} = 0; {j} < 2; {j}++)\n{{\n{target} = {target} * 0.5f + $0;\nif ({Pick("$1", $"{i} * {j} == n % 3", $"Sum({target}) > 1.7319f")})\n{{\ngoto {label};\n}}\n}}\n}}\n{label}: {target} = {target} - 0.25f;",
            [Value(Kind.Rows, 1), Value(Kind.Bool, 1)]);
    }

    /// <summary>Left in every way that its body has.</summary>
    private Node Try(int depth) => _random.Next(2) == 0
        ? new Node(Kind.Statement, "try\n{\n$0}\nfinally\n{\n_total.Assign(_total * 0.5f + $1);\n}", [Body(depth), Value(Kind.Vector, 1)])
        : new Node(Kind.Statement, "try\n{\n$0}\ncatch (ArgumentException)\n{\n$1}", [Body(depth), Body(depth)]);

    /// <summary>A second name of a list, array or record: changes through one are seen through the other.</summary>
    private Node Alias()
    {
        Kind[] shared = [Kind.List, Kind.Array, Kind.Box, Kind.Pair];
        var kind = shared.OrderBy(_ => _random.Next()).FirstOrDefault(k => Known(k) is not null, Kind.Pair);
        if (Known(kind) is not { } known)
        {
            return Declare();
        }

        var name = Fresh("s");
        _scope.Add(new Local(name, kind));
        return Node.Leaf(Kind.Statement, $"var {name} = {known};");
    }

    /// <summary>Changes an object that another variable may name as well.</summary>
    private Node ChangeBox() => Known(Kind.Box) is { } box
        ? new Node(Kind.Statement, Pick($"{box}.Value = $0;", $"{box}.Value += $0;", $"{box}.Number++;\n{box}.Value = $0 * {box}.Number;"), [Value(Kind.Rows, 2)])
        : Declare();

    /// <summary>A local function that changes what the call that it is an argument of reads before and after it.</summary>
    private Node Counted()
    {
        if (_inFunction || Known(Kind.Int, mutable: true) is not { } counter || Known(Kind.Rows, mutable: true) is not { } target)
        {
            return Declare();
        }

        var name = Fresh("next");
        return new Node(
            Kind.Statement,
            $"int {name}() => {Pick($"++{counter}", $"{counter}++", $"{counter} = {counter} * 2 - 1")};\n{target} = "
                + Pick($"Ordered({counter}, {name}(), $0, {counter})", $"Ordered({name}(), {counter}, $0, {name}())", $"($0 * {counter} - {name}() * $0 + {counter})") + ";",
            [Value(Kind.Rows, 2)]);
    }

    /// <summary>A tensor function that changes a variable around it, called in the middle of an expression that reads it.</summary>
    private Node Written()
    {
        if (_inFunction || Known(Kind.Rows, mutable: true) is not { } target)
        {
            return Declare();
        }

        var name = Fresh("change");
        return new Node(
            Kind.Statement,
            $"Tensor {name}()\n{{\n{target} = $0;\n{Pick("", "_total.Assign(_total * 0.5f + v);\n", "_last = _last * 0.5f;\n")}return {target} * 0.5f;\n}}\n"
                + $"{target} = {Pick($"{target} + {name}() * {target}", $"{name}() - {name}() * {target}", $"{target} * {name}() + _total * _last")};",
            [Value(Kind.Rows, 2)]);
    }

    /// <summary>A step of gradient descent.</summary>
    private Node Optimize()
    {
        if (_inFunction)
        {
            return Declare();
        }

        var name = Fresh("q");
        return new Node(
            Kind.Statement,
            $"var ({name}, {name}s) = ValueAndGrad(() => Mean(Square(_linear.Forward($0) * Weight)), [Weight, _linear.Weight]);\n"
                + $"Weight.Assign(Weight - {name}s[0] * 0.1f);\n_linear.Weight.Assign(_linear.Weight - {name}s[1] * 0.1f + {name} * 0.01f);",
            [Value(Kind.Rows, 2)]);
    }

    private Node Counter() => Known(Kind.Int, mutable: true) is { } name ? Node.Leaf(Kind.Statement, Pick($"{name}++;", $"--{name};")) : Declare();

    private Node Swap()
    {
        var a = Known(Kind.Rows, mutable: true);
        var b = Known(Kind.Rows, mutable: true);
        return a is null || b is null || a == b ? Declare() : new Node(Kind.Statement, $"({a}, {b}) = ({b}, $0);", [Value(Kind.Rows, 2)]);
    }

    private Node Function()
    {
        if (_inFunction)
        {
            return Declare();
        }

        var name = Fresh("f");
        var t = Fresh("t");
        var outer = _scope.Count;
        var loops = _loops;
        (_inFunction, _loops) = (true, 0);
        _scope.Add(new Local(t, Kind.Rows));
        var body = Body(2);
        var result = Value(Kind.Rows, 2);
        _scope.RemoveRange(outer, _scope.Count - outer);
        (_inFunction, _loops) = (false, loops);
        _scope.Add(new Local(name, Kind.Function, IsFixed: true));
        return new Node(Kind.Statement, $"Tensor {name}(Tensor {t})\n{{\n$0return $1;\n}}", [body, result]);
    }

    private Node Lambda()
    {
        var name = Fresh("g");
        var t = Fresh("t");
        _scope.Add(new Local(t, Kind.Rows));
        var value = Effectful(Kind.Rows, 2);
        _scope.RemoveAt(_scope.Count - 1);
        _scope.Add(new Local(name, Kind.Function, IsFixed: true));
        return new Node(Kind.Statement, $"Func<Tensor, Tensor> {name} = {t} => $0;", [value]);
    }

    private Node Throw() => new(Kind.Statement, "if ($0 > 7)\n{\nthrow new ArgumentException($\"n is {n}\");\n}", [Value(Kind.Int, 1)]);

    private Node If(string head, Node condition, int depth) => _random.Next(2) == 0
        ? new Node(Kind.Statement, head + "\n{\n$1}", [condition, Body(depth)])
        : new Node(Kind.Statement, head + "\n{\n$1}\nelse\n{\n$2}", [condition, Body(depth), Body(depth)]);

    private Node Loop(string head, ImmutableArray<Node> parts, int depth, bool hasIndex = false, string tail = "", string first = "")
    {
        var outer = _scope.Count;
        var index = Fresh("i");
        if (hasIndex)
        {
            _scope.Add(new Local(index, Kind.Int, IsFixed: true));
        }

        _loops++;
        var body = Body(depth);
        var jump = _random.Next(3) switch
        {
            0 => [new Node(Kind.Statement, "if (Sum($0) > 2.1371f)\n{\n" + Pick("break", "continue") + ";\n}", [Value(Kind.Rows, 1)])],
            1 => [new Node(Kind.Statement, "if ($0)\n{\n" + Pick("break", "continue") + ";\n}", [Value(Kind.Bool, 1)])],
            _ => ImmutableArray<Node>.Empty,
        };
        var after = Node.Block(Statements(0));
        _loops--;
        _scope.RemoveRange(outer, _scope.Count - outer);
        var at = parts.Length;
        return new Node(Kind.Statement, $"{head}\n{{\n{first}${at}${at + 1}${at + 2}}}{tail}".Replace("$i", index, StringComparison.Ordinal), [.. parts, body, Node.Block(jump), after]);
    }

    private Node Each(int depth)
    {
        var item = Fresh("e");
        _scope.Add(new Local(item, Kind.Rows, IsFixed: true));
        var kind = _random.Next(2) == 0 ? Kind.List : Kind.Array;
        var over = Value(kind, 0);
        var loop = Loop($"foreach (var {item} in {(kind == Kind.List ? "$0.ToArray()" : "$0")})", [over], depth);
        _scope.RemoveAll(l => l.Name == item);
        return loop;
    }

    private Node While(int depth)
    {
        var turns = Fresh("c");
        return Loop($"var {turns} = 0;\nwhile ({turns} < 4 && {Pick("Sum($0) < 2.7181f", "$0[0, 1] > -1.3719f", "Max(Abs($0)) > 0.2137f")})", [Value(Kind.Rows, 0)], depth, first: $"{turns}++;\n");
    }

    private Node Do(int depth)
    {
        var turns = Fresh("c");
        return Loop($"var {turns} = 0;\ndo", [Value(Kind.Rows, 0)], depth, first: $"{turns}++;\n", tail: $"\nwhile (Sum($0) < 1.7181f && {turns} < 3);");
    }

    private Node Switch(int depth) => new(
        Kind.Statement, "switch ($0)\n{\ncase 0:\ncase 1:\n{\n$1}\nbreak;\ncase > 3 when flag:\n{\n$2}\nbreak;\ndefault:\n{\n$3}\nbreak;\n}",
        [Value(Kind.Int, 2), Body(depth), Body(depth), Body(depth)]);

    private Node Return(int depth) => _inFunction
        ? new Node(Kind.Statement, "if ($0)\n{\nreturn $1;\n}", [Value(Kind.Bool, 1), Value(Kind.Rows, 2)])
        : new Node(Kind.Statement, Pick("if ($0)", "if (Sum($1) > 1.9137f)") + "\n{\n$3return ($1, $2);\n}", [Value(Kind.Bool, 1), Value(Kind.Rows, 2), Value(Kind.Vector, 2), Body(depth)]);

    private Node Gradient()
    {
        var name = Fresh("d");
        var value = Value(Kind.Rows, 2);
        _scope.Add(new Local(name, Kind.Vector));
        return new Node(
            Kind.Statement, $"var ({name}l, {name}g) = ValueAndGrad(() => Sum(Tanh($0) * Weight), [Weight]);\nTensor {name} = {name}g[0] + {name}l;", [value]);
    }
}
