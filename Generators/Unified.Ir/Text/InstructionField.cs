using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>What a number in an instruction refers to.</summary>
internal enum Reference
{
    Register,
    Local,
    Thunk,
    Callee,
}

/// <summary>A reference that an instruction makes; None only where it may be left out.</summary>
internal sealed record FieldReference(Reference Kind, int Number, bool Optional = false);

/// <summary>One field of an instruction in every written form. Its value travels boxed, because a row has fields of all types.</summary>
internal abstract class InstructionField
{
    public abstract void Print(IrWriter writer, object? value);

    public abstract object? Parse(TextScanner scanner);

    public abstract void Encode(InstructionEncoder encoder, object? value);

    public abstract object? Decode(InstructionDecoder decoder);

    /// <summary>What the value refers to; registers of blocks are the blocks' own.</summary>
    public virtual IEnumerable<FieldReference> References(object? value) => [];

    public virtual Block? Block(object? value) => null;

    /// <summary>Whether a block here must name the register it yields; other blocks must not.</summary>
    public bool Yields { get; init; }
}

/// <summary>A field of one type: the rows below are made of these.</summary>
internal sealed class InstructionField<T>(
    Action<IrWriter, T> print, Func<TextScanner, T> parse, Action<InstructionEncoder, T> encode, Func<InstructionDecoder, T> decode,
    Func<T, IEnumerable<FieldReference>>? references = null)
    : InstructionField
{
    public override void Print(IrWriter writer, object? value) => print(writer, (T)value!);

    public override object? Parse(TextScanner scanner) => parse(scanner);

    public override void Encode(InstructionEncoder encoder, object? value) => encode(encoder, (T)value!);

    public override object? Decode(InstructionDecoder decoder) => decode(decoder);

    public override IEnumerable<FieldReference> References(object? value) => references?.Invoke((T)value!) ?? [];

    public override Block? Block(object? value) => value as Block;
}

/// <summary>The kinds of field.</summary>
internal static class InstructionFields
{
    public static InstructionField Register { get; } = Number(Reference.Register, "%", "a register");

    public static InstructionField OptionalRegister { get; } = Number(Reference.Register, "%", "a register or _", optional: true);

    public static InstructionField LocalIndex { get; } = Number(Reference.Local, "$", "a local");

    public static InstructionField ThunkIndex { get; } = Number(Reference.Thunk, "!", "a thunk");

    public static InstructionField OptionalThunkIndex { get; } = Number(Reference.Thunk, "!", "a thunk or _", optional: true);

    public static InstructionField CalleeIndex { get; } = Number(Reference.Callee, "@", "a callee");

    public static InstructionField Registers { get; } = new InstructionField<ImmutableArray<int>>(
        (w, v) => w.List("(", v, ")", r => PrintNumber(w, "%", r)),
        s => s.List("(", ")", ParseRegister),
        (e, v) => e.List(v, e.Number),
        d => d.List(d.Number),
        v => v.Select(r => new FieldReference(Reference.Register, r)));

    public static InstructionField NamedRegisters { get; } = new InstructionField<ImmutableArray<NamedArgument>>(
        (w, v) => w.List("(", v, ")", a => PrintNumber(w.Name(a.Name).Add("="), "%", a.Register)),
        s => s.List("(", ")", ParseArgument),
        (e, v) => e.List(v, a =>
        {
            e.Text(a.Name);
            e.Number(a.Register);
        }),
        d => d.List(() => new NamedArgument(d.Text(), d.Number())),
        v => v.Select(a => new FieldReference(Reference.Register, a.Register)));

    public static InstructionField Items { get; } = new InstructionField<ImmutableArray<IndexItem>>(
        (w, v) => w.List("[", v, "]", i => PrintItem(w, i)),
        s => s.List("[", "]", ParseItem),
        (e, v) => e.List(v, i =>
        {
            e.Text(i.Kind);
            e.Number(i.Start);
            e.Number(i.End);
            e.Number((i.StartFromEnd ? 1 : 0) + (i.EndFromEnd ? 2 : 0));
        }),
        d => d.List(() =>
        {
            var (kind, start, end, flags) = (d.Text(), d.Number(), d.Number(), d.Number());
            return flags is >= 0 and < 4
                ? new IndexItem(kind, start, end, (flags & 1) != 0, (flags & 2) != 0)
                : throw d.Error($"an index has flags {flags}");
        }),
        v => v.SelectMany(i => new[] { i.Start, i.End }).Select(r => new FieldReference(Reference.Register, r, Optional: true)));

    public static InstructionField Word { get; } = new InstructionField<string>(
        (w, v) => w.Name(v), s => s.Name("a name"), (e, v) => e.Text(v), d => d.Text());

    public static InstructionField OpName { get; } = new InstructionField<OpCode>(
        (w, v) => w.Add(OpTable.Get(v).Name),
        s =>
        {
            var start = s.Position;
            var name = s.Word("the name of an op");
            return OpTable.Find(name)?.Code ?? throw s.ErrorAt(start, $"no op is called '{name}'");
        },
        (e, v) => e.Text(OpTable.Get(v).Name),
        d => d.Op().Code);

    public static InstructionField Literal { get; } = new InstructionField<object?>(
        (w, v) => w.Add(LiteralText.Print(v)), LiteralText.Parse, (e, v) => e.Literal(v), d => d.Literal());

    public static InstructionField BlockField { get; } = MakeBlock(yields: false);

    public static InstructionField YieldingBlock { get; } = MakeBlock(yields: true);

    public static InstructionField Flag(string yes, string no) => new InstructionField<bool>(
        (w, v) => w.Add(v ? yes : no),
        s => s.Accept(yes) || (s.Accept(no) ? false : throw s.Expected($"'{yes}' or '{no}'")),
        (e, v) => e.Number(v ? 1 : 0),
        d => d.Number() switch
        {
            0 => false,
            1 => true,
            var other => throw d.Error($"a flag has value {other}"),
        });

    public static void PrintNumber(IrWriter writer, string mark, int number)
    {
        if (number == Instruction.None)
        {
            writer.Add("_");
        }
        else
        {
            writer.Add(mark).Add(number);
        }
    }

    public static int ParseRegister(TextScanner scanner) => ParseNumber(scanner, "%", "a register");

    private static InstructionField<Block> MakeBlock(bool yields) =>
        new(BlockText.Print, BlockText.Parse, (e, v) => e.Block(v), d => d.Block()) { Yields = yields };

    private static int ParseNumber(TextScanner scanner, string mark, string what) =>
        scanner.Accept("_") ? Instruction.None : scanner.Numbered(mark, what);

    private static InstructionField<int> Number(Reference kind, string mark, string what, bool optional = false) => new(
        (w, v) => PrintNumber(w, mark, v),
        s => ParseNumber(s, mark, what),
        (e, v) => e.Number(v),
        d => d.Number(),
        v => [new FieldReference(kind, v, optional)]);

    private static NamedArgument ParseArgument(TextScanner scanner)
    {
        var name = scanner.Name("the name of an operand or attribute");
        scanner.Expect("=");
        return new NamedArgument(name, ParseRegister(scanner));
    }

    // all · at %1 · at ^%1 · range %1..^%2 · range _..%2
    private static void PrintItem(IrWriter writer, IndexItem item)
    {
        writer.Name(item.Kind);
        var bare = new IndexItem(item.Kind);
        if (item == bare && item.Kind != "range")
        {
            return;
        }

        PrintNumber(writer.Add(item.StartFromEnd ? " ^" : " "), "%", item.Start);
        if (item.Kind == "range" || item.End != Instruction.None || item.EndFromEnd)
        {
            PrintNumber(writer.Add(item.EndFromEnd ? "..^" : ".."), "%", item.End);
        }
    }

    private static IndexItem ParseItem(TextScanner scanner)
    {
        var item = new IndexItem(scanner.Name("at, range, all or tensor"));
        if (scanner.At(",") || scanner.At("]"))
        {
            return item;
        }

        item = item with { StartFromEnd = scanner.Accept("^"), Start = ParseRegister(scanner) };
        return scanner.Accept("..") ? item with { EndFromEnd = scanner.Accept("^"), End = ParseRegister(scanner) } : item;
    }
}
