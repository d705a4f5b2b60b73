using System.Reflection;
using Microsoft.CodeAnalysis;

namespace Unified.Generators.Tests;

/// <summary>
/// A runtime of a few lines under the real one's names, so that generated code can be compiled, loaded and watched without
/// kernels. The attributes, modes and arguments are the real sources.
/// </summary>
internal static class StandIn
{
    private static readonly Lazy<CompiledAssembly> s_runtime = new(() => Compilations.Emit("Unified.Runtime", [Source("Attributes.cs"), Source("ExecutionMode.cs"), Source("Argument.cs"), Tensors], []));

    private static readonly Lazy<CompiledAssembly> s_nn = new(() => Compilations.Emit("Unified.Nn", [Modules], [Runtime.Reference]));

    public static CompiledAssembly Runtime => s_runtime.Value;

    public static CompiledAssembly Nn => s_nn.Value;

    private const string Tensors = """
        using System;
        using System.Collections.Generic;
        using Unified.Ir;
        namespace Unified
        {
            public class Tensor(float value) : ITensorHandle
            {
                public float Value { get; set; } = value;
                public TensorType Type { get; } = new(DType.F32, Unified.Ir.Shape.Of(2, 3));
                [Intrinsic("rank")] public int Rank => 2;
                [Op(OpCode.Add)] public static Tensor operator +(Tensor x, Tensor y) => new(x.Value + y.Value);
                [Op(OpCode.Mul)] public static Tensor operator *(Tensor x, Tensor y) => new(x.Value * y.Value);
                [Op(OpCode.Mul)] public static Tensor operator *(Tensor x, double y) => new(x.Value * (float)y);
                [Op(OpCode.Add)] public static Tensor operator +(Tensor x, double y) => new(x.Value + (float)y);
            }

            public sealed class Parameter(float value) : Tensor(value);

            public static class Ops
            {
                [Op(OpCode.Relu)] public static Tensor Relu(Tensor x) => new(MathF.Max(0, x.Value));
            }

            /// What was asked of the runtime.
            public sealed record Run(FunctionDefinition Function, object? Self, Argument[] Arguments, int Results);

            public static class GraphRuntime
            {
                public static bool IsGraph => Execution.Mode == ExecutionMode.Graph;
                public static List<Run> Runs { get; } = [];
                public static Func<Run, Tensor[]?> Answer { get; set; } = _ => null;
                public static bool Records { get; set; } = true;
                public static IGraphCompiler? Compiler { get; private set; }
                public static void UseCompiler(IGraphCompiler compiler) => Compiler = compiler;
                public static bool TryRun(FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments, Span<Tensor> results)
                {
                    if (!Records) { return false; }
                    var run = new Run(function, self, arguments.ToArray(), results.Length);
                    Runs.Add(run);
                    if (Answer(run) is not { } answer) { return false; }
                    answer.CopyTo(results);
                    return true;
                }
                public static bool TryRun(FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments, out Tensor[] results)
                {
                    results = [];
                    if (!Records) { return false; }
                    var run = new Run(function, self, arguments.ToArray(), -1);
                    Runs.Add(run);
                    if (Answer(run) is not { } answer) { return false; }
                    results = [.. answer];
                    return true;
                }
            }
        }
        """;

    private const string Modules = """
        using System.Collections.Generic;
        namespace Unified.Nn
        {
            public interface IModuleVisitor
            {
                void Visit(string name, Tensor? value);
                void Visit(string name, Module? module);
                void Visit(string name, IEnumerable<Module>? modules);
                void Visit(string name, IEnumerable<Tensor>? tensors);
            }

            [System.AttributeUsage(System.AttributeTargets.Field | System.AttributeTargets.Property)]
            public sealed class NotStateAttribute : System.Attribute;

            public abstract class Module
            {
                public void Show(IModuleVisitor visitor) => Describe(visitor);
                protected virtual void Describe(IModuleVisitor visitor) { }
            }
        }
        """;

    private static string Source(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Runtime." + name)
            ?? throw new InvalidOperationException($"the test project does not embed {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
