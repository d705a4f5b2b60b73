using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The fields of an instruction in the order of its form, as the constructor of its row wants them.</summary>
internal sealed class FieldValues(ImmutableArray<object?> values)
{
    public object? this[int field] => values[field];

    public int Int(int field) => (int)values[field]!;

    public bool Flag(int field) => (bool)values[field]!;

    public string Text(int field) => (string)values[field]!;

    public Block Block(int field) => (Block)values[field]!;

    public ImmutableArray<int> Ints(int field) => (ImmutableArray<int>)values[field]!;
}

/// <summary>
/// One kind of instruction in every written form. The text is the template with a field for each <c>{n}</c>; its first word is
/// the keyword. The binary form is the number and the fields in order.
/// </summary>
/// <param name="Number">In the binary form; never given to another kind.</param>
internal abstract record InstructionForm(int Number, Type Type, string Template, ImmutableArray<InstructionField> Fields, bool HasResult)
{
    // Text before each field, then the text after the last.
    private readonly ImmutableArray<string> _pieces = Split(Template, Fields.Length);

    public string Keyword { get; } = Template.Split(' ', '{')[0];

    public abstract ImmutableArray<object?> Take(Instruction instruction);

    public abstract Instruction Make(int result, FieldValues values, SourceSpan? source);

    public void Print(IrWriter writer, Instruction instruction)
    {
        if (instruction.Result != Instruction.None)
        {
            writer.Add("%").Add(instruction.Result).Add(" = ");
        }

        var values = Take(instruction);
        for (var i = 0; i < values.Length; i++)
        {
            writer.Add(_pieces[i]);
            Fields[i].Print(writer, values[i]);
        }

        writer.Add(_pieces[^1]);
        writer.Source(instruction.Source);
    }

    /// <summary>Parses what follows the keyword.</summary>
    public Instruction Parse(TextScanner scanner, int result)
    {
        var values = ImmutableArray.CreateBuilder<object?>(Fields.Length);
        ExpectPiece(scanner, _pieces[0][Keyword.Length..]);
        for (var i = 0; i < Fields.Length; i++)
        {
            values.Add(Fields[i].Parse(scanner));
            ExpectPiece(scanner, _pieces[i + 1]);
        }

        return Make(result, new FieldValues(values.MoveToImmutable()), IrWriter.ParseSource(scanner));
    }

    private static void ExpectPiece(TextScanner scanner, string piece)
    {
        foreach (var token in piece.Split([' '], StringSplitOptions.RemoveEmptyEntries))
        {
            scanner.Expect(token);
        }
    }

    private static ImmutableArray<string> Split(string template, int fields)
    {
        var pieces = ImmutableArray.CreateBuilder<string>(fields + 1);
        var start = 0;
        for (var i = 0; i < fields; i++)
        {
            var mark = $"{{{i}}}";
            var end = template.IndexOf(mark, start, StringComparison.Ordinal);
            pieces.Add(template[start..end]);
            start = end + mark.Length;
        }

        pieces.Add(template[start..]);
        return pieces.MoveToImmutable();
    }
}

/// <summary>The row of an instruction type.</summary>
internal sealed record InstructionForm<T>(
    int Number, string Template, ImmutableArray<InstructionField> Fields, Func<T, ImmutableArray<object?>> Values,
    Func<int, FieldValues, SourceSpan?, T> Construct, bool HasResult = true)
    : InstructionForm(Number, typeof(T), Template, Fields, HasResult)
    where T : Instruction
{
    public override ImmutableArray<object?> Take(Instruction instruction) => Values((T)instruction);

    public override Instruction Make(int result, FieldValues values, SourceSpan? source) => Construct(result, values, source);
}
