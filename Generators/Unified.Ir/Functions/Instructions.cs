using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>One step of a function. <paramref name="Result"/> is the register it assigns, or <see cref="None"/>.</summary>
public abstract record Instruction(int Result, SourceSpan? Source)
{
    public const int None = -1;
}

/// <summary>A C# literal: null, bool, int, long, float, double or string.</summary>
public sealed record LiteralInstruction(int Result, object? Value, SourceSpan? Source = null) : Instruction(Result, Source);

public sealed record LoadInstruction(int Result, int Local, SourceSpan? Source = null) : Instruction(Result, Source);

public sealed record StoreInstruction(int Local, int Value, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary>
/// Host arithmetic that sizes may flow through: stays symbolic where its operands are. <paramref name="Operator"/> is one of
/// <c>neg not add sub mul div rem eq ne lt le gt ge and or xor min max abs sqrt pow log exp</c>, <c>to_int to_long to_float
/// to_double</c>, or <c>item</c>: the only element of a tensor, known only when the graph runs; C# semantics of the operand types (<paramref name="Type"/> is the C# type of the result: int, long, float, double, bool).
/// </summary>
public sealed record HostInstruction(int Result, string Operator, string Type, ImmutableArray<int> Operands, SourceSpan? Source = null)
    : Instruction(Result, Source);

/// <summary><c>x.Shape[axis]</c> (axis register given) as a host int.</summary>
public sealed record DimInstruction(int Result, int Tensor, int Axis, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary><c>x.Rank</c> as a host int.</summary>
public sealed record RankInstruction(int Result, int Tensor, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>Evaluates a thunk of the function. Symbolic sizes among the arguments become constants (the graph is specialized on them).</summary>
public sealed record ThunkInstruction(int Result, int Thunk, ImmutableArray<int> Arguments, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>An argument of <see cref="ApplyInstruction"/>, by the name of the op's operand or attribute.</summary>
public sealed record NamedArgument(string Name, int Register);

/// <summary><c>x.Shape</c> as a host list of (possibly symbolic) ints.</summary>
public sealed record ShapeInstruction(int Result, int Tensor, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>
/// An op. Each argument is bound by name: to an operand (a tensor register, an aggregate for a variadic one, or a host
/// number, which becomes a rank-0 constant of the first tensor operand's dtype) or to an attribute (a host register; int lists are host
/// aggregates made by <see cref="ListInstruction"/> or host arrays). Several results come as an aggregate.
/// </summary>
public sealed record ApplyInstruction(int Result, OpCode Op, ImmutableArray<NamedArgument> Arguments, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>
/// <c>x[i, .., a..b, ^1]</c>: the tensor, then one item per index. Kinds: <c>at</c> (1 register: int), <c>range</c> (2
/// registers, or None for an open end; <see cref="IndexItem.FromEnd"/> flags), <c>all</c> (<c>..</c> over the remaining
/// axes when it is the first of fewer items than axes, else one axis), <c>tensor</c> (an index tensor).
/// </summary>
public sealed record IndexInstruction(int Result, int Tensor, ImmutableArray<IndexItem> Items, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>
/// <c>x[…]</c> set to a value: a new tensor like the first, with the elements that the items name replaced. The value is a tensor that
/// broadcasts to what <see cref="IndexInstruction"/> would give, or a host number; it is cast to the tensor's dtype. A bool tensor among the
/// items is a mask over as many axes as it has: the elements where it is true.
/// </summary>
public sealed record IndexUpdateInstruction(int Result, int Tensor, ImmutableArray<IndexItem> Items, int Value, SourceSpan? Source = null) : Instruction(Result, Source);

/// <param name="Kind">at, range, all or tensor.</param>
public sealed record IndexItem(string Kind, int Start = Instruction.None, int End = Instruction.None, bool StartFromEnd = false, bool EndFromEnd = false);

/// <summary>Calls a static graph: entry of <see cref="Function.Callees"/>; the first argument is the receiver where there is one.</summary>
public sealed record CallInstruction(int Result, int Callee, ImmutableArray<int> Arguments, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>
/// Calls a method with <c>[Eager]</c> when the graph runs: the thunk takes the arguments, of which some are tensors.
/// <paramref name="Type"/> is <c>void</c>, the C# type of a number, <c>same</c> for a tensor of the dtype of the first one among the
/// arguments, or <c>tensor_f32</c> and the like; <c>unknown</c> where its shape is not stated.
/// </summary>
/// <param name="Order">The tensor that all such calls write to, so that they come one after the other.</param>
/// <param name="Dims">The sizes of the tensor that comes back, host ints.</param>
public sealed record HostCallInstruction(
    int Result, int Thunk, ImmutableArray<int> Arguments, int Order, ImmutableArray<int> Dims, string Type, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>An array, list or tuple of the registers.</summary>
public sealed record ListInstruction(int Result, ImmutableArray<int> Items, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>
/// What C# does to lists, by <paramref name="Operator"/>. On the list in the first operand, seen through every variable that holds it:
/// <c>add</c> item, <c>add_range</c> list, <c>insert</c> index item, <c>set</c> index item, <c>remove_at</c> index, <c>clear</c>,
/// <c>reverse</c>. On a dictionary, a list of pairs whose keys are host values: <c>key_set</c> key value, <c>key_add</c> key value, <c>key_remove</c> key;
/// <c>key_value</c> key and <c>key_has</c> key read it, <c>keys</c> and <c>values</c> are new lists. A new list: <c>copy</c> list, <c>concat</c> list list, <c>range</c> list start end, <c>fill</c> count (of nulls).
/// </summary>
public sealed record ListStepInstruction(int Result, string Operator, ImmutableArray<int> Operands, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>The body of a <c>switch</c> statement: a break in it ends it, and continue and return go on to what is around it.</summary>
public sealed record SwitchInstruction(Block Body, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary>An item of an aggregate, by a host int (array, list) or a constant position (tuple).</summary>
public sealed record ItemInstruction(int Result, int List, int Index, SourceSpan? Source = null) : Instruction(Result, Source);

public sealed record CountInstruction(int Result, int List, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary><c>target.Assign(value)</c>: overwrites the storage of a state tensor; dtype and shape stay.</summary>
public sealed record AssignInstruction(int Target, int Value, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary><c>x.Dispose()</c>, or the end of a <c>using</c>: whoever reads this tensor from now on has made a mistake.</summary>
public sealed record DisposeInstruction(int Tensor, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary><c>this._field = value</c> for a tensor field: the setter thunk takes the listed arguments, then the new tensor.
/// Getter is the thunk that reads the same field, or None; later reads of it in the same run see the new value.</summary>
public sealed record RebindInstruction(int Setter, int Getter, ImmutableArray<int> Arguments, int Value, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary>
/// <c>ValueAndGrad(() => loss, wrt)</c>: runs the block, which yields a rank-0 tensor, and differentiates it. The result is
/// an aggregate of (loss, aggregate of gradients). <paramref name="Wrt"/> is a tensor, an aggregate or a host list of tensors.
/// </summary>
public sealed record ValueAndGradInstruction(int Result, Block Body, int Wrt, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>
/// Another derivative of the function in the block, by <paramref name="Form"/>: <c>vjp</c> gives (value, aggregate of cotangents), from the
/// cotangent of the value; <c>jvp</c> gives (value, tangent), from an aggregate of tangents. <paramref name="Wrt"/> is as in
/// <see cref="ValueAndGradInstruction"/>.
/// </summary>
/// <param name="Along">The cotangent or the tangents.</param>
public sealed record DerivativeInstruction(int Result, string Form, Block Body, int Wrt, int Along, SourceSpan? Source = null)
    : Instruction(Result, Source);

/// <summary>
/// <c>Vmap(x => …, xs)</c>: the block, run for all examples of the inputs at once, yields a tensor or an aggregate of them; the result is the same
/// for all examples. In the block <see cref="ExampleInstruction"/> gives one example.
/// </summary>
/// <param name="Inputs">The tensors with the examples.</param>
/// <param name="Axes">The axis of the examples in each input, a host int.</param>
/// <param name="OutAxis">Their axis in each result, a host int.</param>
public sealed record VmapInstruction(int Result, Block Body, ImmutableArray<int> Inputs, ImmutableArray<int> Axes, int OutAxis, SourceSpan? Source = null)
    : Instruction(Result, Source);

/// <summary>
/// What the block is given: one example of an input of the nearest <see cref="VmapInstruction"/> around, or the cotangent in the nearest
/// <see cref="CustomGradientInstruction"/>; <paramref name="Input"/> is a host int that counts them.
/// </summary>
public sealed record ExampleInstruction(int Result, int Input, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>
/// <c>CustomGradient(f, wrt, backward)</c>: the value of the first block, a tensor, whose gradients by <paramref name="Wrt"/> the second block
/// yields as an aggregate.
/// </summary>
public sealed record CustomGradientInstruction(int Result, Block Body, int Wrt, Block Backward, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary><c>Checkpoint(f)</c>: the tensor that the block yields; on the way back it is computed again.</summary>
public sealed record CheckpointInstruction(int Result, Block Body, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>
/// <c>using (MixedPrecision.Use(…))</c>: the ops of the block, and of what it calls, are under a policy of mixed precision: a host
/// <see cref="PrecisionPolicy"/>, or the low dtype and perhaps the level, or nothing for no policy.
/// </summary>
public sealed record PrecisionInstruction(ImmutableArray<int> Policy, Block Body, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary>
/// The body of a <c>try</c> statement. The graph is for calls in which nothing is thrown there: what handles an exception is eager code's.
/// </summary>
public sealed record GuardedInstruction(Block Body, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary><c>if</c> and <c>?:</c>. Blocks talk through locals.</summary>
public sealed record IfInstruction(int Condition, Block Then, Block Else, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary><c>for</c>, <c>while</c>, <c>do</c>: the condition block yields a bool; <paramref name="Step"/> also runs after <c>continue</c>.</summary>
public sealed record LoopInstruction(Block Condition, Block Body, Block Step, bool TestFirst, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary><c>foreach</c> over a host list or an aggregate: each item is stored to the local, then the body runs.</summary>
public sealed record ForEachInstruction(int Local, int List, Block Body, SourceSpan? Source = null) : Instruction(None, Source);

public sealed record BreakInstruction(SourceSpan? Source = null) : Instruction(None, Source);

public sealed record ContinueInstruction(SourceSpan? Source = null) : Instruction(None, Source);

/// <summary>
/// A local function or lambda, at the place of its call: a return in the body ends the body and gives the result. The body talks to what is
/// around it through locals, as the C# does.
/// </summary>
public sealed record InlineInstruction(int Result, Block Body, SourceSpan? Source = null) : Instruction(Result, Source);

/// <summary>
/// A local function calls itself: runs the body of the innermost <see cref="InlineInstruction"/> around that begins with a store to local
/// <paramref name="First"/>. Registers, and that local and all after it, are as before afterwards: each call has its own.
/// </summary>
public sealed record RecurseInstruction(int Result, int First, SourceSpan? Source = null) : Instruction(Result, Source);

public sealed record ReturnInstruction(int Value, SourceSpan? Source = null) : Instruction(None, Source);

/// <summary>A host check that throws: reached at specialization, the thunk makes the exception.</summary>
public sealed record ThrowInstruction(int Thunk, ImmutableArray<int> Arguments, SourceSpan? Source = null) : Instruction(None, Source);
