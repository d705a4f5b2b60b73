namespace Unified.Native;

/// <summary>The kinds of LLVM type.</summary>
public enum LlvmTypeKind
{
    Void,
    Half,
    Float,
    Double,
    X86Fp80,
    Fp128,
    PpcFp128,
    Label,
    Integer,
    Function,
    Struct,
    Array,
    Pointer,
    Vector,
    Metadata,
    X86Mmx,
    Token,
    ScalableVector,
    BFloat,
    X86Amx,
    TargetExtension,
}

/// <summary>A type of a context. Equal types are the same pointer.</summary>
public readonly unsafe record struct LlvmType(nint Pointer)
{
    /// <summary>The context that owns the type.</summary>
    public LlvmContext Context => LlvmApi.LLVMGetTypeContext(this);

    public LlvmTypeKind Kind => LlvmApi.LLVMGetTypeKind(this);

    public bool IsVector => Kind == LlvmTypeKind.Vector;

    /// <summary>Whether it is a floating-point number or a vector of them.</summary>
    public bool IsFloatingPoint => Scalar.Kind is LlvmTypeKind.Half or LlvmTypeKind.BFloat or LlvmTypeKind.Float or LlvmTypeKind.Double;

    /// <summary>Whether it is an integer or a vector of them.</summary>
    public bool IsInteger => Scalar.Kind == LlvmTypeKind.Integer;

    /// <summary>A vector's element type, and any other type itself.</summary>
    public LlvmType Scalar => IsVector ? Element : this;

    /// <summary>The element type of a vector or array.</summary>
    public LlvmType Element => LlvmApi.LLVMGetElementType(this);

    /// <summary>The number of lanes of a vector, and 1 for any other type.</summary>
    public int Lanes => IsVector ? (int)LlvmApi.LLVMGetVectorSize(this) : 1;

    /// <summary>The number of elements of an array.</summary>
    public ulong ArrayLength => LlvmApi.LLVMGetArrayLength2(this);

    /// <summary>The width of an integer type in bits.</summary>
    public int IntegerBits => (int)LlvmApi.LLVMGetIntTypeWidth(this);

    /// <summary>The address space of a pointer type.</summary>
    public int AddressSpace => (int)LlvmApi.LLVMGetPointerAddressSpace(this);

    /// <summary>The number of fields of a struct type.</summary>
    public int FieldCount => (int)LlvmApi.LLVMCountStructElementTypes(this);

    /// <summary>What a function of this type returns.</summary>
    public LlvmType Return => LlvmApi.LLVMGetReturnType(this);

    /// <summary>The parameter types of a function type.</summary>
    public LlvmType[] Parameters
    {
        get
        {
            LlvmType[] types = new LlvmType[LlvmApi.LLVMCountParamTypes(this)];
            fixed (LlvmType* first = types)
            {
                LlvmApi.LLVMGetParamTypes(this, first);
            }

            return types;
        }
    }

    /// <summary>Zero, false or the null pointer.</summary>
    public LlvmValue Zero => LlvmApi.LLVMConstNull(this);

    /// <summary>All bits set.</summary>
    public LlvmValue AllOnes => LlvmApi.LLVMConstAllOnes(this);

    /// <summary>A value of which nothing is promised and whose use poisons the result.</summary>
    public LlvmValue Poison => LlvmApi.LLVMGetPoison(this);

    public LlvmValue Undef => LlvmApi.LLVMGetUndef(this);

    /// <summary>The vector of <paramref name="lanes"/> elements of this type.</summary>
    public LlvmType Vector(int lanes) => LlvmApi.LLVMVectorType(this, checked((uint)lanes));

    /// <summary>The same number of lanes as <paramref name="shape"/>, of this type: a scalar for a scalar.</summary>
    public LlvmType Like(LlvmType shape) => shape.IsVector ? Vector(shape.Lanes) : this;

    public LlvmType Array(ulong length) => LlvmApi.LLVMArrayType2(this, length);

    public LlvmType Field(int index) => LlvmApi.LLVMStructGetTypeAtIndex(this, checked((uint)index));

    /// <summary>An integer constant, in all lanes if this is a vector. Bits beyond the type's width are dropped.</summary>
    public LlvmValue Int(long value) => LlvmApi.LLVMConstInt(Scalar, unchecked((ulong)value), 1).Splat(this);

    /// <summary>A floating-point constant rounded to the type, in all lanes if this is a vector.</summary>
    public LlvmValue Real(double value) => LlvmApi.LLVMConstReal(Scalar, value).Splat(this);

    /// <summary>A floating-point constant given by its bits (float, double, half or bfloat), in all lanes if this is a vector.</summary>
    public LlvmValue RealFromBits(long bits)
    {
        LlvmType scalar = Scalar;
        int width = scalar.Kind switch
        {
            LlvmTypeKind.Half or LlvmTypeKind.BFloat => 16,
            LlvmTypeKind.Float => 32,
            LlvmTypeKind.Double => 64,
            _ => throw new LlvmException($"{this} is not a floating-point type"),
        };
        return LlvmApi.LLVMConstBitCast(Context.Int(width).Int(bits), scalar).Splat(this);
    }

    /// <summary>A constant array of this element type.</summary>
    public LlvmValue ConstantArray(params ReadOnlySpan<LlvmValue> elements)
    {
        fixed (LlvmValue* first = elements)
        {
            return LlvmApi.LLVMConstArray2(this, first, (ulong)elements.Length);
        }
    }

    public override string ToString() => Pointer == 0 ? "null" : LlvmText.Take(LlvmApi.LLVMPrintTypeToString(this));
}
