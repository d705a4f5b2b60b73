using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// Compiled code and the order in which to run it: all that the runtime needs, and nothing of the compiler. The first
/// program is the root. Sizes are dims; the runtime evaluates them once per set of named-dim values.
/// </summary>
/// <param name="Target">Text of the CPU and features the code needs.</param>
/// <param name="Dims">The named dims the caller must supply values for.</param>
public sealed record ProgramImage(
    string Target,
    ImmutableArray<string> Dims,
    ImmutableArray<KernelCode> Kernels,
    ImmutableArray<GraphProgram> Programs,
    ImmutableArray<ImmutableArray<byte>> Constants)
{
    /// <summary>Raised whenever the meaning of any part changes.</summary>
    public const int FormatVersion = 10;
}

/// <summary>
/// One relocatable object with one entry point of the form
/// <c>void kernel(byte** buffers, long* parameters, long begin, long end, byte* scratch, long* status)</c>: does units
/// begin … end-1 of the iteration space. Any units may run at the same time on several threads. Parameters are sizes and strides
/// in elements. A kernel that meets an index out of range clamps it and sets <c>*status</c> to 1 + the bad index's launch-local code.
/// </summary>
/// <param name="Key">Content hash: equal keys, equal code.</param>
public sealed record KernelCode(string Key, string Symbol, ImmutableArray<byte> Object);

/// <summary>Where a buffer's memory comes from.</summary>
public enum BufferKind
{
    /// <summary>Operand <see cref="BufferPlan.Index"/> of the program.</summary>
    Input,

    /// <summary>Result <see cref="BufferPlan.Index"/> of the program; the caller provides the memory.</summary>
    Output,

    /// <summary>In the arena, alive from its first to its last step.</summary>
    Temporary,

    /// <summary>Blob <see cref="BufferPlan.Index"/> of the image.</summary>
    Constant,

    /// <summary>The arena of the program that a call step runs: <see cref="BufferPlan.Index"/> is that program.</summary>
    Frame,
}

/// <summary>One block of memory of a program. The runtime places temporaries and frames into one arena by their lifetimes.</summary>
/// <param name="Bytes">Size; not used for frames.</param>
/// <param name="FirstStep">The step that writes it first.</param>
/// <param name="LastStep">The step that reads it last.</param>
public sealed record BufferPlan(BufferKind Kind, int Index, Dim Bytes, int FirstStep, int LastStep)
{
    /// <summary>The temporary whose place it takes, read for the last time by the step that writes this one, element for element; -1: none.</summary>
    public int Over { get; init; } = -1;
}

/// <summary>A place in a buffer.</summary>
public sealed record BufferRef(int Buffer, Dim ByteOffset);

/// <summary>Output <paramref name="Output"/> may share memory with input <paramref name="Input"/>: it is written only after,
/// or elementwise while, the input is read for the last time.</summary>
public sealed record Donation(int Output, int Input);

public sealed record GraphProgram(
    string Name,
    ImmutableArray<TensorType> Inputs,
    ImmutableArray<TensorType> Outputs,
    ImmutableArray<BufferPlan> Buffers,
    ImmutableArray<Donation> Donations,
    ImmutableArray<ProgramStep> Steps);

/// <param name="Label">Names the work in profiles: <c>matmul[B*T,256]x[256,1024]</c>.</param>
public abstract record ProgramStep(string Label, SourceSpan? Source)
{
    /// <summary>The buffers it reads or writes; some more than once.</summary>
    public abstract IEnumerable<int> UsedBuffers { get; }
}

/// <summary>Runs a kernel over <paramref name="Units"/> units, at least <paramref name="Grain"/> at a time.</summary>
/// <param name="ScratchBytes">Per thread.</param>
/// <param name="Flops">Floating-point operations of the whole launch, by the definition of the op.</param>
/// <param name="Traffic">Bytes read and written, each buffer once.</param>
public sealed record LaunchStep(
    string Label, int Kernel, ImmutableArray<BufferRef> Buffers, ImmutableArray<Dim> Parameters, Dim Units, Dim Grain, Dim ScratchBytes,
    Dim Flops, Dim Traffic, SourceSpan? Source = null) : ProgramStep(Label, Source)
{
    private const string ParameterPrefix = "parameter.";

    /// <summary>What it writes, its last buffer, depends on its first buffer alone: the runtime may keep it for as long as that one does not change.</summary>
    public bool MayBeKept { get; init; }

    /// <summary>The class of kernels that it was tuned as; null: there is nothing to tune.</summary>
    public KernelClass? Class { get; init; }

    public override IEnumerable<int> UsedBuffers => Buffers.Select(b => b.Buffer);

    /// <summary>
    /// Stands for a parameter in the parameters after it, the units, the grain and the scratch: sizes that follow from one another stay short.
    /// Named dims are identifiers, so that none is called so.
    /// </summary>
    public static Dim ParameterDim(int number) => Dim.Named($"{ParameterPrefix}{number}");

    /// <summary>A parameter is named only where it is there and comes before.</summary>
    public bool NamesEarlierParametersOnly =>
        Parameters.Add(Units).Add(Grain).Add(ScratchBytes).Select((dim, i) => ParametersIn(dim).All(n => Enumerable.Range(0, Math.Min(i, Parameters.Length)).Any(p => n == $"{ParameterPrefix}{p}")))
            .All(isSound => isSound);

    /// <summary>The numbers of the launch for these sizes.</summary>
    /// <exception cref="KeyNotFoundException">A dim has no value.</exception>
    /// <exception cref="OverflowException">A number does not fit 64 bits.</exception>
    public LaunchNumbers NumbersFor(IReadOnlyDictionary<string, long> dims)
    {
        var named = new HashSet<string>(Parameters.Add(Units).Add(Grain).Add(ScratchBytes).SelectMany(ParametersIn), StringComparer.Ordinal);
        var own = named.Count == 0 ? null : dims.ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal);
        var known = own ?? dims;
        var parameters = ImmutableArray.CreateBuilder<long>(Parameters.Length);
        foreach (var parameter in Parameters)
        {
            var name = $"{ParameterPrefix}{parameters.Count}";
            parameters.Add(parameter.Evaluate(known));
            if (own is not null && named.Contains(name))
            {
                own[name] = parameters[parameters.Count - 1];
            }
        }

        return new LaunchNumbers(parameters.MoveToImmutable(), Units.Evaluate(known), Grain.Evaluate(known), ScratchBytes.Evaluate(known));
    }

    private static IEnumerable<string> ParametersIn(Dim dim) => dim.Names().Where(n => n.StartsWith(ParameterPrefix, StringComparison.Ordinal));
}

/// <summary>What dims of a launch come to.</summary>
public sealed record LaunchNumbers(ImmutableArray<long> Parameters, long Units, long Grain, long ScratchBytes);

/// <summary>Runs the runtime's managed code for an op (<see cref="OpTraits.Managed"/>).</summary>
/// <param name="Attributes">All that the op has.</param>
/// <param name="Types">Of the operands, then of the result.</param>
/// <param name="Buffers">Dense memory of each.</param>
public sealed record ManagedStep(
    string Label, Op Op, Attributes Attributes, ImmutableArray<TensorType> Types, ImmutableArray<BufferRef> Buffers, SourceSpan? Source = null)
    : ProgramStep(Label, Source)
{
    public override IEnumerable<int> UsedBuffers => Buffers.Select(b => b.Buffer);
}

/// <summary>Runs another program of the image.</summary>
/// <param name="Frame">The buffer of kind <see cref="BufferKind.Frame"/> that holds its temporaries.</param>
public record CallStep(
    string Label, int Program, ImmutableArray<BufferRef> Inputs, ImmutableArray<BufferRef> Outputs, int Frame, SourceSpan? Source = null)
    : ProgramStep(Label, Source)
{
    public override IEnumerable<int> UsedBuffers => Inputs.Concat(Outputs).Select(b => b.Buffer).Append(Frame);
}

/// <summary>
/// Runs the program where the byte at <paramref name="Condition"/> is not zero; elsewhere each of <paramref name="Otherwise"/> is copied
/// to the output of its position.
/// </summary>
public sealed record BranchStep(
    string Label, int Program, BufferRef Condition, ImmutableArray<BufferRef> Otherwise, ImmutableArray<BufferRef> Inputs,
    ImmutableArray<BufferRef> Outputs, int Frame, SourceSpan? Source = null)
    : CallStep(Label, Program, Inputs, Outputs, Frame, Source)
{
    public override IEnumerable<int> UsedBuffers => base.UsedBuffers.Concat(Otherwise.Select(b => b.Buffer)).Append(Condition.Buffer);
}

/// <summary>
/// Copies <paramref name="Initial"/> to <paramref name="Carried"/>, then runs the program as long as a byte is not zero: at first the one at
/// <paramref name="Condition"/>, later the program's first output. After each run its other outputs are copied to <paramref name="Carried"/>.
/// </summary>
/// <param name="Inputs">The carried values, then what else the program takes.</param>
/// <param name="Outputs">The next condition and the next carried values: temporaries, or, of what the program writes in place, the carried value itself.</param>
public sealed record LoopStep(
    string Label, int Program, BufferRef Condition, ImmutableArray<BufferRef> Initial, ImmutableArray<BufferRef> Carried,
    ImmutableArray<BufferRef> Inputs, ImmutableArray<BufferRef> Outputs, int Frame, SourceSpan? Source = null)
    : CallStep(Label, Program, Inputs, Outputs, Frame, Source)
{
    /// <summary>Two numbers (i64), written by the loop: where its turns lie in the runtime's record, and how many there are. Null: it records nothing.</summary>
    public BufferRef? Tape { get; init; }

    /// <summary>The carried values that are recorded as a turn starts, by their numbers.</summary>
    public ImmutableArray<int> Saved { get; init; } = [];

    /// <summary>Room for one number (i64) where a turn records something itself: at its end that is dropped.</summary>
    public BufferRef? Mark { get; init; }

    public override IEnumerable<int> UsedBuffers => base.UsedBuffers.Concat(Initial.Concat(Carried).Select(b => b.Buffer))
        .Append(Condition.Buffer).Concat(new[] { Tape, Mark }.OfType<BufferRef>().Select(b => b.Buffer));
}

/// <summary>
/// Copies <paramref name="Initial"/> to <paramref name="Carried"/>, then runs the program once for each turn on the tape, the last turn first.
/// Before each run what was recorded of the turn is copied to <paramref name="Saved"/>, after it the program's outputs to <paramref name="Carried"/>.
/// </summary>
/// <param name="Tape">As a <see cref="LoopStep"/> has written it.</param>
/// <param name="Cursor">Room for three numbers (i64).</param>
/// <param name="Inputs">The recorded values, the carried ones, then what else the program takes.</param>
/// <param name="Outputs">The next carried values: temporaries, or the carried value itself.</param>
public sealed record UnwindStep(
    string Label, int Program, BufferRef Tape, BufferRef Cursor, ImmutableArray<BufferRef> Saved, ImmutableArray<BufferRef> Initial,
    ImmutableArray<BufferRef> Carried, ImmutableArray<BufferRef> Inputs, ImmutableArray<BufferRef> Outputs, int Frame, SourceSpan? Source = null)
    : CallStep(Label, Program, Inputs, Outputs, Frame, Source)
{
    public override IEnumerable<int> UsedBuffers => base.UsedBuffers.Concat(Saved.Concat(Initial).Concat(Carried).Select(b => b.Buffer))
        .Append(Tape.Buffer).Append(Cursor.Buffer);
}
