namespace Unified.Native.Tests;

public sealed class LlvmBuilderTests
{
    [Fact]
    public void Each_binary_operation_and_conversion_has_its_number()
    {
        using LlvmContext context = LlvmContext.Create();
        foreach (LlvmBinary operation in Enum.GetValues<LlvmBinary>())
        {
            string name = operation.ToString();
            LlvmType type = name[0] == 'F' ? context.F32 : context.I32;
            LlvmModule module = Kernels.Function(context, type, [type, type], (b, f) => b.Binary(operation, f.Parameter(0), f.Parameter(1)));
            module.Verify();
            Assert.Contains($"= {name.ToLowerInvariant()} {type}", module.ToString(), StringComparison.Ordinal);
        }

        (LlvmCast Operation, LlvmType From, LlvmType To)[] casts =
        [
            (LlvmCast.Trunc, context.I64, context.I8), (LlvmCast.ZExt, context.I8, context.I64), (LlvmCast.SExt, context.I8, context.I64),
            (LlvmCast.FPToUI, context.F32, context.I32), (LlvmCast.FPToSI, context.F32, context.I32),
            (LlvmCast.UIToFP, context.I32, context.F32), (LlvmCast.SIToFP, context.I32, context.F32),
            (LlvmCast.FPTrunc, context.F32, context.BF16), (LlvmCast.FPExt, context.F16, context.F32),
            (LlvmCast.PtrToInt, context.Ptr, context.I64), (LlvmCast.IntToPtr, context.I64, context.Ptr),
            (LlvmCast.BitCast, context.F32, context.I32), (LlvmCast.AddrSpaceCast, context.Ptr, context.PtrIn(1)),
        ];
        Assert.Equal(Enum.GetValues<LlvmCast>(), casts.Select(c => c.Operation).Order());
        foreach ((LlvmCast operation, LlvmType from, LlvmType to) in casts)
        {
            LlvmModule module = Kernels.Function(context, to, [from], (b, f) => b.Cast(operation, f.Parameter(0), to));
            module.Verify();
            Assert.Contains($"= {operation.ToString().ToLowerInvariant()} {from}", module.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Each_predicate_has_its_number()
    {
        using LlvmContext context = LlvmContext.Create();
        foreach (LlvmIntPredicate predicate in Enum.GetValues<LlvmIntPredicate>())
        {
            LlvmModule module = Kernels.Function(
                context, context.I1, [context.I32, context.I32], (b, f) => b.ICmp(predicate, f.Parameter(0), f.Parameter(1)));
            Assert.Contains($"icmp {predicate.ToString().ToLowerInvariant()} i32", module.ToString(), StringComparison.Ordinal);
        }

        foreach (LlvmRealPredicate predicate in Enum.GetValues<LlvmRealPredicate>())
        {
            LlvmModule module = Kernels.Function(
                context, context.I1, [context.F32, context.F32], (b, f) => b.FCmp(predicate, f.Parameter(0), f.Parameter(1)));
            Assert.Contains($"fcmp {predicate.ToString().ToLowerInvariant()} float", module.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_instruction_moves_to_where_the_builder_is()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmModule module = Kernels.Function(context, context.I32, [context.I32], (b, f) =>
        {
            LlvmValue first = b.Add(f.Parameter(0), context.I32.Int(1)), second = b.Mul(f.Parameter(0), context.I32.Int(3));
            b.Move(first);
            Assert.Equal([second, first], b.Block.Instructions);
            return b.Sub(first, second);
        });
        module.Verify();
    }

    [Fact]
    public void Fast_math_flags_go_to_instructions_only()
    {
        using LlvmContext context = LlvmContext.Create();
        string text = Kernels.Function(context, context.F32, [context.F32], (b, f) =>
        {
            b.FastMath = LlvmFastMath.Contract | LlvmFastMath.Reassociate;
            LlvmValue folded = b.FAdd(context.F32.Real(1), context.F32.Real(2));
            Assert.True(folded.IsConstant);
            return b.FAdd(f.Parameter(0), folded);
        }).ToString();
        Assert.Contains("fadd reassoc contract float %0, 3.0", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Promises_are_kept_to_operations_that_have_them()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmType i32 = context.I32;
        string text = Kernels.Function(context, i32, [i32, i32], (b, f) =>
        {
            Assert.Throws<LlvmException>(() => b.Binary(LlvmBinary.And, f.Parameter(0), f.Parameter(1), LlvmWrap.NoSigned));
            return b.UDiv(b.Mul(f.Parameter(0), f.Parameter(1), LlvmWrap.NoUnsigned), f.Parameter(1), LlvmWrap.Exact);
        }).ToString();
        Assert.Contains("mul nuw i32", text, StringComparison.Ordinal);
        Assert.Contains("udiv exact i32", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Constants_print_as_given()
    {
        using LlvmContext context = LlvmContext.Create();
        Assert.Equal("i8 -1", context.I8.Int(255).ToString());
        Assert.Equal(-7, context.I64.Int(-7).ConstantInt);
        Assert.Equal("<1 x float> <float 5.000000e-01>", context.F32.Vector(1).Real(0.5).ToString());
        Assert.Equal("bfloat 0xR3F80", context.BF16.RealFromBits(0x3f80).ToString());
        Assert.Equal("double 1.000000e+00", context.F64.RealFromBits(BitConverter.DoubleToInt64Bits(1)).ToString());
        Assert.Equal("[2 x i32] [i32 1, i32 2]", context.I32.ConstantArray(context.I32.Int(1), context.I32.Int(2)).ToString());
        Assert.Equal("{ i8, float } { i8 3, float 0.000000e+00 }", context.ConstantStruct(context.I8.Int(3), context.F32.Zero).ToString());
    }

    [Fact]
    public void Vectors_and_memory_verify()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmType vector = context.F32.Vector(8);
        LlvmModule module = Kernels.Function(context, context.F32, [context.Ptr, context.F32], (b, f) =>
        {
            LlvmValue stack = b.Alloca(context.F32.Array(8), 32, "room");
            b.MemCpy(stack, 32, f.Parameter(0), 4, context.I64.Int(32));
            b.MemSet(f.Parameter(0), 4, context.I8.Zero, context.I64.Int(32));
            b.Prefetch(f.Parameter(0), write: true);
            LlvmValue loaded = b.Load(vector, stack, 32);
            LlvmValue mask = b.ICmp(LlvmIntPredicate.Ult, b.Iota(context.I32, 8), b.Splat(context.I32.Int(5), 8));
            LlvmValue masked = b.MaskedLoad(vector, b.Offset(f.Parameter(0), 16), 4, mask, vector.Zero);
            b.MaskedStore(masked, b.GepUnchecked(context.F32, f.Parameter(0), context.I64.Int(-8)), 4, mask);
            LlvmValue sum = b.Fma(loaded, b.Splat(f.Parameter(1), 8), b.Permute(masked, 7, 6, 5, 4, 3, 2, 1, -1));
            LlvmValue swapped = b.Shuffle(sum, masked, 0, 8, 1, 9, 2, 10, 3, 11);
            swapped = b.InsertElement(swapped, b.ExtractElement(swapped, 3), 2);
            b.FastMath = LlvmFastMath.Reassociate;
            return b.Reduce("fadd", swapped, context.F32.Real(-0.0));
        });
        module.Verify();
        using LlvmTargetMachine machine = LlvmTargetMachine.CreateX64(TargetCpu.X64V3);
        module.SetTarget(machine);
        Assert.NotEmpty(machine.EmitObject(module));
    }

    [Fact]
    public void Control_flow_verifies()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmModule module = context.CreateModule("m");
        LlvmFunction f = module.AddFunction("f", context.Function(context.I32, context.I32));
        LlvmBlock entry = f.AppendBlock("entry"), one = f.AppendBlock("one"), other = f.AppendBlock("other"), exit = f.AppendBlock("exit");
        using LlvmBuilder b = context.CreateBuilder();
        b.PositionAtEnd(entry);
        b.Switch(f.Parameter(0), other, (1, one), (2, exit));
        b.PositionAtEnd(one);
        b.Br(exit);
        b.PositionAtEnd(other);
        b.Unreachable();
        b.PositionAtEnd(exit);
        LlvmPhi phi = b.Phi(context.I32);
        phi.AddIncoming(context.I32.Int(2), entry);
        phi.AddIncoming(context.I32.Int(1), one);
        b.Ret(b.Call(f, phi));
        module.Verify();
        Assert.NotNull(entry.Terminator);
        Assert.Equal(3, exit.Instructions.Count);
    }
}
