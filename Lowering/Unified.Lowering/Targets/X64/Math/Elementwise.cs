using Unified.Ir;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>How one op is computed for one class of types.</summary>
/// <param name="Cost">About how many instructions.</param>
/// <param name="Contracts">Whether its product may fuse with a following sum.</param>
/// <param name="Divides">Whether most of that is the divider's, beside which other instructions run.</param>
internal sealed record ElementRule(Func<KernelBuilder, LlvmValue[], LlvmValue> Rule, int Cost, bool Contracts, bool Divides)
{
    public LlvmValue Emit(KernelBuilder k, LlvmValue[] operands, DType type)
    {
        // Fusing inside an approximation would change the error terms it keeps.
        k.B.FastMath = Contracts && type.IsFloat() ? LlvmFastMath.Contract : LlvmFastMath.None;
        var value = Rule(k, operands);
        k.B.FastMath = LlvmFastMath.Contract;
        return value;
    }
}

/// <summary>Turns an elementwise op and its operands' type into code: one row per op and class of types.</summary>
internal static class Elementwise
{
    private static readonly Dictionary<(OpCode Op, Class Class), ElementRule> s_rows = Rows();

    [Flags]
    private enum Class
    {
        Float = 1,
        Signed = 2,
        Unsigned = 4,
        Bool = 8,
        Integer = Signed | Unsigned,
        Bits = Integer | Bool,
        Any = Float | Bits,
    }

    public static bool HasRow(OpCode op, DType type) => s_rows.ContainsKey((op, Of(type)));

    /// <exception cref="NotSupportedException">There is no such row.</exception>
    public static ElementRule Find(OpCode op, DType type) => s_rows.TryGetValue((op, Of(type)), out var rule)
        ? rule
        : throw new NotSupportedException($"x86-64 has no code for '{OpName(op)}' of {type.Text()}; cast the operands to a type that has it, such as f32");

    /// <summary>About how many instructions a node takes.</summary>
    public static int Cost(OpCode op, DType type) => op == OpCode.Cast ? 2 : Find(op, type).Cost;

    /// <summary>How much of that keeps the divider busy.</summary>
    public static int DividerCost(OpCode op, DType type) => op != OpCode.Cast && Find(op, type) is { Divides: true } rule ? rule.Cost : 0;

    private static string OpName(OpCode op) => op.ToString();

    private static Class Of(DType type) => type switch
    {
        DType.Bool => Class.Bool,
        DType.U8 => Class.Unsigned,
        _ => type.IsFloat() ? Class.Float : Class.Signed,
    };

    private static Dictionary<(OpCode Op, Class Class), ElementRule> Rows()
    {
        Dictionary<(OpCode Op, Class Class), ElementRule> rows = [];
        void Add(OpCode op, Class classes, Func<KernelBuilder, LlvmValue[], LlvmValue> rule, int cost = 1, bool contracts = false, bool divides = false)
        {
            foreach (var one in (Class[])[Class.Float, Class.Signed, Class.Unsigned, Class.Bool])
            {
                if (classes.HasFlag(one))
                {
                    rows.Add((op, one), new ElementRule(rule, cost, contracts, divides));
                }
            }
        }

        void Function(OpCode op, Func<KernelBuilder, LlvmValue, LlvmValue> rule, int cost, bool divides = false) => Add(op, Class.Float, (k, x) => rule(k, x[0]), cost, divides: divides);

        void Compare(OpCode op, LlvmRealPredicate real, LlvmIntPredicate signed, LlvmIntPredicate unsigned)
        {
            Add(op, Class.Float, (k, x) => k.B.FCmp(real, x[0], x[1]));
            Add(op, Class.Signed, (k, x) => k.B.ICmp(signed, x[0], x[1]));
            Add(op, Class.Unsigned | Class.Bool, (k, x) => k.B.ICmp(unsigned, x[0], x[1]));
        }

        Add(OpCode.Neg, Class.Float, (k, x) => k.B.FNeg(x[0]), contracts: true);
        Add(OpCode.Neg, Class.Integer, (k, x) => k.B.Neg(x[0]));
        Add(OpCode.Abs, Class.Float, (k, x) => k.Abs(x[0]));
        Add(OpCode.Abs, Class.Signed, (k, x) => k.B.CallIntrinsic("llvm.abs", [x[0].Type], x[0], k.Context.I1.Zero));
        Add(OpCode.Abs, Class.Unsigned, (_, x) => x[0]);
        Add(OpCode.Sign, Class.Float, (k, x) => k.B.Select(
            k.Is(LlvmRealPredicate.One, x[0], 0), k.CopySign(x[0].Type.Real(1), x[0]), x[0]), 3);
        Add(OpCode.Sign, Class.Signed, (k, x) => k.B.Select(
            k.B.ICmp(LlvmIntPredicate.Sgt, x[0], x[0].Type.Zero), x[0].Type.Int(1), k.B.AShr(x[0], x[0].Type.Int(x[0].Type.Scalar.IntegerBits - 1))), 3);
        Add(OpCode.Sign, Class.Unsigned, (k, x) => k.B.ZExt(k.B.ICmp(LlvmIntPredicate.Ne, x[0], x[0].Type.Zero), x[0].Type), 2);

        Function(OpCode.Exp, Exponential.Emit, 12);
        Function(OpCode.Exp2, PowerOfTwo.Emit, 10);
        Function(OpCode.Log, Logarithm.Emit, 26);
        Function(OpCode.Sqrt, (k, x) => k.Sqrt(x), 6, divides: true);
        Function(OpCode.Rsqrt, (k, x) => k.B.FDiv(x.Type.Real(1), k.Sqrt(x)), 12, divides: true);
        Function(OpCode.Sin, Trigonometric.Sin, 60);
        Function(OpCode.Cos, Trigonometric.Cos, 60);
        Function(OpCode.Tanh, HyperbolicTangent.Emit, 30);
        Function(OpCode.Erf, ErrorFunction.Emit, 18);
        Function(OpCode.Gelu, ErrorLinearUnit.Emit, 20);
        Function(OpCode.Floor, (k, x) => k.Floor(x), 1);
        Function(OpCode.Ceil, (k, x) => k.Ceil(x), 1);
        Function(OpCode.Round, (k, x) => k.NearestEven(x), 1);
        foreach (var op in (OpCode[])[OpCode.Floor, OpCode.Ceil, OpCode.Round])
        {
            Add(op, Class.Integer, (_, x) => x[0]);
        }

        Add(OpCode.StopGradient, Class.Any, (_, x) => x[0]);
        Add(OpCode.Add, Class.Float, (k, x) => k.B.FAdd(x[0], x[1]), contracts: true);
        Add(OpCode.Add, Class.Integer, (k, x) => k.B.Add(x[0], x[1]));
        Add(OpCode.Sub, Class.Float, (k, x) => k.B.FSub(x[0], x[1]), contracts: true);
        Add(OpCode.Sub, Class.Integer, (k, x) => k.B.Sub(x[0], x[1]));
        Add(OpCode.Mul, Class.Float, (k, x) => k.B.FMul(x[0], x[1]), contracts: true);
        Add(OpCode.Mul, Class.Integer, (k, x) => k.B.Mul(x[0], x[1]));
        Add(OpCode.Div, Class.Float, (k, x) => k.B.FDiv(x[0], x[1]), 6, divides: true);
        Add(OpCode.Div, Class.Signed, (k, x) => Division.Integer(k, x[0], x[1], unsigned: false, remainder: false), 80);
        Add(OpCode.Div, Class.Unsigned, (k, x) => Division.Integer(k, x[0], x[1], unsigned: true, remainder: false), 80);
        Add(OpCode.Remainder, Class.Float, (k, x) => Division.Remainder(k, x[0], x[1]), 80);
        Add(OpCode.Remainder, Class.Signed, (k, x) => Division.Integer(k, x[0], x[1], unsigned: false, remainder: true), 80);
        Add(OpCode.Remainder, Class.Unsigned, (k, x) => Division.Integer(k, x[0], x[1], unsigned: true, remainder: true), 80);
        Add(OpCode.Pow, Class.Float, (k, x) => Power.Emit(k, x[0], x[1]), 120);
        Add(OpCode.Pow, Class.Signed, (k, x) => Power.Integer(k, x[0], x[1], unsigned: false), 60);
        Add(OpCode.Pow, Class.Unsigned, (k, x) => Power.Integer(k, x[0], x[1], unsigned: true), 60);
        Add(OpCode.Maximum, Class.Float, (k, x) => Extremum.Float(k, LlvmRealPredicate.Ogt, x[0], x[1]), 3);
        Add(OpCode.Minimum, Class.Float, (k, x) => Extremum.Float(k, LlvmRealPredicate.Olt, x[0], x[1]), 3);
        Add(OpCode.Maximum, Class.Signed, (k, x) => Extremum.Integer(k, LlvmIntPredicate.Sgt, x[0], x[1]));
        Add(OpCode.Minimum, Class.Signed, (k, x) => Extremum.Integer(k, LlvmIntPredicate.Slt, x[0], x[1]));
        Add(OpCode.Maximum, Class.Unsigned | Class.Bool, (k, x) => Extremum.Integer(k, LlvmIntPredicate.Ugt, x[0], x[1]));
        Add(OpCode.Minimum, Class.Unsigned | Class.Bool, (k, x) => Extremum.Integer(k, LlvmIntPredicate.Ult, x[0], x[1]));
        Add(OpCode.LogicalNot, Class.Bits, (k, x) => k.B.Not(x[0]));
        Add(OpCode.LogicalAnd, Class.Bits, (k, x) => k.B.And(x[0], x[1]));
        Add(OpCode.LogicalOr, Class.Bits, (k, x) => k.B.Or(x[0], x[1]));
        Add(OpCode.LogicalXor, Class.Bits, (k, x) => k.B.Xor(x[0], x[1]));
        Compare(OpCode.Equal, LlvmRealPredicate.Oeq, LlvmIntPredicate.Eq, LlvmIntPredicate.Eq);
        Compare(OpCode.NotEqual, LlvmRealPredicate.Une, LlvmIntPredicate.Ne, LlvmIntPredicate.Ne);
        Compare(OpCode.Less, LlvmRealPredicate.Olt, LlvmIntPredicate.Slt, LlvmIntPredicate.Ult);
        Compare(OpCode.LessEqual, LlvmRealPredicate.Ole, LlvmIntPredicate.Sle, LlvmIntPredicate.Ule);
        Compare(OpCode.Greater, LlvmRealPredicate.Ogt, LlvmIntPredicate.Sgt, LlvmIntPredicate.Ugt);
        Compare(OpCode.GreaterEqual, LlvmRealPredicate.Oge, LlvmIntPredicate.Sge, LlvmIntPredicate.Uge);
        Add(OpCode.Select, Class.Any, (k, x) => k.B.Select(x[0], x[1], x[2]));
        return rows;
    }
}
