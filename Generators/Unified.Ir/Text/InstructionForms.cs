using System.Collections.Immutable;
using static Unified.Ir.InstructionFields;

namespace Unified.Ir;

/// <summary>Every kind of instruction, one row each: how it is printed, parsed, encoded, decoded and what it refers to.</summary>
internal static class InstructionForms
{
    public static ImmutableArray<InstructionForm> All { get; } =
    [
        new InstructionForm<LiteralInstruction>(1, "literal {0}", [Literal], i => [i.Value], (r, f, s) => new(r, f[0], s)),
        new InstructionForm<LoadInstruction>(2, "load {0}", [LocalIndex], i => [i.Local], (r, f, s) => new(r, f.Int(0), s)),
        new InstructionForm<StoreInstruction>(
            3, "store {0}, {1}", [LocalIndex, Register], i => [i.Local, i.Value], (_, f, s) => new(f.Int(0), f.Int(1), s), HasResult: false),
        new InstructionForm<HostInstruction>(
            4, "host {0}{1}: {2}", [Word, Registers, Word], i => [i.Operator, i.Operands, i.Type],
            (r, f, s) => new(r, f.Text(0), f.Text(2), f.Ints(1), s)),
        new InstructionForm<DimInstruction>(
            5, "dim {0}[{1}]", [Register, Register], i => [i.Tensor, i.Axis], (r, f, s) => new(r, f.Int(0), f.Int(1), s)),
        new InstructionForm<RankInstruction>(6, "rank {0}", [Register], i => [i.Tensor], (r, f, s) => new(r, f.Int(0), s)),
        new InstructionForm<ShapeInstruction>(7, "shape {0}", [Register], i => [i.Tensor], (r, f, s) => new(r, f.Int(0), s)),
        new InstructionForm<ThunkInstruction>(
            8, "thunk {0}{1}", [ThunkIndex, Registers], i => [i.Thunk, i.Arguments], (r, f, s) => new(r, f.Int(0), f.Ints(1), s)),
        new InstructionForm<ApplyInstruction>(
            9, "apply {0}{1}", [OpName, NamedRegisters], i => [i.Op, i.Arguments],
            (r, f, s) => new(r, (OpCode)f[0]!, (ImmutableArray<NamedArgument>)f[1]!, s)),
        new InstructionForm<IndexInstruction>(
            10, "index {0}{1}", [Register, Items], i => [i.Tensor, i.Items],
            (r, f, s) => new(r, f.Int(0), (ImmutableArray<IndexItem>)f[1]!, s)),
        new InstructionForm<CallInstruction>(
            11, "call {0}{1}", [CalleeIndex, Registers], i => [i.Callee, i.Arguments], (r, f, s) => new(r, f.Int(0), f.Ints(1), s)),
        new InstructionForm<HostCallInstruction>(
            46, "host_call {0}{1} order {2} gives {3}{4}", [ThunkIndex, Registers, Register, Word, Registers], i => [i.Thunk, i.Arguments, i.Order, i.Type, i.Dims],
            (r, f, s) => new(r, f.Int(0), f.Ints(1), f.Int(2), f.Ints(4), f.Text(3), s)),
        new InstructionForm<ListInstruction>(12, "list {0}", [Registers], i => [i.Items], (r, f, s) => new(r, f.Ints(0), s)),
        new InstructionForm<ItemInstruction>(
            13, "item {0}[{1}]", [Register, Register], i => [i.List, i.Index], (r, f, s) => new(r, f.Int(0), f.Int(1), s)),
        new InstructionForm<CountInstruction>(14, "count {0}", [Register], i => [i.List], (r, f, s) => new(r, f.Int(0), s)),
        new InstructionForm<AssignInstruction>(
            15, "assign {0}, {1}", [Register, Register], i => [i.Target, i.Value], (_, f, s) => new(f.Int(0), f.Int(1), s), HasResult: false),
        new InstructionForm<RebindInstruction>(
            16, "rebind {0}{1}, {2} get {3}", [ThunkIndex, Registers, Register, OptionalThunkIndex],
            i => [i.Setter, i.Arguments, i.Value, i.Getter], (_, f, s) => new(f.Int(0), f.Int(3), f.Ints(1), f.Int(2), s), HasResult: false),
        new InstructionForm<ValueAndGradInstruction>(
            17, "value_and_grad {0} wrt {1}", [YieldingBlock, Register], i => [i.Body, i.Wrt], (r, f, s) => new(r, f.Block(0), f.Int(1), s)),
        new InstructionForm<DerivativeInstruction>(
            40, "derivative {0} {1} wrt {2} along {3}", [Word, YieldingBlock, Register, OptionalRegister], i => [i.Form, i.Body, i.Wrt, i.Along],
            (r, f, s) => new(r, f.Text(0), f.Block(1), f.Int(2), f.Int(3), s)),
        new InstructionForm<VmapInstruction>(
            41, "vmap {0} over {1} axes {2} to {3}", [YieldingBlock, Registers, Registers, Register], i => [i.Body, i.Inputs, i.Axes, i.OutAxis],
            (r, f, s) => new(r, f.Block(0), f.Ints(1), f.Ints(2), f.Int(3), s)),
        new InstructionForm<ExampleInstruction>(42, "example {0}", [Register], i => [i.Input], (r, f, s) => new(r, f.Int(0), s)),
        new InstructionForm<CustomGradientInstruction>(
            43, "custom_gradient {0} wrt {1} by {2}", [YieldingBlock, Register, YieldingBlock], i => [i.Body, i.Wrt, i.Backward],
            (r, f, s) => new(r, f.Block(0), f.Int(1), f.Block(2), s)),
        new InstructionForm<CheckpointInstruction>(44, "checkpoint {0}", [YieldingBlock], i => [i.Body], (r, f, s) => new(r, f.Block(0), s)),
        new InstructionForm<PrecisionInstruction>(
            45, "precision {0} {1}", [Registers, BlockField], i => [i.Policy, i.Body], (_, f, s) => new(f.Ints(0), f.Block(1), s), HasResult: false),
        new InstructionForm<GuardedInstruction>(47, "guarded {0}", [BlockField], i => [i.Body], (_, f, s) => new(f.Block(0), s), HasResult: false),
        new InstructionForm<IfInstruction>(
            18, "if {0} {1} else {2}", [Register, BlockField, BlockField], i => [i.Condition, i.Then, i.Else],
            (_, f, s) => new(f.Int(0), f.Block(1), f.Block(2), s), HasResult: false),
        new InstructionForm<LoopInstruction>(
            19, "loop {0} while {1} do {2} step {3}", [Flag("test_first", "test_last"), YieldingBlock, BlockField, BlockField],
            i => [i.TestFirst, i.Condition, i.Body, i.Step],
            (_, f, s) => new(f.Block(1), f.Block(2), f.Block(3), f.Flag(0), s), HasResult: false),
        new InstructionForm<ForEachInstruction>(
            20, "foreach {0} in {1} {2}", [LocalIndex, Register, BlockField], i => [i.Local, i.List, i.Body],
            (_, f, s) => new(f.Int(0), f.Int(1), f.Block(2), s), HasResult: false),
        new InstructionForm<BreakInstruction>(21, "break", [], _ => [], (_, _, s) => new(s), HasResult: false),
        new InstructionForm<ContinueInstruction>(22, "continue", [], _ => [], (_, _, s) => new(s), HasResult: false),
        new InstructionForm<ReturnInstruction>(
            23, "return {0}", [OptionalRegister], i => [i.Value], (_, f, s) => new(f.Int(0), s), HasResult: false),
        new InstructionForm<ThrowInstruction>(
            24, "throw {0}{1}", [ThunkIndex, Registers], i => [i.Thunk, i.Arguments], (_, f, s) => new(f.Int(0), f.Ints(1), s), HasResult: false),
        new InstructionForm<RecurseInstruction>(48, "recurse {0}", [LocalIndex], i => [i.First], (r, f, s) => new(r, f.Int(0), s)),
        new InstructionForm<InlineInstruction>(30, "inline {0}", [BlockField], i => [i.Body], (r, f, s) => new(r, f.Block(0), s)),
        new InstructionForm<SwitchInstruction>(31, "switch {0}", [BlockField], i => [i.Body], (_, f, s) => new(f.Block(0), s), HasResult: false),
        new InstructionForm<ListStepInstruction>(
            32, "list_step {0}{1}", [Word, Registers], i => [i.Operator, i.Operands], (r, f, s) => new(r, f.Text(0), f.Ints(1), s)),
        new InstructionForm<DisposeInstruction>(36, "dispose {0}", [Register], i => [i.Tensor], (_, f, s) => new(f.Int(0), s), HasResult: false),
        new InstructionForm<IndexUpdateInstruction>(
            33, "index_update {0}{1} = {2}", [Register, Items, Register], i => [i.Tensor, i.Items, i.Value],
            (r, f, s) => new(r, f.Int(0), (ImmutableArray<IndexItem>)f[1]!, f.Int(2), s)),
    ];

    private static readonly ImmutableDictionary<Type, InstructionForm> ByType = All.ToImmutableDictionary(f => f.Type);

    private static readonly ImmutableDictionary<string, InstructionForm> ByKeyword = All.ToImmutableDictionary(f => f.Keyword, StringComparer.Ordinal);

    private static readonly ImmutableDictionary<int, InstructionForm> ByNumber = All.ToImmutableDictionary(f => f.Number);

    public static InstructionForm Of(Instruction instruction) => ByType.TryGetValue(instruction.GetType(), out var form)
        ? form
        : throw new InvalidOperationException($"{instruction.GetType().Name} has no row in {nameof(InstructionForms)}");

    public static InstructionForm? Find(string keyword) => ByKeyword.TryGetValue(keyword, out var form) ? form : null;

    public static InstructionForm? Find(int number) => ByNumber.TryGetValue(number, out var form) ? form : null;
}
