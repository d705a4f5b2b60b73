using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>What a call's argument was specialized to.</summary>
public abstract record ArgumentSpec;

/// <summary>A tensor of this type; its shape may have named dims.</summary>
public sealed record TensorSpec(TensorType Type) : ArgumentSpec;

/// <summary>A list of tensors.</summary>
public sealed record TensorListSpec(ImmutableArray<TensorType> Types) : ArgumentSpec;

/// <summary>A host value: primitives and strings compare by value, other objects by identity.</summary>
public sealed record HostSpec(object? Value) : ArgumentSpec;

/// <summary>Where an executable's input comes from at each call.</summary>
public abstract record InputBinding;

/// <summary>Argument <paramref name="Argument"/> (parameters without <c>this</c>), item <paramref name="Item"/> of a list, else -1.</summary>
public sealed record ArgumentBinding(int Argument, int Item = -1) : InputBinding;

/// <summary>Always this tensor: read through fields that cannot change.</summary>
public sealed record TensorBinding(ITensorHandle Tensor) : InputBinding;

/// <summary>Fetched at each call, because the field can be set. The tensor's type must still be the one compiled for.</summary>
public sealed record ThunkBinding(FunctionDefinition Function, int Thunk, object? Self, ImmutableArray<object?> Arguments) : InputBinding;

/// <summary>What becomes of an executable's output.</summary>
public abstract record OutputBinding;

/// <summary>An output that the host keeps.</summary>
public abstract record HandedBinding : OutputBinding
{
    /// <summary>The input whose very tensor the host gets, with the value it has then; -1: a new one.</summary>
    public int Input { get; init; } = -1;

    /// <summary>An earlier output that is the same object; -1: none.</summary>
    public int Twin { get; init; } = -1;
}

/// <summary>Leaf <paramref name="Position"/> of the result, in the order of a walk through its tuples and lists.</summary>
public sealed record ResultBinding(int Position) : HandedBinding;

/// <summary>Written over the tensor bound to input <paramref name="Input"/>.</summary>
public sealed record AssignBinding(int Input) : OutputBinding;

/// <summary>Handed to a setter thunk, after the given arguments.</summary>
public sealed record RebindBinding(FunctionDefinition Function, int Thunk, object? Self, ImmutableArray<object?> Arguments) : HandedBinding
{
    /// <summary>The output, a bool, that says whether it is set in this call; -1: it always is.</summary>
    public int Flag { get; init; } = -1;
}

/// <summary>A bool that another binding reads.</summary>
public sealed record FlagBinding : OutputBinding;

/// <summary>
/// The number (int) of the exception to throw once all else has been delivered, counted from 1; 0: none. The results of such a call are not
/// handed out.
/// </summary>
public sealed record ThrowBinding(ImmutableArray<ThrownException> Exceptions) : OutputBinding;

/// <summary>A thunk that makes an exception.</summary>
public sealed record ThrownException(FunctionDefinition Function, int Thunk, object? Self, ImmutableArray<object?> Arguments);

/// <summary>A host value that specialization relied on and that may have changed since.</summary>
public sealed record Guard(FunctionDefinition Function, int Thunk, object? Self, ImmutableArray<object?> Arguments, object? Expected)
{
    /// <summary>It was read after a call of a method with <c>[Eager]</c>: if that changes it, the graph goes on with an old value.</summary>
    public bool IsLate { get; init; }

    // Kept as an array, because the checker takes one and a call must not allocate.
    private readonly object?[] _arguments = [.. Arguments];

    public bool Holds() => Function.Check(Thunk, Self, _arguments, Expected);
}

/// <summary>A method with <c>[Eager]</c> that a graph calls as it runs.</summary>
/// <param name="Arguments">Of the thunk, in order; null where the graph gives the argument.</param>
/// <param name="Given">The arguments that the graph gives, in the order of its operands.</param>
/// <param name="Name">A few words of the source.</param>
public sealed record HostCall(FunctionDefinition Function, int Thunk, object? Self, ImmutableArray<object?> Arguments, ImmutableArray<GivenArgument> Given, string Name);

/// <summary>An argument that a graph gives to a method.</summary>
/// <param name="IsTensor">Else a number, which comes as a tensor of rank 0.</param>
public sealed record GivenArgument(int Position, bool IsTensor);

/// <summary>How convolutions of 3 × 3 with stride 1 in f32 are computed.</summary>
public enum ConvolutionKernels
{
    /// <summary>By what costs less for the layer's size.</summary>
    ByCost,

    /// <summary>
    /// Always as the sum of products: an infinite or NaN pixel is seen by the results whose windows hold it, and by no others, and products do not overflow before their sum does.
    /// </summary>
    Direct,

    /// <summary>By Winograd's algorithm wherever it can be used.</summary>
    Winograd,
}

public sealed record CompileOptions
{
    /// <summary>Where objects and images are kept between processes; null: no disk cache.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>When set, each phase's text is written there.</summary>
    public string? DumpFolder { get; init; }

    /// <summary>Tensors that fields hold now and that had another size before, with named dims where they change.</summary>
    public ImmutableDictionary<ITensorHandle, TensorType> Growing { get; init; } = ImmutableDictionary<ITensorHandle, TensorType>.Empty;

    /// <summary>The policy of mixed precision that the function is called under.</summary>
    public PrecisionPolicy Precision { get; init; } = PrecisionPolicy.None;

    /// <summary>
    /// The sizes of named dims at the call that it is compiled for. The code serves all sizes; the order of work and its memory are planned for these, and for
    /// <see cref="UsualSize"/> where a name is missing.
    /// </summary>
    public ImmutableDictionary<string, long> Sizes { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>
    /// The most bytes of working memory that a graph may take for what it computes on the way, parameters and results apart. Values that the way back reads are computed again instead
    /// of kept, those that are cheapest for their size first and matrix products last, no more than is needed; results stay the same bit for bit. A call with larger sizes is
    /// planned anew. A limit that cannot be met is a <see cref="GraphCompileException"/> with the least that can. Null: no limit.
    /// </summary>
    public long? MemoryLimit { get; init; }

    /// <summary>The size that is planned for where none is known.</summary>
    public const long UsualSize = 128;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>How convolutions are computed, within the numerics contract.</summary>
    public ConvolutionKernels Convolutions { get; init; }

    /// <summary>The numbers that kernels are cut and written by, within the numerics contract. Null: those of the machine's table, where there is one, else the default.</summary>
    public Tuning? Tuning { get; init; }

    /// <summary>How many threads the graph will run on. A table of tuned numbers is for one number of them.</summary>
    public int RunThreads { get; init; } = Environment.ProcessorCount;

    /// <summary>Told what is not as it should be, and does not stop the compilation.</summary>
    public Action<string> Warn { get; init; } = Console.Error.WriteLine;
}

/// <summary>What a compilation cost.</summary>
public sealed record CompileStatistics(
    double SpecializeMilliseconds, double PassesMilliseconds, double CodeMilliseconds, int Graphs, int Kernels, int KernelsFromCache)
{
    /// <summary>To turn graphs into kernels.</summary>
    public double ScheduleMilliseconds { get; init; }

    public double TotalMilliseconds => SpecializeMilliseconds + PassesMilliseconds + ScheduleMilliseconds + CodeMilliseconds;
}

/// <summary>A function specialized to an instance and a signature, compiled, and how to feed it.</summary>
/// <param name="ResultPositions">The number of tensors in the result.</param>
public sealed record CompiledFunction(
    ProgramImage Image,
    ImmutableArray<InputBinding> Inputs,
    ImmutableArray<OutputBinding> Outputs,
    int ResultPositions,
    ImmutableArray<Guard> Guards,
    CompileStatistics Statistics)
{
    /// <summary>What <see cref="OpCode.HostCall"/> steps call, by their numbers.</summary>
    public ImmutableArray<HostCall> HostCalls { get; init; } = [];

    /// <summary>The source has a try statement: where a run fails, the eager method runs in its place, so nothing of the host is written before the end.</summary>
    public bool HasTry { get; init; }

    /// <summary>Checked whenever the named dims take new values; where one fails, the call runs eagerly.</summary>
    public ImmutableArray<DimRequirement> Requirements { get; init; } = [];
}

/// <summary>The one place where Runtime and Lowering meet.</summary>
public interface IGraphCompiler
{
    /// <exception cref="GraphCompileException">A shape rule is broken, or a construct cannot be compiled; names the place.</exception>
    CompiledFunction Compile(FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, CompileOptions options);
}

/// <summary>A graph could not be made. The message names the C# expression, file and line, and what is wrong there.</summary>
public class GraphCompileException : Exception
{
    public GraphCompileException(string message, SourceSpan? source, Exception? inner = null)
        : base(source is null ? message : $"{source}: {message}\n  in: {source.Text}", inner) => Place = source;

    /// <summary>The C# expression at fault, if known.</summary>
    public SourceSpan? Place { get; }

    /// <summary>The graph is fine C#, only not expressible as one graph; running eagerly gives the result.</summary>
    public bool EagerIsPossible { get; init; }

    /// <summary>
    /// The call itself is at fault, after it has changed something: run eagerly, this once, it changes the same and throws its own exception.
    /// </summary>
    public bool IsOfThisCall { get; init; }
}

/// <summary>Host code decided on the value of a named dim: compile again with that dim constant.</summary>
public sealed class SymbolicDimException : GraphCompileException
{
    public SymbolicDimException(string message, ImmutableArray<string> dims, SourceSpan? source)
        : base(message, source)
    {
        Dims = dims;
        EagerIsPossible = true;
    }

    /// <summary>The names to replace by constants.</summary>
    public ImmutableArray<string> Dims { get; }
}
