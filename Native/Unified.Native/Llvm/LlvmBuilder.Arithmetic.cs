namespace Unified.Native;

/// <content>Arithmetic, comparisons and conversions, of scalars or lane by lane.</content>
public sealed unsafe partial class LlvmBuilder
{
    /// <summary>Any operation with two operands of one type.</summary>
    public LlvmValue Binary(LlvmBinary operation, LlvmValue left, LlvmValue right, LlvmWrap promises = LlvmWrap.None, string name = "")
    {
        LlvmValue value = WithFastMath(LlvmApi.LLVMBuildBinOp(_builder, operation, left, right, name));
        if (promises != LlvmWrap.None && value.IsInstruction)
        {
            SetPromises(value, operation, promises);
        }

        return value;
    }

    public LlvmValue Add(LlvmValue left, LlvmValue right, LlvmWrap promises = LlvmWrap.None, string name = "") =>
        Binary(LlvmBinary.Add, left, right, promises, name);

    public LlvmValue Sub(LlvmValue left, LlvmValue right, LlvmWrap promises = LlvmWrap.None, string name = "") =>
        Binary(LlvmBinary.Sub, left, right, promises, name);

    public LlvmValue Mul(LlvmValue left, LlvmValue right, LlvmWrap promises = LlvmWrap.None, string name = "") =>
        Binary(LlvmBinary.Mul, left, right, promises, name);

    public LlvmValue UDiv(LlvmValue left, LlvmValue right, LlvmWrap promises = LlvmWrap.None, string name = "") =>
        Binary(LlvmBinary.UDiv, left, right, promises, name);

    public LlvmValue SDiv(LlvmValue left, LlvmValue right, LlvmWrap promises = LlvmWrap.None, string name = "") =>
        Binary(LlvmBinary.SDiv, left, right, promises, name);

    public LlvmValue URem(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.URem, left, right, name: name);

    public LlvmValue SRem(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.SRem, left, right, name: name);

    public LlvmValue Shl(LlvmValue left, LlvmValue right, LlvmWrap promises = LlvmWrap.None, string name = "") =>
        Binary(LlvmBinary.Shl, left, right, promises, name);

    public LlvmValue LShr(LlvmValue left, LlvmValue right, LlvmWrap promises = LlvmWrap.None, string name = "") =>
        Binary(LlvmBinary.LShr, left, right, promises, name);

    public LlvmValue AShr(LlvmValue left, LlvmValue right, LlvmWrap promises = LlvmWrap.None, string name = "") =>
        Binary(LlvmBinary.AShr, left, right, promises, name);

    public LlvmValue And(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.And, left, right, name: name);

    public LlvmValue Or(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.Or, left, right, name: name);

    public LlvmValue Xor(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.Xor, left, right, name: name);

    public LlvmValue Not(LlvmValue value, string name = "") => LlvmApi.LLVMBuildNot(_builder, value, name);

    public LlvmValue Neg(LlvmValue value, string name = "") => LlvmApi.LLVMBuildNeg(_builder, value, name);

    public LlvmValue FAdd(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.FAdd, left, right, name: name);

    public LlvmValue FSub(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.FSub, left, right, name: name);

    public LlvmValue FMul(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.FMul, left, right, name: name);

    public LlvmValue FDiv(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.FDiv, left, right, name: name);

    public LlvmValue FRem(LlvmValue left, LlvmValue right, string name = "") => Binary(LlvmBinary.FRem, left, right, name: name);

    public LlvmValue FNeg(LlvmValue value, string name = "") => WithFastMath(LlvmApi.LLVMBuildFNeg(_builder, value, name));

    /// <summary>left · right + addend with one rounding, on every target (in software where there is no instruction).</summary>
    public LlvmValue Fma(LlvmValue left, LlvmValue right, LlvmValue addend) => CallIntrinsic("llvm.fma", [addend.Type], left, right, addend);

    /// <summary>Compares integers or pointers.</summary>
    public LlvmValue ICmp(LlvmIntPredicate predicate, LlvmValue left, LlvmValue right, string name = "") =>
        LlvmApi.LLVMBuildICmp(_builder, predicate, left, right, name);

    /// <summary>Compares floating-point numbers.</summary>
    public LlvmValue FCmp(LlvmRealPredicate predicate, LlvmValue left, LlvmValue right, string name = "") =>
        WithFastMath(LlvmApi.LLVMBuildFCmp(_builder, predicate, left, right, name));

    /// <summary>One of two values, by an i1 or lane by lane.</summary>
    public LlvmValue Select(LlvmValue condition, LlvmValue then, LlvmValue otherwise, string name = "") =>
        WithFastMath(LlvmApi.LLVMBuildSelect(_builder, condition, then, otherwise, name));

    /// <summary>An arbitrary but fixed value in place of undef or poison.</summary>
    public LlvmValue Freeze(LlvmValue value, string name = "") => LlvmApi.LLVMBuildFreeze(_builder, value, name);

    /// <summary>Any conversion.</summary>
    public LlvmValue Cast(LlvmCast operation, LlvmValue value, LlvmType type, string name = "") =>
        LlvmApi.LLVMBuildCast(_builder, operation, value, type, name);

    public LlvmValue Trunc(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.Trunc, value, type, name);

    public LlvmValue ZExt(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.ZExt, value, type, name);

    public LlvmValue SExt(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.SExt, value, type, name);

    public LlvmValue FPToSI(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.FPToSI, value, type, name);

    public LlvmValue FPToUI(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.FPToUI, value, type, name);

    public LlvmValue SIToFP(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.SIToFP, value, type, name);

    public LlvmValue UIToFP(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.UIToFP, value, type, name);

    public LlvmValue FPTrunc(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.FPTrunc, value, type, name);

    public LlvmValue FPExt(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.FPExt, value, type, name);

    public LlvmValue PtrToInt(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.PtrToInt, value, type, name);

    public LlvmValue IntToPtr(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.IntToPtr, value, type, name);

    public LlvmValue BitCast(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.BitCast, value, type, name);

    public LlvmValue AddrSpaceCast(LlvmValue value, LlvmType type, string name = "") => Cast(LlvmCast.AddrSpaceCast, value, type, name);

    /// <summary>Widens, narrows or keeps an integer, by the widths.</summary>
    public LlvmValue IntCast(LlvmValue value, LlvmType type, bool signed, string name = "") =>
        LlvmApi.LLVMBuildIntCast2(_builder, value, type, signed ? 1 : 0, name);

    /// <summary>Widens, narrows or keeps a floating-point number, by the widths. Not between the two 16-bit formats: go through f32.</summary>
    public LlvmValue FPCast(LlvmValue value, LlvmType type, string name = "") => LlvmApi.LLVMBuildFPCast(_builder, value, type, name);

    private static void SetPromises(LlvmValue value, LlvmBinary operation, LlvmWrap promises)
    {
        // LLVM casts without looking: a flag on an instruction of another kind is undefined behaviour.
        LlvmWrap allowed = operation switch
        {
            LlvmBinary.Add or LlvmBinary.Sub or LlvmBinary.Mul or LlvmBinary.Shl => LlvmWrap.NoSigned | LlvmWrap.NoUnsigned,
            LlvmBinary.UDiv or LlvmBinary.SDiv or LlvmBinary.LShr or LlvmBinary.AShr => LlvmWrap.Exact,
            _ => LlvmWrap.None,
        };
        if ((promises & ~allowed) != 0)
        {
            throw new LlvmException($"{operation} cannot promise {promises & ~allowed}");
        }

        if (promises.HasFlag(LlvmWrap.NoUnsigned))
        {
            LlvmApi.LLVMSetNUW(value, 1);
        }

        if (promises.HasFlag(LlvmWrap.NoSigned))
        {
            LlvmApi.LLVMSetNSW(value, 1);
        }

        if (promises.HasFlag(LlvmWrap.Exact))
        {
            LlvmApi.LLVMSetExact(value, 1);
        }
    }
}
