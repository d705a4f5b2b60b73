using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// Turns a function into its canonical text and back. Locals are <c>$n</c>, thunks <c>!n</c>, callees <c>@n</c>, registers <c>%n</c>.
/// </summary>
public static class FunctionText
{
    // Marks that a type's name may contain and stay bare.
    private const string NameMarks = "_.?[](), *+`&@:|<>";

    private static readonly ImmutableArray<ValueKind> Kinds = [ValueKind.Tensor, ValueKind.Host, ValueKind.Aggregate, ValueKind.Void];

    /// <param name="sources">Whether to print places in the C#, as <c>loc("file", line, column, "text")</c>.</param>
    public static string Print(Function function, bool sources = false)
    {
        var w = new IrWriter(sources);
        w.Add("func @").Name(function.Key)
            .List("(", function.Parameters, ")", p => Shape(Typed(w.Name(p.Name).Add(": "), p.Type), p.Shape)).Add(" -> ");
        Shape(Typed(w, function.Result), function.ResultShape);
        if (!function.HandedBack.IsEmpty)
        {
            w.Add(" back ").List("(", function.HandedBack, ")", p => Shape(Typed(w.Name(p.Name).Add(": "), p.Type), p.Shape));
        }

        w.Source(function.Source);
        w.Add(" ").Braces(() =>
        {
            w.Line().Add("registers ").Add(function.RegisterCount);
            Section(w, "locals", "$", function.Locals, l => Typed(w.Name(l.Name).Add(": "), l.Type));
            Section(w, "thunks", "!", function.Thunks, t =>
                Typed(w.Add(t.IsGuard ? "guard " : "").Add(IrWriter.Quote(t.Name)).List("(", t.Arguments, ")", a => Typed(w, a)).Add(" -> "), t.Result));
            Section(w, "callees", "@", function.Callees, c => w.Name(c));
            BlockText.Print(w.Line().Add("body "), function.Body);
        });
        return w.Add("\n").ToString();
    }

    /// <exception cref="IrTextException">The text is no function; names line and column.</exception>
    public static Function Parse(string text)
    {
        var s = new TextScanner(text);
        s.Expect("func");
        s.Expect("@");
        var key = s.Name("the key of the function");
        var parameters = s.List("(", ")", ParseParameter);
        s.Expect("->");
        var result = ParseType(s);
        var shape = ParseShape(s);
        var back = s.Accept("back") ? s.List("(", ")", ParseParameter) : [];
        var source = IrWriter.ParseSource(s);
        s.Expect("{");
        s.Expect("registers");
        var registers = s.Int32("the number of registers");
        var locals = ParseSection(s, "locals", "$", ParseLocal);
        var thunks = ParseSection(s, "thunks", "!", ParseThunk);
        var callees = ParseSection(s, "callees", "@", t => t.Name("the key of a static graph"));
        s.Expect("body");
        var body = BlockText.Parse(s);
        s.Expect("}");
        s.ExpectEnd();
        return new Function(key, parameters, result, locals, thunks, callees, body, registers, source) { ResultShape = shape, HandedBack = back };
    }

    private static void Section<T>(IrWriter writer, string title, string mark, ImmutableArray<T> items, Action<T> print)
    {
        if (items.IsEmpty)
        {
            return;
        }

        writer.Line().Add(title).Add(" ").Braces(() =>
        {
            for (var i = 0; i < items.Length; i++)
            {
                writer.Line().Add(mark).Add(i).Add(" ");
                print(items[i]);
            }
        });
    }

    private static ImmutableArray<T> ParseSection<T>(TextScanner scanner, string title, string mark, Func<TextScanner, T> parse)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        if (!scanner.Accept(title))
        {
            return items.ToImmutable();
        }

        scanner.Expect("{");
        while (!scanner.Accept("}"))
        {
            var start = scanner.Position;
            if (scanner.Numbered(mark, $"{mark}{items.Count}") != items.Count)
            {
                throw scanner.ErrorAt(start, $"{title} are numbered in order: this is {mark}{items.Count}");
            }

            items.Add(parse(scanner));
        }

        return items.ToImmutable();
    }

    private static FunctionParameter ParseParameter(TextScanner scanner)
    {
        var (name, type) = (scanner.Name("a parameter"), ParseTyped(scanner));
        return new FunctionParameter(name, type, ParseShape(scanner));
    }

    private static Local ParseLocal(TextScanner scanner) => new(scanner.Name("a local"), ParseTyped(scanner));

    private static Thunk ParseThunk(TextScanner scanner)
    {
        var guard = scanner.Accept("guard");
        var name = scanner.String();
        var arguments = scanner.List("(", ")", ParseType);
        scanner.Expect("->");
        return new Thunk(name, ParseType(scanner), arguments, guard);
    }

    private static ValueType ParseTyped(TextScanner scanner)
    {
        scanner.Expect(":");
        return ParseType(scanner);
    }

    private static void Shape(IrWriter writer, Shape? shape) => writer.Add(shape is null ? "" : $" {shape}");

    private static Shape? ParseShape(TextScanner scanner) => scanner.At("[") ? DimText.ParseShape(scanner) : null;

    private static IrWriter Typed(IrWriter writer, ValueType type) =>
        writer.Add(Word(type.Kind)).Add("<").Add(IsBare(type.Name) ? type.Name : IrWriter.Quote(type.Name)).Add(">");

    private static ValueType ParseType(TextScanner scanner)
    {
        var start = scanner.Position;
        var word = scanner.Word("tensor, host, aggregate or void");
        var index = Kinds.IndexOf(Kinds.FirstOrDefault(k => Word(k) == word));
        if (Word(Kinds[index]) != word)
        {
            throw scanner.ErrorAt(start, $"expected tensor, host, aggregate or void, found '{word}'");
        }

        scanner.Expect("<");
        var name = scanner.At("\"") ? scanner.String() : scanner.Balanced('<', '>');
        scanner.Expect(">");
        return new ValueType(Kinds[index], name);
    }

    private static string Word(ValueKind kind) => kind switch
    {
        ValueKind.Tensor => "tensor",
        ValueKind.Host => "host",
        ValueKind.Aggregate => "aggregate",
        _ => "void",
    };

    private static bool IsBare(string name)
    {
        var depth = 0;
        foreach (var c in name)
        {
            depth += c == '<' ? 1 : c == '>' ? -1 : 0;
            if (depth < 0 || !(char.IsLetterOrDigit(c) || NameMarks.IndexOf(c) >= 0))
            {
                return false;
            }
        }

        return depth == 0 && name.Trim() == name && name.Length > 0;
    }
}
