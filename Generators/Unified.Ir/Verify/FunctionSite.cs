using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>An instruction of a function with what its surroundings allow.</summary>
/// <param name="Number">Counted from 0 in the order of the text.</param>
/// <param name="InLoop">The body of a loop is around it, nearer than any gradient.</param>
/// <param name="InGradient">The body of a value_and_grad is around it.</param>
internal sealed record FunctionSite(Instruction Instruction, InstructionForm Form, ImmutableArray<object?> Values, int Number, bool InLoop, bool InGradient)
{
    /// <summary>The nearest inlined function around it, which a return leaves.</summary>
    public InlineInstruction? Inlined { get; init; }

    public override string ToString()
    {
        var result = Instruction.Result == Instruction.None ? "" : $"%{Instruction.Result} = ";
        return $"instruction {Number} ({result}{Form.Keyword}{(Instruction.Source is null ? "" : $" at {Instruction.Source}")})";
    }

    public IEnumerable<FieldReference> References => Form.Fields.Zip(Values, (f, v) => f.References(v)).SelectMany(r => r);

    public IEnumerable<(InstructionField Field, Block Block)> Blocks =>
        Form.Fields.Zip(Values, (f, v) => (Field: f, Block: f.Block(v))).Where(b => b.Block is not null)!;

    /// <summary>All instructions of a function, in the order of the text.</summary>
    public static ImmutableArray<FunctionSite> Of(Function function)
    {
        var sites = ImmutableArray.CreateBuilder<FunctionSite>();
        Collect(function.Body, inLoop: false, inGradient: false, null);
        return sites.ToImmutable();

        void Collect(Block block, bool inLoop, bool inGradient, InlineInstruction? inlined)
        {
            foreach (var instruction in block.Instructions)
            {
                var form = InstructionForms.Of(instruction);
                var site = new FunctionSite(instruction, form, form.Take(instruction), sites.Count, inLoop, inGradient) { Inlined = inlined };
                sites.Add(site);
                foreach (var (_, inner) in site.Blocks)
                {
                    var isGradient = instruction is ValueAndGradInstruction or DerivativeInstruction or VmapInstruction or CustomGradientInstruction or CheckpointInstruction;
                    var isLoopBody = instruction is ForEachInstruction or SwitchInstruction || (instruction is LoopInstruction loop && ReferenceEquals(inner, loop.Body));
                    var passesOn = instruction is IfInstruction or PrecisionInstruction or GuardedInstruction;
                    if (instruction is InlineInstruction function)
                    {
                        Collect(inner, inLoop: false, inGradient: false, function);
                        continue;
                    }

                    Collect(inner, isLoopBody || (passesOn && inLoop), isGradient || inGradient, isGradient ? null : inlined);
                }
            }
        }
    }
}
