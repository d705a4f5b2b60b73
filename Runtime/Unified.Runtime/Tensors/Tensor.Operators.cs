using Unified.Ir;

namespace Unified;

/// <summary>Operators: elementwise with broadcasting. A number stands for a rank-0 tensor of the other side's dtype.</summary>
public partial class Tensor
{
    [Op(OpCode.Add)]
    public static Tensor operator +(Tensor x, Tensor y) => Eager.Apply(OpCode.Add, x, y);

    [Op(OpCode.Add)]
    public static Tensor operator +(Tensor x, double y) => Eager.Apply(OpCode.Add, x, y);

    [Op(OpCode.Add)]
    public static Tensor operator +(double x, Tensor y) => Eager.Apply(OpCode.Add, x, y);

    [Op(OpCode.Add)]
    public static Tensor operator +(Tensor x, float y) => Eager.Apply(OpCode.Add, x, y);

    [Op(OpCode.Add)]
    public static Tensor operator +(float x, Tensor y) => Eager.Apply(OpCode.Add, x, y);

    [Op(OpCode.Add)]
    public static Tensor operator +(Tensor x, int y) => Eager.Apply(OpCode.Add, x, y);

    [Op(OpCode.Add)]
    public static Tensor operator +(int x, Tensor y) => Eager.Apply(OpCode.Add, x, y);

    [Op(OpCode.Sub)]
    public static Tensor operator -(Tensor x, Tensor y) => Eager.Apply(OpCode.Sub, x, y);

    [Op(OpCode.Sub)]
    public static Tensor operator -(Tensor x, double y) => Eager.Apply(OpCode.Sub, x, y);

    [Op(OpCode.Sub)]
    public static Tensor operator -(double x, Tensor y) => Eager.Apply(OpCode.Sub, x, y);

    [Op(OpCode.Sub)]
    public static Tensor operator -(Tensor x, float y) => Eager.Apply(OpCode.Sub, x, y);

    [Op(OpCode.Sub)]
    public static Tensor operator -(float x, Tensor y) => Eager.Apply(OpCode.Sub, x, y);

    [Op(OpCode.Sub)]
    public static Tensor operator -(Tensor x, int y) => Eager.Apply(OpCode.Sub, x, y);

    [Op(OpCode.Sub)]
    public static Tensor operator -(int x, Tensor y) => Eager.Apply(OpCode.Sub, x, y);

    [Op(OpCode.Mul)]
    public static Tensor operator *(Tensor x, Tensor y) => Eager.Apply(OpCode.Mul, x, y);

    [Op(OpCode.Mul)]
    public static Tensor operator *(Tensor x, double y) => Eager.Apply(OpCode.Mul, x, y);

    [Op(OpCode.Mul)]
    public static Tensor operator *(double x, Tensor y) => Eager.Apply(OpCode.Mul, x, y);

    [Op(OpCode.Mul)]
    public static Tensor operator *(Tensor x, float y) => Eager.Apply(OpCode.Mul, x, y);

    [Op(OpCode.Mul)]
    public static Tensor operator *(float x, Tensor y) => Eager.Apply(OpCode.Mul, x, y);

    [Op(OpCode.Mul)]
    public static Tensor operator *(Tensor x, int y) => Eager.Apply(OpCode.Mul, x, y);

    [Op(OpCode.Mul)]
    public static Tensor operator *(int x, Tensor y) => Eager.Apply(OpCode.Mul, x, y);

    /// <summary>The quotient, element by element. Whole numbers are truncated toward zero, and divided by zero give zero.</summary>
    [Op(OpCode.Div)]
    public static Tensor operator /(Tensor x, Tensor y) => Eager.Apply(OpCode.Div, x, y);

    [Op(OpCode.Div)]
    public static Tensor operator /(Tensor x, double y) => Eager.Apply(OpCode.Div, x, y);

    [Op(OpCode.Div)]
    public static Tensor operator /(double x, Tensor y) => Eager.Apply(OpCode.Div, x, y);

    [Op(OpCode.Div)]
    public static Tensor operator /(Tensor x, float y) => Eager.Apply(OpCode.Div, x, y);

    [Op(OpCode.Div)]
    public static Tensor operator /(float x, Tensor y) => Eager.Apply(OpCode.Div, x, y);

    [Op(OpCode.Div)]
    public static Tensor operator /(Tensor x, int y) => Eager.Apply(OpCode.Div, x, y);

    [Op(OpCode.Div)]
    public static Tensor operator /(int x, Tensor y) => Eager.Apply(OpCode.Div, x, y);

    [Op(OpCode.Less)]
    public static Tensor operator <(Tensor x, Tensor y) => Eager.Apply(OpCode.Less, x, y);

    [Op(OpCode.Less)]
    public static Tensor operator <(Tensor x, double y) => Eager.Apply(OpCode.Less, x, y);

    [Op(OpCode.Less)]
    public static Tensor operator <(double x, Tensor y) => Eager.Apply(OpCode.Less, x, y);

    [Op(OpCode.Less)]
    public static Tensor operator <(Tensor x, float y) => Eager.Apply(OpCode.Less, x, y);

    [Op(OpCode.Less)]
    public static Tensor operator <(float x, Tensor y) => Eager.Apply(OpCode.Less, x, y);

    [Op(OpCode.Less)]
    public static Tensor operator <(Tensor x, int y) => Eager.Apply(OpCode.Less, x, y);

    [Op(OpCode.Less)]
    public static Tensor operator <(int x, Tensor y) => Eager.Apply(OpCode.Less, x, y);

    [Op(OpCode.LessEqual)]
    public static Tensor operator <=(Tensor x, Tensor y) => Eager.Apply(OpCode.LessEqual, x, y);

    [Op(OpCode.LessEqual)]
    public static Tensor operator <=(Tensor x, double y) => Eager.Apply(OpCode.LessEqual, x, y);

    [Op(OpCode.LessEqual)]
    public static Tensor operator <=(double x, Tensor y) => Eager.Apply(OpCode.LessEqual, x, y);

    [Op(OpCode.LessEqual)]
    public static Tensor operator <=(Tensor x, float y) => Eager.Apply(OpCode.LessEqual, x, y);

    [Op(OpCode.LessEqual)]
    public static Tensor operator <=(float x, Tensor y) => Eager.Apply(OpCode.LessEqual, x, y);

    [Op(OpCode.LessEqual)]
    public static Tensor operator <=(Tensor x, int y) => Eager.Apply(OpCode.LessEqual, x, y);

    [Op(OpCode.LessEqual)]
    public static Tensor operator <=(int x, Tensor y) => Eager.Apply(OpCode.LessEqual, x, y);

    [Op(OpCode.Greater)]
    public static Tensor operator >(Tensor x, Tensor y) => Eager.Apply(OpCode.Greater, x, y);

    [Op(OpCode.Greater)]
    public static Tensor operator >(Tensor x, double y) => Eager.Apply(OpCode.Greater, x, y);

    [Op(OpCode.Greater)]
    public static Tensor operator >(double x, Tensor y) => Eager.Apply(OpCode.Greater, x, y);

    [Op(OpCode.Greater)]
    public static Tensor operator >(Tensor x, float y) => Eager.Apply(OpCode.Greater, x, y);

    [Op(OpCode.Greater)]
    public static Tensor operator >(float x, Tensor y) => Eager.Apply(OpCode.Greater, x, y);

    [Op(OpCode.Greater)]
    public static Tensor operator >(Tensor x, int y) => Eager.Apply(OpCode.Greater, x, y);

    [Op(OpCode.Greater)]
    public static Tensor operator >(int x, Tensor y) => Eager.Apply(OpCode.Greater, x, y);

    [Op(OpCode.GreaterEqual)]
    public static Tensor operator >=(Tensor x, Tensor y) => Eager.Apply(OpCode.GreaterEqual, x, y);

    [Op(OpCode.GreaterEqual)]
    public static Tensor operator >=(Tensor x, double y) => Eager.Apply(OpCode.GreaterEqual, x, y);

    [Op(OpCode.GreaterEqual)]
    public static Tensor operator >=(double x, Tensor y) => Eager.Apply(OpCode.GreaterEqual, x, y);

    [Op(OpCode.GreaterEqual)]
    public static Tensor operator >=(Tensor x, float y) => Eager.Apply(OpCode.GreaterEqual, x, y);

    [Op(OpCode.GreaterEqual)]
    public static Tensor operator >=(float x, Tensor y) => Eager.Apply(OpCode.GreaterEqual, x, y);

    [Op(OpCode.GreaterEqual)]
    public static Tensor operator >=(Tensor x, int y) => Eager.Apply(OpCode.GreaterEqual, x, y);

    [Op(OpCode.GreaterEqual)]
    public static Tensor operator >=(int x, Tensor y) => Eager.Apply(OpCode.GreaterEqual, x, y);

    [Op(OpCode.LogicalAnd)]
    public static Tensor operator &(Tensor x, Tensor y) => Eager.Apply(OpCode.LogicalAnd, x, y);

    [Op(OpCode.LogicalOr)]
    public static Tensor operator |(Tensor x, Tensor y) => Eager.Apply(OpCode.LogicalOr, x, y);

    [Op(OpCode.LogicalXor)]
    public static Tensor operator ^(Tensor x, Tensor y) => Eager.Apply(OpCode.LogicalXor, x, y);

    [Op(OpCode.Neg)]
    public static Tensor operator -(Tensor x) => Eager.Apply(OpCode.Neg, x);

    /// <summary>
    /// The only element is not zero: a tensor as the condition of <c>if</c>, <c>while</c> and <c>?:</c>. In a compiled graph the branch or loop
    /// stays in the graph.
    /// </summary>
    /// <exception cref="ShapeException">The tensor has not exactly one element.</exception>
    [Intrinsic("truth")]
    public static bool operator true(Tensor x) => x.ToScalar() != 0;

    /// <summary>The only element is zero.</summary>
    /// <exception cref="ShapeException">The tensor has not exactly one element.</exception>
    [Intrinsic("truth")]
    public static bool operator false(Tensor x) => x.ToScalar() == 0;

    /// <summary>A bool of rank 0, so that conditions on tensors and on host values can be joined: <c>error &gt; 1e-3 &amp;&amp; i &lt; n</c>.</summary>
    [Intrinsic("truth")]
    public static implicit operator Tensor(bool value) => Scalar(value);

    /// <summary>A number as a tensor of rank 0 and of its own dtype, so that <c>x[mask] = 0f</c> can be written.</summary>
    [Intrinsic("number")]
    public static implicit operator Tensor(float value) => Scalar(value);

    /// <inheritdoc cref="op_Implicit(float)"/>
    [Intrinsic("number")]
    public static implicit operator Tensor(double value) => Scalar(value);

    /// <inheritdoc cref="op_Implicit(float)"/>
    [Intrinsic("number")]
    public static implicit operator Tensor(int value) => Scalar(value);

    /// <inheritdoc cref="op_Implicit(float)"/>
    [Intrinsic("number")]
    public static implicit operator Tensor(long value) => Scalar(value);

    [Op(OpCode.LogicalNot)]
    public static Tensor operator !(Tensor x) => Eager.Apply(OpCode.LogicalNot, x);
}
