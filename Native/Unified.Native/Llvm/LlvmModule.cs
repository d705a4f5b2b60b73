namespace Unified.Native;

/// <summary>A unit of compilation: functions and globals. Owned by its context.</summary>
public readonly unsafe record struct LlvmModule(nint Pointer) : IDisposable
{
    private const int ReturnStatus = 2;

    public LlvmContext Context => LlvmApi.LLVMGetModuleContext(this);

    public string Name
    {
        get
        {
            nuint length;
            byte* text = LlvmApi.LLVMGetModuleIdentifier(this, &length);
            return LlvmText.Copy(text, length);
        }
    }

    public string Triple => LlvmText.Copy(LlvmApi.LLVMGetTarget(this));

    public string DataLayout => LlvmText.Copy(LlvmApi.LLVMGetDataLayoutStr(this));

    /// <summary>The module's functions, declarations included, in order.</summary>
    public IReadOnlyList<LlvmFunction> Functions
    {
        get
        {
            List<LlvmFunction> functions = [];
            for (LlvmValue f = LlvmApi.LLVMGetFirstFunction(this); !f.IsNull; f = LlvmApi.LLVMGetNextFunction(f))
            {
                functions.Add(new LlvmFunction(f.Pointer));
            }

            return functions;
        }
    }

    /// <summary>Adds a function, without a body yet.</summary>
    public LlvmFunction AddFunction(string name, LlvmType type) => new(LlvmApi.LLVMAddFunction(this, name, type).Pointer);

    /// <summary>The function of that name, or null.</summary>
    public LlvmFunction? FindFunction(string name)
    {
        LlvmValue found = LlvmApi.LLVMGetNamedFunction(this, name);
        return found.IsNull ? null : new LlvmFunction(found.Pointer);
    }

    /// <summary>Adds a global variable, without a value yet.</summary>
    public LlvmGlobal AddGlobal(string name, LlvmType type, int addressSpace = 0) =>
        new(LlvmApi.LLVMAddGlobalInAddressSpace(this, type, name, checked((uint)addressSpace)).Pointer);

    /// <summary>The global of that name, or null.</summary>
    public LlvmGlobal? FindGlobal(string name)
    {
        LlvmValue found = LlvmApi.LLVMGetNamedGlobal(this, name);
        return found.IsNull ? null : new LlvmGlobal(found.Pointer);
    }

    /// <summary>Declares an intrinsic that every target has, or one of the selected GPU target.</summary>
    /// <param name="name">The name without type suffix, such as "llvm.fma".</param>
    /// <param name="overloads">The types that the suffix stands for.</param>
    /// <exception cref="LlvmException">Unknown name, wrong number of overload types, or an intrinsic of x86.</exception>
    public LlvmFunction Intrinsic(string name, params ReadOnlySpan<LlvmType> overloads) =>
        LlvmIntrinsics.Declare(this, null, name, overloads);

    /// <summary>Declares an intrinsic after checking that the target has the instructions it stands for.</summary>
    /// <param name="target">The machine that the module is compiled for.</param>
    /// <param name="name">The name without type suffix, such as "llvm.x86.avx512bf16.dpbf16ps.512".</param>
    /// <param name="overloads">The types that the suffix stands for.</param>
    /// <exception cref="LlvmException">Unknown name, wrong number of overload types, or a feature that the target lacks.</exception>
    public LlvmFunction Intrinsic(TargetCpu target, string name, params ReadOnlySpan<LlvmType> overloads) =>
        LlvmIntrinsics.Declare(this, target, name, overloads);

    /// <summary>Appends a node to a named list of the module, such as "nvvm.annotations".</summary>
    public void AddNamedMetadata(string name, LlvmMetadata node) =>
        LlvmApi.LLVMAddNamedMetadataOperand(this, name, LlvmApi.LLVMMetadataAsValue(Context, node));

    /// <summary>Sets triple and data layout to the machine's. Do this before building pointer arithmetic or allocas.</summary>
    public void SetTarget(LlvmTargetMachine machine)
    {
        LlvmApi.LLVMSetTarget(this, machine.Triple);
        nint layout = LlvmApi.LLVMCreateTargetDataLayout(machine);
        LlvmApi.LLVMSetModuleDataLayout(this, layout);
        LlvmApi.LLVMDisposeTargetData(layout);
    }

    /// <summary>Checks the whole module.</summary>
    /// <exception cref="LlvmException">The module is not well-formed; the message lists every finding.</exception>
    public void Verify()
    {
        byte* message = null;
        bool broken = LlvmApi.LLVMVerifyModule(this, ReturnStatus, &message) != 0;
        string text = LlvmText.Take(message).Trim();
        if (broken)
        {
            throw new LlvmException($"LLVM IR of module '{Name}' does not verify: {text}");
        }
    }

    /// <summary>Runs a pipeline of LLVM's new pass manager, such as "function(early-cse,loop-mssa(licm))". Verifies first.</summary>
    /// <exception cref="LlvmException">The module does not verify, or the pipeline does not parse.</exception>
    public void RunPasses(string pipeline, LlvmTargetMachine machine = default, LlvmPassOptions? options = null)
    {
        Verify();
        LlvmDiagnostics.Clear();
        nint native = (options ?? LlvmPassOptions.Default).ToNative();
        nint error = LlvmApi.LLVMRunPasses(this, pipeline, machine, native);
        LlvmApi.LLVMDisposePassBuilderOptions(native);
        if (error != 0)
        {
            byte* message = LlvmApi.LLVMGetErrorMessage(error);
            string text = LlvmText.Copy(message);
            LlvmApi.LLVMDisposeErrorMessage(message);
            throw new LlvmException($"LLVM pipeline '{pipeline}': {text}");
        }

        LlvmDiagnostics.ThrowIfAny($"running '{pipeline}'");
    }

    /// <summary>A copy in the same context. Emission changes a module: copy first to emit twice.</summary>
    public LlvmModule Copy() => LlvmApi.LLVMCloneModule(this);

    /// <summary>Frees the module before its context is.</summary>
    public void Dispose() => LlvmApi.LLVMDisposeModule(this);

    /// <summary>The text form, which <see cref="LlvmContext.Parse"/> reads back.</summary>
    public override string ToString() => LlvmText.Take(LlvmApi.LLVMPrintModuleToString(this));
}
