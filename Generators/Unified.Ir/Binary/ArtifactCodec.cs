using System.Collections.Immutable;
using Google.Protobuf;

namespace Unified.Ir;

/// <summary>
/// Turns an artifact into bytes and back: the mark <c>UGAR</c>, a protobuf message, and the SHA-256 of all before it. Equal artifacts give equal
/// bytes.
/// </summary>
public static class ArtifactCodec
{
    private const string What = "graph artifact";

    private static readonly byte[] Mark = [.. "UGAR"u8];

    public static byte[] Encode(Artifact artifact)
    {
        var wire = new Wire.Artifact
        {
            Format = Artifact.FormatVersion,
            Compiler = artifact.Compiler,
            Targets = { artifact.Targets },
            Tuning = artifact.Tuning.ToString(),
            Kernels =
            {
                artifact.Kernels.Select(k => new Wire.ArtifactKernel { Key = k.Key, Symbol = k.Symbol, Object = UnsafeByteOperations.UnsafeWrap(k.Object.AsMemory()) }),
            },
            Graphs = { artifact.Graphs.Select(Encode) },
        };
        return SealedBytes.Seal(Mark, wire);
    }

    /// <summary>Checks the whole, and reads each graph when it is asked for.</summary>
    /// <exception cref="InvalidDataException">The bytes are no artifact, are damaged, or are of another format.</exception>
    public static ArtifactFile Open(ReadOnlySpan<byte> bytes)
    {
        var wire = WireFormat.Parse(Wire.Artifact.Parser, SealedBytes.Open(Mark, bytes, What), What);
        return wire.Format == Artifact.FormatVersion
            ? new ArtifactFile(wire)
            : throw new InvalidDataException(
                $"the {What} has format {wire.Format} (written by version {wire.Compiler}), this version ({ProgramImageCodec.CompilerVersion}) reads format {Artifact.FormatVersion}; build the app again");
    }

    private static Wire.ArtifactGraph Encode(ArtifactGraph graph)
    {
        var tables = new TableWriter();
        var encoder = new HostTraceEncoder(tables);
        var function = graph.Function;
        var wire = new Wire.ArtifactGraph
        {
            Key = function.Key,
            Origin = function.Origin,
            Precision = function.Precision.ToString(),
            Trace = encoder.Encode(function.Trace),
            Arguments = { function.Arguments.Select(a => Encode(tables, encoder, a)) },
            Image = ProgramImageCodec.ToWire(tables, function.Image),
            Kernels = { graph.Kernels.Select(k => new Wire.KernelList { Kernels = { k } }) },
            Inputs = { function.Inputs.Select(i => Encode(encoder, i)) },
            Outputs = { function.Outputs.Select(o => Encode(encoder, o)) },
            Results = function.ResultPositions,
            Guards = { function.Guards.Select(g => new Wire.RecordedGuard { Thunk = encoder.Encode(g.Thunk), Expected = encoder.Encode(g.Expected), Late = g.IsLate }) },
            HasTry = function.HasTry,
            HostCalls =
            {
                function.HostCalls.Select(c => new Wire.RecordedHostCall
                {
                    Thunk = encoder.Encode(c.Thunk), Positions = { c.Given.Select(g => g.Position) }, Tensors = { c.Given.Select(g => g.IsTensor) }, Name = tables.String(c.Name),
                }),
            },
            Requirements =
            {
                function.Requirements.Select(r => new Wire.Requirement { Dim = tables.Dim(r.NonNegative), Message = tables.String(r.Message), Source = tables.Source(r.Source) }),
            },
        };
        wire.Tables = tables.Tables;
        return wire;
    }

    private static Wire.ArgumentSpec Encode(TableWriter tables, HostTraceEncoder encoder, ArgumentSpec spec) => spec switch
    {
        TensorSpec tensor => new() { Tensor = tables.Type(tensor.Type) },
        TensorListSpec list => new() { List = new Wire.TensorTypes { Types_ = { list.Types.Select(tables.Type) } } },
        RecordedHostSpec host => new() { Host = encoder.Encode(host.Value) },
        _ => throw new ArgumentException($"an argument of kind {spec.GetType().Name} has no binary form"),
    };

    private static Wire.InputBinding Encode(HostTraceEncoder encoder, InputBinding binding) => binding switch
    {
        ArgumentBinding argument => new() { Argument = new Wire.ArgumentBinding { Argument = argument.Argument, Item = argument.Item } },
        RecordedTensorBinding tensor => new() { Tensor = tensor.Object },
        RecordedThunkBinding thunk => new() { Thunk = encoder.Encode(thunk.Thunk) },
        _ => throw new ArgumentException($"an input of kind {binding.GetType().Name} has no binary form"),
    };

    private static Wire.OutputBinding Encode(HostTraceEncoder encoder, OutputBinding binding) => binding switch
    {
        ResultBinding result => new() { Result = result.Position, Input = result.Input + 1, Twin = result.Twin + 1 },
        AssignBinding assign => new() { Assign = assign.Input },
        RecordedRebindBinding rebind => new()
        {
            Rebind = new Wire.RebindBinding { Setter = encoder.Encode(rebind.Setter), Flag = rebind.Flag }, Input = rebind.Input + 1, Twin = rebind.Twin + 1,
        },
        FlagBinding => new() { Flag = true },
        RecordedThrowBinding thrown => new() { Throw = new Wire.ThrowBinding { Exceptions = { thrown.Exceptions.Select(encoder.Encode) } } },
        _ => throw new ArgumentException($"an output of kind {binding.GetType().Name} has no binary form"),
    };
}
