namespace Unified.Native.Tests;

/// <summary>Small modules that several tests use.</summary>
internal static class Kernels
{
    /// <summary>y[i] = x[i] · w[i] + y[i] over n blocks of 16 floats.</summary>
    internal static LlvmModule Axpy(LlvmContext context, TargetCpu target, LlvmLoopHints hints = LlvmLoopHints.NoUnroll)
    {
        LlvmType ptr = context.Ptr, i64 = context.I64, vector = context.F32.Vector(16);
        LlvmModule module = context.CreateModule("axpy");
        LlvmFunction function = module.AddFunction("axpy", context.Function(context.Void, ptr, ptr, ptr, i64));
        function.SetTarget(target);
        function.AddAttribute("nounwind");
        for (int i = 0; i < 3; i++)
        {
            function.AddParameterAttribute(i, "noalias");
            function.AddParameterAttribute(i, "nonnull");
            function.AddParameterAttribute(i, "align", 64);
        }

        LlvmBlock entry = function.AppendBlock("entry"), loop = function.AppendBlock("loop"), exit = function.AppendBlock("exit");
        using LlvmBuilder b = context.CreateBuilder();
        b.FastMath = LlvmFastMath.Contract;
        b.PositionAtEnd(entry);
        b.CondBr(b.ICmp(LlvmIntPredicate.Sgt, function.Parameter(3), i64.Zero), loop, exit);

        b.PositionAtEnd(loop);
        LlvmPhi i0 = b.Phi(i64, "i");
        LlvmValue y = b.Gep(vector, function.Parameter(2), i0);
        LlvmValue product = b.FMul(b.Load(vector, b.Gep(vector, function.Parameter(0), i0), 64), b.Load(vector, b.Gep(vector, function.Parameter(1), i0), 64));
        b.Store(b.FAdd(product, b.Load(vector, y, 64)), y, 64).SetNonTemporal();
        LlvmValue next = b.Add(i0, i64.Int(1), LlvmWrap.NoSigned | LlvmWrap.NoUnsigned, "next");
        i0.AddIncoming(i64.Zero, entry);
        i0.AddIncoming(next, loop);
        b.CondBr(b.ICmp(LlvmIntPredicate.Slt, next, function.Parameter(3)), loop, exit).SetLoopHints(hints);

        b.PositionAtEnd(exit);
        b.RetVoid();
        return module;
    }

    /// <summary>A function "f" of one block, whose body is given.</summary>
    internal static LlvmModule Function(LlvmContext context, LlvmType result, LlvmType[] parameters, Func<LlvmBuilder, LlvmFunction, LlvmValue> body)
    {
        LlvmModule module = context.CreateModule("test");
        LlvmFunction function = module.AddFunction("f", context.Function(result, parameters));
        using LlvmBuilder b = context.CreateBuilder();
        b.PositionAtEnd(function.AppendBlock("entry"));
        LlvmValue value = body(b, function);
        if (result.Kind == LlvmTypeKind.Void)
        {
            b.RetVoid();
        }
        else
        {
            b.Ret(value);
        }

        return module;
    }
}
