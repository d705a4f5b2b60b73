namespace Unified.Native;

/// <summary>Makes instructions at one place of one block. An operation on constants becomes a constant.</summary>
/// <remarks>
/// This file: where it builds, and control flow. Arithmetic, memory and vectors are in the files beside it. Names given to
/// instructions only make printed IR readable.
/// </remarks>
public sealed unsafe partial class LlvmBuilder : IDisposable
{
    private readonly nint _builder;
    private bool _disposed;

    /// <summary>A builder that has no place yet.</summary>
    public LlvmBuilder(LlvmContext context)
    {
        Context = context;
        _builder = LlvmApi.LLVMCreateBuilderInContext(context);
    }

    public LlvmContext Context { get; }

    /// <summary>Flags for every floating-point instruction that is made from now on. <c>Contract</c> lets a product and a sum fuse.</summary>
    public LlvmFastMath FastMath { get; set; }

    /// <summary>The block that instructions go to.</summary>
    public LlvmBlock Block => LlvmApi.LLVMGetInsertBlock(_builder);

    /// <summary>The function that instructions go to.</summary>
    public LlvmFunction Function => Block.Function;

    /// <summary>Goes to the end of a block.</summary>
    public void PositionAtEnd(LlvmBlock block) => LlvmApi.LLVMPositionBuilderAtEnd(_builder, block);

    /// <summary>Goes to just before an instruction.</summary>
    public void PositionBefore(LlvmValue instruction) => LlvmApi.LLVMPositionBuilderBefore(_builder, instruction);

    /// <summary>Takes an instruction from where it is in the function and puts it where the builder is.</summary>
    public void Move(LlvmValue instruction)
    {
        LlvmApi.LLVMInstructionRemoveFromParent(instruction);
        LlvmApi.LLVMInsertIntoBuilder(_builder, instruction);
    }

    /// <summary>Jumps.</summary>
    public LlvmValue Br(LlvmBlock target) => LlvmApi.LLVMBuildBr(_builder, target);

    /// <summary>Jumps by a condition of type i1.</summary>
    public LlvmValue CondBr(LlvmValue condition, LlvmBlock then, LlvmBlock otherwise) =>
        LlvmApi.LLVMBuildCondBr(_builder, condition, then, otherwise);

    /// <summary>Jumps by an integer.</summary>
    public LlvmValue Switch(LlvmValue value, LlvmBlock otherwise, params ReadOnlySpan<(long Value, LlvmBlock Target)> cases)
    {
        LlvmType type = value.Type;
        LlvmValue instruction = LlvmApi.LLVMBuildSwitch(_builder, value, otherwise, (uint)cases.Length);
        foreach ((long constant, LlvmBlock target) in cases)
        {
            LlvmApi.LLVMAddCase(instruction, type.Int(constant), target);
        }

        return instruction;
    }

    /// <summary>A value by predecessor block; must come before the block's other instructions.</summary>
    public LlvmPhi Phi(LlvmType type, string name = "") => new(WithFastMath(LlvmApi.LLVMBuildPhi(_builder, type, name)).Pointer);

    public LlvmValue Ret(LlvmValue value) => LlvmApi.LLVMBuildRet(_builder, value);

    public LlvmValue RetVoid() => LlvmApi.LLVMBuildRetVoid(_builder);

    /// <summary>Promises that control does not come here.</summary>
    public LlvmValue Unreachable() => LlvmApi.LLVMBuildUnreachable(_builder);

    public LlvmValue Call(LlvmFunction function, params ReadOnlySpan<LlvmValue> arguments)
    {
        LlvmValue call = Call(function.Type, function, arguments);

        // A call whose convention differs from the function's is undefined behaviour, which passes turn into `unreachable`.
        if (function.CallingConvention != LlvmCallingConvention.C)
        {
            LlvmApi.LLVMSetInstructionCallConv(call, (uint)function.CallingConvention);
        }

        return call;
    }

    /// <summary>Calls a pointer or inline assembly as a function of the given type.</summary>
    public LlvmValue Call(LlvmType type, LlvmValue callee, params ReadOnlySpan<LlvmValue> arguments)
    {
        fixed (LlvmValue* first = arguments)
        {
            return WithFastMath(LlvmApi.LLVMBuildCall2(_builder, type, callee, first, (uint)arguments.Length, string.Empty));
        }
    }

    /// <summary>Calls an intrinsic that every target has, or one of the selected GPU target; see <see cref="LlvmModule.Intrinsic(string, ReadOnlySpan{LlvmType})"/>.</summary>
    public LlvmValue CallIntrinsic(string name, ReadOnlySpan<LlvmType> overloads, params ReadOnlySpan<LlvmValue> arguments) =>
        Call(Function.Module.Intrinsic(name, overloads), arguments);

    /// <summary>Calls an intrinsic of x86, after checking that the target has it.</summary>
    public LlvmValue CallIntrinsic(TargetCpu target, string name, ReadOnlySpan<LlvmType> overloads, params ReadOnlySpan<LlvmValue> arguments) =>
        Call(Function.Module.Intrinsic(target, name, overloads), arguments);

    /// <summary>Frees the builder; what it built stays.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            LlvmApi.LLVMDisposeBuilder(_builder);
        }
    }

    private LlvmValue WithFastMath(LlvmValue value)
    {
        if (FastMath != LlvmFastMath.None)
        {
            value.FastMath = FastMath;
        }

        return value;
    }
}
