using System.Collections.Immutable;
using System.Reflection;
using Google.Protobuf;

namespace Unified.Ir;

/// <summary>
/// Turns a program image into bytes and back: the mark <c>UGPI</c>, a protobuf message, and the SHA-256 of all before it.
/// Equal images give equal bytes.
/// </summary>
public static class ProgramImageCodec
{
    private const string What = "program image";

    private static readonly byte[] Mark = [.. "UGPI"u8];

    /// <summary>Written into every image, and named when another version cannot read it.</summary>
    public static string CompilerVersion { get; } =
        typeof(ProgramImageCodec).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static byte[] Encode(ProgramImage image)
    {
        var tables = new TableWriter();
        var wire = ToWire(tables, image);
        wire.Tables = tables.Tables;
        return SealedBytes.Seal(Mark, wire);
    }

    /// <exception cref="InvalidDataException">The bytes are no image, are damaged, or are of another format.</exception>
    public static ProgramImage Decode(ReadOnlySpan<byte> bytes)
    {
        var wire = WireFormat.Parse(Wire.ProgramImage.Parser, SealedBytes.Open(Mark, bytes, What), What);
        return FromWire(new TableReader(wire.Tables), wire);
    }

    /// <summary>An image whose strings, dims and types stand in the given tables.</summary>
    internal static Wire.ProgramImage ToWire(TableWriter tables, ProgramImage image) => new()
    {
        Format = ProgramImage.FormatVersion,
        Compiler = CompilerVersion,
        Target = tables.String(image.Target),
        Dims = { image.Dims.Select(tables.String) },
        Kernels =
        {
            image.Kernels.Select(k => new Wire.Kernel { Key = tables.String(k.Key), Symbol = tables.String(k.Symbol), Object = Bytes(k.Object) }),
        },
        Programs = { image.Programs.Select(p => Encode(tables, p)) },
        Constants = { image.Constants.Select(Bytes) },
    };

    internal static ProgramImage FromWire(TableReader tables, Wire.ProgramImage wire)
    {
        if (wire.Format != ProgramImage.FormatVersion)
        {
            throw new InvalidDataException(
                $"the program image has format {wire.Format} (written by version {wire.Compiler}), this version ({CompilerVersion}) reads format {ProgramImage.FormatVersion}; compile it again");
        }

        return new ProgramImage(
            tables.String(wire.Target),
            tables.Strings(wire.Dims),
            [.. wire.Kernels.Select(k => new KernelCode(tables.String(k.Key), tables.String(k.Symbol), Bytes(k.Object)))],
            [.. wire.Programs.Select(p => Decode(tables, p))],
            [.. wire.Constants.Select(Bytes)]);
    }

    private static Wire.Program Encode(TableWriter tables, GraphProgram program) => new()
    {
        Name = tables.String(program.Name),
        Inputs = { program.Inputs.Select(tables.Type) },
        Outputs = { program.Outputs.Select(tables.Type) },
        Buffers =
        {
            program.Buffers.Select(b => new Wire.Buffer
            {
                Kind = (uint)b.Kind,
                Index = b.Index,
                Bytes = tables.Dim(b.Bytes),
                FirstStep = b.FirstStep,
                LastStep = b.LastStep,
                Over = b.Over,
            }),
        },
        Donations = { program.Donations.Select(d => new Wire.Donation { Output = d.Output, Input = d.Input }) },
        Steps = { program.Steps.Select(s => Encode(tables, s)) },
    };

    private static GraphProgram Decode(TableReader tables, Wire.Program wire) => new(
        tables.String(wire.Name),
        tables.TensorTypes(wire.Inputs),
        tables.TensorTypes(wire.Outputs),
        [.. wire.Buffers.Select(b => new BufferPlan(TableReader.Enum<BufferKind>(b.Kind), b.Index, tables.Dim(b.Bytes), b.FirstStep, b.LastStep) { Over = b.Over })],
        [.. wire.Donations.Select(d => new Donation(d.Output, d.Input))],
        [.. wire.Steps.Select(s => Decode(tables, s))]);

    private static Wire.Step Encode(TableWriter tables, ProgramStep step)
    {
        var wire = new Wire.Step { Label = tables.String(step.Label), Source = tables.Source(step.Source) };
        switch (step)
        {
            case LaunchStep launch:
                wire.Launch = new Wire.Launch
                {
                    Kernel = launch.Kernel,
                    Buffers = { launch.Buffers.Select(b => Encode(tables, b)) },
                    Parameters = { tables.Dims(launch.Parameters) },
                    Units = tables.Dim(launch.Units),
                    Grain = tables.Dim(launch.Grain),
                    ScratchBytes = tables.Dim(launch.ScratchBytes),
                    Flops = tables.Dim(launch.Flops),
                    Traffic = tables.Dim(launch.Traffic),
                    MayBeKept = launch.MayBeKept,
                    Class = launch.Class?.ToString() ?? "",
                };
                break;
            case BranchStep branch:
                wire.Branch = new Wire.Branch
                {
                    Call = Encode(tables, branch),
                    Condition = Encode(tables, branch.Condition),
                    Otherwise = { branch.Otherwise.Select(b => Encode(tables, b)) },
                };
                break;
            case LoopStep loop:
                wire.Loop = new Wire.Loop
                {
                    Call = Encode(tables, loop),
                    Condition = Encode(tables, loop.Condition),
                    Initial = { loop.Initial.Select(b => Encode(tables, b)) },
                    Carried = { loop.Carried.Select(b => Encode(tables, b)) },
                    Tape = loop.Tape is { } tape ? Encode(tables, tape) : null,
                    Saved = { loop.Saved },
                    Mark = loop.Mark is { } mark ? Encode(tables, mark) : null,
                };
                break;
            case UnwindStep unwind:
                wire.Unwind = new Wire.Unwind
                {
                    Call = Encode(tables, unwind),
                    Tape = Encode(tables, unwind.Tape),
                    Cursor = Encode(tables, unwind.Cursor),
                    Saved = { unwind.Saved.Select(b => Encode(tables, b)) },
                    Initial = { unwind.Initial.Select(b => Encode(tables, b)) },
                    Carried = { unwind.Carried.Select(b => Encode(tables, b)) },
                };
                break;
            case ManagedStep managed:
                wire.Managed = new Wire.Managed
                {
                    Op = tables.String(managed.Op.Name),
                    Attributes = { GraphCodec.Encode(tables, managed.Attributes) },
                    Tensors = { managed.Types.Select(tables.Type) },
                    Buffers = { managed.Buffers.Select(b => Encode(tables, b)) },
                };
                break;
            case CallStep call:
                wire.Call = Encode(tables, call);
                break;
            default:
                throw new ArgumentException($"a step of type {step.GetType().Name} has no binary form");
        }

        return wire;
    }

    private static Wire.Call Encode(TableWriter tables, CallStep call) => new()
    {
        Program = call.Program,
        Inputs = { call.Inputs.Select(b => Encode(tables, b)) },
        Outputs = { call.Outputs.Select(b => Encode(tables, b)) },
        Frame = call.Frame,
    };

    private static KernelClass? ClassOf(string text)
    {
        try
        {
            return text.Length == 0 ? null : KernelClass.Parse(text) is [var one] ? one : throw new InvalidDataException($"'{text}' is more than one class of kernels");
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    private static ProgramStep Decode(TableReader tables, Wire.Step wire)
    {
        var (label, source) = (tables.String(wire.Label), tables.Source(wire.Source));
        return wire.StepCase switch
        {
            Wire.Step.StepOneofCase.Launch => new LaunchStep(
                label,
                wire.Launch.Kernel,
                Decode(tables, wire.Launch.Buffers),
                tables.Dims(wire.Launch.Parameters),
                tables.Dim(wire.Launch.Units),
                tables.Dim(wire.Launch.Grain),
                tables.Dim(wire.Launch.ScratchBytes),
                tables.Dim(wire.Launch.Flops),
                tables.Dim(wire.Launch.Traffic),
                source)
            {
                MayBeKept = wire.Launch.MayBeKept,
                Class = ClassOf(wire.Launch.Class),
            },
            Wire.Step.StepOneofCase.Call => Decode(tables, label, wire.Call, source),
            Wire.Step.StepOneofCase.Branch => Decode(tables, label, wire.Branch, source),
            Wire.Step.StepOneofCase.Loop => Decode(tables, label, wire.Loop, source),
            Wire.Step.StepOneofCase.Unwind => Decode(tables, label, wire.Unwind, source),
            Wire.Step.StepOneofCase.Managed => new ManagedStep(
                label, tables.Op(wire.Managed.Op), GraphCodec.Decode(tables, wire.Managed.Attributes), tables.TensorTypes(wire.Managed.Tensors),
                Decode(tables, wire.Managed.Buffers), source),
            _ => throw new InvalidDataException($"step '{label}' does nothing known; was this made by a newer version?"),
        };
    }

    private static CallStep Decode(TableReader tables, string label, Wire.Call call, SourceSpan? source) =>
        new(label, call.Program, Decode(tables, call.Inputs), Decode(tables, call.Outputs), call.Frame, source);

    private static BranchStep Decode(TableReader tables, string label, Wire.Branch wire, SourceSpan? source)
    {
        var call = Decode(tables, label, Required(label, wire.Call), source);
        var condition = Decode(tables, Required(label, wire.Condition));
        return new(label, call.Program, condition, Decode(tables, wire.Otherwise), call.Inputs, call.Outputs, call.Frame, source);
    }

    private static LoopStep Decode(TableReader tables, string label, Wire.Loop wire, SourceSpan? source)
    {
        var call = Decode(tables, label, Required(label, wire.Call), source);
        var condition = Decode(tables, Required(label, wire.Condition));
        return new(label, call.Program, condition, Decode(tables, wire.Initial), Decode(tables, wire.Carried), call.Inputs, call.Outputs, call.Frame, source)
        {
            Tape = wire.Tape is { } tape ? Decode(tables, tape) : null,
            Saved = [.. wire.Saved],
            Mark = wire.Mark is { } mark ? Decode(tables, mark) : null,
        };
    }

    private static UnwindStep Decode(TableReader tables, string label, Wire.Unwind wire, SourceSpan? source)
    {
        var call = Decode(tables, label, Required(label, wire.Call), source);
        return new(
            label, call.Program, Decode(tables, Required(label, wire.Tape)), Decode(tables, Required(label, wire.Cursor)), Decode(tables, wire.Saved),
            Decode(tables, wire.Initial), Decode(tables, wire.Carried), call.Inputs, call.Outputs, call.Frame, source);
    }

    private static T Required<T>(string label, T? part)
        where T : class => part ?? throw new InvalidDataException($"step '{label}' lacks a part");

    private static Wire.BufferRef Encode(TableWriter tables, BufferRef reference) =>
        new() { Buffer = reference.Buffer, ByteOffset = tables.Dim(reference.ByteOffset) };

    private static ImmutableArray<BufferRef> Decode(TableReader tables, IEnumerable<Wire.BufferRef> references) =>
        [.. references.Select(r => Decode(tables, r))];

    private static BufferRef Decode(TableReader tables, Wire.BufferRef reference) => new(reference.Buffer, tables.Dim(reference.ByteOffset));

    private static ByteString Bytes(ImmutableArray<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes.AsMemory());

    private static ImmutableArray<byte> Bytes(ByteString bytes) => ImmutableArray.Create(bytes.Span);
}
