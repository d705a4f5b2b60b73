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

    [Op(OpCode.LogicalNot)]
    public static Tensor operator !(Tensor x) => Eager.Apply(OpCode.LogicalNot, x);
}
