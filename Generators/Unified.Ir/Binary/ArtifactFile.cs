using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Turns the parts of an artifact's message into records, when they are asked for. All positions are checked.</summary>
public sealed class ArtifactFile
{
    private readonly Wire.Artifact _wire;

    internal ArtifactFile(Wire.Artifact wire)
    {
        _wire = wire;
        Targets = [.. wire.Targets];
        Keys = [.. wire.Graphs.Select(g => g.Key)];
    }

    /// <summary>The version that wrote it.</summary>
    public string Compiler => _wire.Compiler;

    /// <summary>What its kernels were tuned to, as text: empty for the default.</summary>
    public string Tuning => _wire.Tuning;

    /// <summary>The machines that it has code for.</summary>
    public ImmutableArray<string> Targets { get; }

    /// <summary>The methods of the graphs, in order; some more than once.</summary>
    public ImmutableArray<string> Keys { get; }

    /// <exception cref="InvalidDataException">The graph refers to what is not there.</exception>
    public RecordedFunction Function(int graph)
    {
        var wire = _wire.Graphs[graph];
        var tables = new TableReader(wire.Tables);
        var decoder = new HostTraceDecoder(tables);
        var trace = decoder.Trace(wire.Trace);
        if (trace.Definitions[0].Key != wire.Key)
        {
            throw new InvalidDataException($"graph {graph} is of '{wire.Key}' and of '{trace.Definitions[0].Key}'");
        }

        return new RecordedFunction(
            wire.Origin,
            trace,
            [.. wire.Arguments.Select(a => Argument(tables, decoder, a))],
            ProgramImageCodec.FromWire(tables, TableReader.Required(wire.Image, "programs")),
            [.. wire.Inputs.Select(i => Input(decoder, i))],
            [.. wire.Outputs.Select(o => Output(decoder, o))],
            wire.Results is >= 0 and <= MostResults ? wire.Results : throw new InvalidDataException($"a graph with {wire.Results} results"),
            [.. wire.Guards.Select(g => new RecordedGuard(decoder.Thunk(g.Thunk), decoder.Operand(g.Expected)) { IsLate = g.Late })],
            [.. wire.Requirements.Select(r => new DimRequirement(tables.Dim(r.Dim), tables.String(r.Message), tables.Source(r.Source)))])
        {
            HasTry = wire.HasTry,
            HostCalls =
            [
                .. wire.HostCalls.Select(c => new RecordedHostCall(
                    decoder.Thunk(c.Thunk),
                    c.Positions.Count == c.Tensors.Count ? [.. c.Positions.Zip(c.Tensors, (p, t) => new GivenArgument(p, t))] : throw new InvalidDataException($"graph {graph} calls a method with arguments that do not fit"),
                    tables.String(c.Name))),
            ],
            Precision = PrecisionPolicy.Parse(wire.Precision) ?? throw new InvalidDataException($"graph {graph} is for a mixed precision '{wire.Precision}'"),
        };
    }

    /// <summary>The code of a graph for a target, in the order of its programs' kernel numbers.</summary>
    /// <exception cref="InvalidDataException">The graph refers to what is not there.</exception>
    public ImmutableArray<KernelCode> Kernels(int graph, int target)
    {
        var lists = _wire.Graphs[graph].Kernels;
        return target < lists.Count ? [.. lists[target].Kernels.Select(Kernel)] : throw new InvalidDataException($"graph {graph} has no code for target {target}");
    }

    /// <summary>All of it.</summary>
    /// <exception cref="InvalidDataException">A part refers to what is not there.</exception>
    public Artifact Read() => new(
        Compiler,
        Targets,
        [.. _wire.Kernels.Select((_, i) => Kernel(i))],
        [.. _wire.Graphs.Select((g, i) => new ArtifactGraph(Function(i), [.. g.Kernels.Select(k => k.Kernels.ToImmutableArray())]))]);

    // More than any method hands out; what is made room for at each call.
    private const int MostResults = 1 << 16;

    private KernelCode Kernel(int position)
    {
        if ((uint)position >= (uint)_wire.Kernels.Count)
        {
            throw new InvalidDataException($"kernel {position} is beyond the {_wire.Kernels.Count} of the artifact");
        }

        var wire = _wire.Kernels[position];
        return new KernelCode(wire.Key, wire.Symbol, ImmutableArray.Create(wire.Object.Span));
    }

    private static ArgumentSpec Argument(TableReader tables, HostTraceDecoder decoder, Wire.ArgumentSpec wire) => wire.SpecCase switch
    {
        Wire.ArgumentSpec.SpecOneofCase.Tensor => new TensorSpec(tables.TensorType(wire.Tensor)),
        Wire.ArgumentSpec.SpecOneofCase.List => new TensorListSpec(tables.TensorTypes(wire.List.Types_)),
        Wire.ArgumentSpec.SpecOneofCase.Host => new RecordedHostSpec(decoder.Operand(wire.Host)),
        _ => throw Unknown("argument"),
    };

    private static InputBinding Input(HostTraceDecoder decoder, Wire.InputBinding wire) => wire.BindingCase switch
    {
        Wire.InputBinding.BindingOneofCase.Argument => new ArgumentBinding(wire.Argument.Argument, wire.Argument.Item),
        Wire.InputBinding.BindingOneofCase.Tensor => new RecordedTensorBinding(decoder.Object(wire.Tensor)),
        Wire.InputBinding.BindingOneofCase.Thunk => new RecordedThunkBinding(decoder.Thunk(wire.Thunk)),
        _ => throw Unknown("input"),
    };

    private static OutputBinding Output(HostTraceDecoder decoder, Wire.OutputBinding wire) => wire.BindingCase switch
    {
        Wire.OutputBinding.BindingOneofCase.Result => new ResultBinding(wire.Result) { Input = wire.Input - 1, Twin = wire.Twin - 1 },
        Wire.OutputBinding.BindingOneofCase.Assign => new AssignBinding(wire.Assign),
        Wire.OutputBinding.BindingOneofCase.Rebind => new RecordedRebindBinding(decoder.Thunk(wire.Rebind.Setter), wire.Rebind.Flag) { Input = wire.Input - 1, Twin = wire.Twin - 1 },
        Wire.OutputBinding.BindingOneofCase.Flag => new FlagBinding(),
        Wire.OutputBinding.BindingOneofCase.Throw => new RecordedThrowBinding([.. wire.Throw.Exceptions.Select(decoder.Thunk)]),
        _ => throw Unknown("output"),
    };

    private static InvalidDataException Unknown(string what) => new($"an {what} of a kind that is not known; was this made by a newer version?");
}
