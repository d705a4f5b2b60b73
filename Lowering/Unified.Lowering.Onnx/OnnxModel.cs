using System.Collections.Immutable;
using Google.Protobuf;
using Unified.Ir;
using Unified.Lowering.Onnx.Wire;
using Unified.Lowering.Passes;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Onnx;

/// <summary>The bytes of a tensor's elements, dense and little-endian; null: the model takes it as an input.</summary>
public delegate byte[]? TensorData(ITensorHandle tensor);

/// <summary>Turns a specialized graph into an ONNX model (opset 21), for Netron, ONNX Runtime and others.</summary>
public sealed class OnnxModel
{
    /// <summary>The version of the default operator set that models are written in.</summary>
    public const int Opset = 21;

    private const int IrVersion = 10;

    private static DecomposeComposites Decompose { get; } = new("decompose-for-onnx", (op, _) => OnnxRows.Find(op) is not null || StateFactorsAsLoops.FormOf(op) is not null);

    private static readonly ImmutableArray<IPass> Passes =
    [
        new EliminateDeadCode(), InlineCalls.Everything, DecomposeComposites.WithoutGradient, new Differentiate(), InlineCalls.Everything,
        Decompose, new StateFactorsAsLoops(), Decompose, new EliminateDeadCode(),
    ];

    private readonly ModelProto _model;

    private OnnxModel(ModelProto model) => _model = model;

    /// <summary>
    /// A graph as a model: calls are inlined, gradients derived, composites without a form of their own are written in their definition.
    /// Named dims are <c>dim_param</c>s. Results come first among the outputs, then the new values of state, as <c>NAME_next</c>.
    /// </summary>
    /// <exception cref="NotSupportedException">An op has no form in ONNX; the message names it.</exception>
    public static OnnxModel Of(GraphModule module) => Of(module, _ => null);

    /// <summary>A specialized function as a model: state whose data is given is stored in it.</summary>
    /// <exception cref="NotSupportedException">An op has no form in ONNX; the message names it.</exception>
    public static OnnxModel Of(SpecializedFunction function, TensorData data) => Of(
        function.Module, input => function.Inputs[input] is TensorBinding state ? data(state.Tensor) : null);

    /// <summary>Specializes a captured function to an instance and argument types, and exports that.</summary>
    /// <param name="precision">The policy of mixed precision that it is called under: its casts are nodes of the model. Null: none.</param>
    /// <exception cref="NotSupportedException">An op has no form in ONNX; the message names it.</exception>
    /// <exception cref="GraphCompileException">The function is not one graph for these arguments.</exception>
    public static OnnxModel Of(FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, TensorData data, PrecisionPolicy? precision = null) =>
        Of(Specializer.Specialize(function, self, arguments, precision: precision), data);

    /// <summary>What an op is in ONNX: names of operators; "by definition"; or null, when it cannot be exported.</summary>
    public static string? FormOf(Op op) => OnnxRows.Find(op)?.Names ?? StateFactorsAsLoops.FormOf(op) ?? (op.Definition is null ? null : "by definition");

    /// <summary>How many nodes there are of each ONNX operator.</summary>
    public IReadOnlyDictionary<string, int> OperatorCounts =>
        _model.Graph.Node.GroupBy(n => n.OpType, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    public byte[] ToBytes() => _model.ToByteArray();

    /// <summary>Writes an <c>.onnx</c> file.</summary>
    public void Save(string path) => File.WriteAllBytes(path, ToBytes());

    private static OnnxModel Of(GraphModule module, Func<int, byte[]?> data)
    {
        var inputs = module.Root.Inputs;
        var result = Passes.Aggregate(module, (m, pass) => pass.Run(m));
        var graph = result.Root;
        if (!graph.Inputs.Select(i => i.Name).SequenceEqual(inputs.Select(i => i.Name)))
        {
            throw new InvalidOperationException($"the passes changed the inputs of graph '{graph.Name}'");
        }

        var proto = new GraphProto { Name = graph.Name.Length == 0 ? "graph" : graph.Name };
        var builder = new OnnxBuilder(proto);
        var names = new string[graph.Inputs.Length];
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            var input = graph.Inputs[i];

            // Names of fields may repeat; a position makes them unique.
            names[i] = graph.Inputs.Count(o => o.Name == input.Name) > 1 || input.Name.Length == 0 ? $"{input.Name}_in{i}" : input.Name;
            if (data(i) is { } bytes)
            {
                builder.Initializer(input.Type.DType, [.. input.Type.Shape.Select(d => d.Value)], bytes, names[i]);
                continue;
            }

            proto.Input.Add(OnnxTypes.Info(names[i], input.Type));
            builder.DeclareInput(names[i], input.Type);
        }

        var values = new OnnxScope(result, builder).Run(graph, [.. names.Select(n => new OnnxValue(n))]);
        Outputs(builder, graph, names, values);
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "Unified", Graph = proto };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = Opset });
        return new OnnxModel(model);
    }

    private static void Outputs(OnnxBuilder builder, Graph graph, string[] inputs, ImmutableArray<OnnxValue> values)
    {
        var results = 0;
        foreach (var (output, value) in graph.Outputs.Zip(values).OrderBy(o => o.First.Kind == OutputKind.Result ? 0 : 1))
        {
            var name = output.Kind switch
            {
                OutputKind.Result => $"result{results++}",
                OutputKind.Assign => $"{inputs[output.Input]}_next",
                _ => builder.NewName("rebound"),
            };
            builder.Output(value.Name, name, graph.TypeOf(output.Value));
        }
    }
}
