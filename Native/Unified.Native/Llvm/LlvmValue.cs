namespace Unified.Native;

/// <summary>Anything that an instruction can have as operand: a constant, parameter, instruction, global, function or block.</summary>
public readonly unsafe record struct LlvmValue(nint Pointer)
{
    public bool IsNull => Pointer == 0;

    public LlvmType Type => LlvmApi.LLVMTypeOf(this);

    public bool IsConstant => LlvmApi.LLVMIsConstant(this) != 0;

    /// <summary>Whether it is an instruction: the builder folds operations on constants into constants.</summary>
    public bool IsInstruction => LlvmApi.LLVMIsAInstruction(this).Pointer != 0;

    /// <summary>The constant's value, sign-extended, or null if this is not an integer constant of at most 64 bits.</summary>
    public long? ConstantInt =>
        LlvmApi.LLVMIsAConstantInt(this).Pointer != 0 && Type.IntegerBits <= 64 ? LlvmApi.LLVMConstIntGetSExtValue(this) : null;

    public int OperandCount => LlvmApi.LLVMGetNumOperands(this);

    /// <summary>The name in printed IR, without its sign; LLVM adds a number to a name that is taken.</summary>
    public string Name
    {
        get
        {
            nuint length;
            byte* text = LlvmApi.LLVMGetValueName2(this, &length);
            return LlvmText.Copy(text, length);
        }
        set => LlvmApi.LLVMSetValueName2(this, value, LlvmText.Length(value));
    }

    /// <summary>The alignment in bytes of a load, store, alloca or global.</summary>
    public int Alignment
    {
        get => (int)LlvmApi.LLVMGetAlignment(this);
        set => LlvmApi.LLVMSetAlignment(this, checked((uint)value));
    }

    /// <summary>The fast-math flags of a floating-point instruction. Setting them on anything else does nothing.</summary>
    public LlvmFastMath FastMath
    {
        get => UsesFastMath ? LlvmApi.LLVMGetFastMathFlags(this) : LlvmFastMath.None;
        set
        {
            if (UsesFastMath)
            {
                LlvmApi.LLVMSetFastMathFlags(this, value);
            }
        }
    }

    /// <summary>LLVM casts without looking: the flags of a folded constant are undefined behaviour.</summary>
    private bool UsesFastMath => IsInstruction && LlvmApi.LLVMCanValueUseFastMathFlags(this) != 0;

    /// <summary>Inline assembly, to be called as a function of the given type.</summary>
    /// <param name="type">The function type.</param>
    /// <param name="text">The instructions, with <c>$0</c>, <c>$1</c> … for the operands.</param>
    /// <param name="constraints">LLVM's constraint string, outputs first.</param>
    /// <param name="sideEffects">Whether it must stay where it is even if its result is not used.</param>
    public static LlvmValue InlineAssembly(LlvmType type, string text, string constraints, bool sideEffects) =>
        LlvmApi.LLVMGetInlineAsm(type, text, LlvmText.Length(text), constraints, LlvmText.Length(constraints), sideEffects ? 1 : 0, 0, 0, 0);

    /// <summary>A constant vector.</summary>
    public static LlvmValue ConstantVector(params ReadOnlySpan<LlvmValue> lanes)
    {
        fixed (LlvmValue* first = lanes)
        {
            return LlvmApi.LLVMConstVector(first, (uint)lanes.Length);
        }
    }

    public LlvmValue Operand(int index) => LlvmApi.LLVMGetOperand(this, checked((uint)index));

    public void ReplaceAllUsesWith(LlvmValue other) => LlvmApi.LLVMReplaceAllUsesWith(this, other);

    /// <summary>Removes an instruction that has no uses.</summary>
    public void Erase() => LlvmApi.LLVMInstructionEraseFromParent(this);

    public void SetVolatile() => LlvmApi.LLVMSetVolatile(this, 1);

    /// <summary>Promises that the operand of a zext or uitofp is not negative.</summary>
    public void SetNonNegative()
    {
        if (IsInstruction)
        {
            LlvmApi.LLVMSetNNeg(this, 1);
        }
    }

    /// <summary>Attaches a node to an instruction.</summary>
    /// <param name="kind">The kind's name, such as "alias.scope".</param>
    /// <param name="node">The node.</param>
    public void SetMetadata(string kind, LlvmMetadata node)
    {
        LlvmContext context = Type.Context;
        LlvmApi.LLVMSetMetadata(this, context.MetadataKind(kind), LlvmApi.LLVMMetadataAsValue(context, node));
    }

    /// <summary>Makes a store (or load) bypass the caches. Pays only for memory-bound kernels whose output is well past the last cache.</summary>
    public void SetNonTemporal()
    {
        LlvmContext context = Type.Context;
        SetMetadata("nontemporal", context.Node(context.Int(32).Int(1).AsMetadata()));
    }

    /// <summary>Attaches loop hints; this is the branch back to the loop's head.</summary>
    public void SetLoopHints(LlvmLoopHints hints) => SetMetadata("llvm.loop", LlvmMetadata.Loop(Type.Context, hints));

    /// <summary>Adds an attribute to a call itself.</summary>
    public void AddCallAttribute(LlvmAttribute attribute) => LlvmApi.LLVMAddCallSiteAttribute(this, LlvmAttribute.FunctionIndex, attribute);

    public LlvmMetadata AsMetadata() => LlvmApi.LLVMValueAsMetadata(this);

    /// <summary>A scalar constant as a constant of <paramref name="type"/>: repeated in every lane of a vector.</summary>
    internal LlvmValue Splat(LlvmType type)
    {
        if (!type.IsVector)
        {
            return this;
        }

        LlvmValue[] all = new LlvmValue[type.Lanes];
        Array.Fill(all, this);
        return ConstantVector(all);
    }

    public override string ToString() => Pointer == 0 ? "null" : LlvmText.Take(LlvmApi.LLVMPrintValueToString(this)).Trim();
}
