namespace Unified.Generators.Tests.Capture;

/// <summary>Tensors without kernels: what the capture reads are the attributes, names and types.</summary>
internal static class CaptureStandIn
{
    public const string Attributes = """
        using System;
        using Unified.Ir;
        namespace Unified;
        [AttributeUsage(AttributeTargets.Method)] public sealed class StaticGraphAttribute : Attribute;
        [AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue)] public sealed class ShapeAttribute(params object?[] dims) : Attribute
        {
            public object?[] Dims { get; } = dims;
        }
        [AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)] public sealed class OpAttribute(OpCode code) : Attribute
        {
            public OpCode Code { get; } = code;
        }
        [AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)] public sealed class IntrinsicAttribute(string name) : Attribute
        {
            public string Name { get; } = name;
        }
        """;

    public const string Tensors = """
        using System;
        using System.Collections;
        using System.Collections.Generic;
        using Unified.Ir;
        namespace Unified;
        public partial class Tensor
        {
            [Intrinsic("shape")] public TensorShape Shape => default;
            [Intrinsic("rank")] public int Rank => 0;
            public DType DType { get; }
            public Tensor? Grad { get; set; }
            [Intrinsic("index")] public Tensor this[params ReadOnlySpan<TensorIndex> indices] { get => this; set { } }
            [Intrinsic("assign")] public void Assign(Tensor value) { }
            [Op(OpCode.Add)] public static Tensor operator +(Tensor x, Tensor y) => x;
            [Op(OpCode.Add)] public static Tensor operator +(Tensor x, float y) => x;
            [Op(OpCode.Mul)] public static Tensor operator *(Tensor x, Tensor y) => x;
            [Op(OpCode.Mul)] public static Tensor operator *(Tensor x, float y) => x;
            [Op(OpCode.Mul)] public static Tensor operator *(float x, Tensor y) => y;
            [Op(OpCode.Sub)] public static Tensor operator -(Tensor x, Tensor y) => x;
            [Op(OpCode.Neg)] public static Tensor operator -(Tensor x) => x;
            [Op(OpCode.Greater)] public static Tensor operator >(Tensor x, float y) => x;
            [Op(OpCode.Less)] public static Tensor operator <(Tensor x, float y) => x;
            public static bool operator true(Tensor x) => true;
            public static bool operator false(Tensor x) => false;
            public static Tensor operator %(Tensor x, Tensor y) => x;
            public T ToScalar<T>() => default!;
            [Op(OpCode.Reshape)] public Tensor Reshape(params ReadOnlySpan<int> shape) => this;
        }
        public sealed class Parameter : Tensor { public bool Frozen { get; set; } }
        public readonly struct TensorShape : IReadOnlyList<int>
        {
            public int Count => 0;
            public int this[int axis] => 0;
            public static implicit operator ReadOnlySpan<int>(TensorShape shape) => default;
            public IEnumerator<int> GetEnumerator() => throw null!;
            IEnumerator IEnumerable.GetEnumerator() => throw null!;
        }
        public readonly struct TensorIndex
        {
            public static implicit operator TensorIndex(int index) => default;
            public static implicit operator TensorIndex(Index index) => default;
            public static implicit operator TensorIndex(Range range) => default;
            public static implicit operator TensorIndex(Tensor indices) => default;
        }
        public static class Ops
        {
            [Op(OpCode.Gelu)] public static Tensor Gelu(Tensor x) => x;
            [Op(OpCode.Sum)] public static Tensor Sum(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => x;
            [Op(OpCode.Linear)] public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null) => x;
            [Op(OpCode.MatMul)] public static Tensor MatMul(Tensor x, Tensor y, bool transposeA = false, bool transposeB = false) => x;
            [Op(OpCode.Reshape)] public static Tensor Reshape(Tensor x, params ReadOnlySpan<int> shape) => x;
            [Op(OpCode.Transpose)] public static Tensor Transpose(Tensor x, params int[] permutation) => x;
            [Op(OpCode.Concat)] public static Tensor Concat(IReadOnlyList<Tensor> xs, int axis = 0) => xs[0];
            [Op(OpCode.Cast)] public static Tensor Cast(Tensor x, DType dtype) => x;
            [Op(OpCode.Softmax)] public static Tensor Softmax(Tensor x, int axis = -1) => x;
            [Op(OpCode.LayerNorm)] public static Tensor LayerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon = 1e-5f) => x;
            [Op(OpCode.CrossEntropy)] public static Tensor CrossEntropy(Tensor logits, Tensor targets) => logits;
            [Op(OpCode.Full)] public static Tensor Full(ReadOnlySpan<int> shape, float value, DType dtype = DType.F32) => null!;
            [Intrinsic("value_and_grad")] public static (Tensor Value, IReadOnlyList<Tensor> Gradients) ValueAndGrad(Func<Tensor> f, IReadOnlyList<Tensor> wrt) => default;
            [Intrinsic("value_and_grad")] public static (Tensor Value, Tensor Gradient) ValueAndGrad(Func<Tensor> f, Tensor wrt) => default;
            [Op(OpCode.Constant)] public static Tensor Constant(double value, DType dtype = DType.F32) => null!;
            public static Tensor Plain(Tensor x) => x;
        }
        """;

    /// <summary>A library in an assembly of its own: a layer with its state, a base class, an optimizer.</summary>
    public const string Library = """
        using System.Collections.Generic;
        using Unified;
        using static Unified.Ops;
        namespace Unified.Nn;
        public abstract partial class Module
        {
            public bool Training { get; set; } = true;
            public IReadOnlyList<Parameter> Parameters => [];
        }
        public sealed partial class Linear(int inputs, int outputs) : Module
        {
            public Parameter Weight { get; } = new();
            public int Inputs { get; init; } = inputs;
            public int Outputs { get; set; } = outputs;
            [StaticGraph] public Tensor Forward(Tensor x) => MatMul(x, Weight, transposeB: true);
        }
        public abstract partial class Optimizer
        {
            [StaticGraph] public virtual void Step(IReadOnlyList<Tensor> gradients) { }
        }
        public interface ILayer
        {
            [StaticGraph] Tensor Forward(Tensor x);
        }
        """;
}
