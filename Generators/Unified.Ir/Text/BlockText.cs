using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Turns a block into lines of instructions in braces and back; a yield stands last.</summary>
internal static class BlockText
{
    public static void Print(IrWriter writer, Block block) => writer.Braces(() =>
    {
        foreach (var instruction in block.Instructions)
        {
            InstructionForms.Of(instruction).Print(writer.Line(), instruction);
        }

        if (block.Yield != Instruction.None)
        {
            writer.Line().Add("yield %").Add(block.Yield);
        }
    });

    public static Block Parse(TextScanner scanner) => scanner.Nested(ParseLines);

    private static Block ParseLines(TextScanner scanner)
    {
        scanner.Expect("{");
        var instructions = ImmutableArray.CreateBuilder<Instruction>();
        while (!scanner.Accept("}"))
        {
            if (scanner.Accept("yield"))
            {
                var yield = InstructionFields.ParseRegister(scanner);
                scanner.Expect("}");
                return new Block(instructions.ToImmutable(), yield);
            }

            instructions.Add(ParseInstruction(scanner));
        }

        return new Block(instructions.ToImmutable());
    }

    private static Instruction ParseInstruction(TextScanner scanner)
    {
        var result = Instruction.None;
        if (scanner.At("%"))
        {
            result = scanner.Numbered("%", "a register");
            scanner.Expect("=");
        }

        var keyword = scanner.PeekWord();
        var form = InstructionForms.Find(keyword) ?? throw scanner.Expected("an instruction, 'yield' or '}'");
        if (result != Instruction.None && !form.HasResult)
        {
            throw scanner.Error($"'{keyword}' has no result");
        }

        scanner.Skip(keyword.Length);
        return form.Parse(scanner, result);
    }
}
