namespace Unified.Native.Tests;

public sealed class LlvmModuleTests
{
    [Fact]
    public void The_text_form_parses_back()
    {
        using LlvmContext context = LlvmContext.Create();
        string text = Kernels.Axpy(context, TargetCpu.X64V4).ToString();
        LlvmModule parsed = context.Parse(text);
        parsed.Verify();
        Assert.Equal(Body(text), Body(parsed.ToString()));
    }

    [Fact]
    public void Text_that_does_not_parse_is_an_exception()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmException e = Assert.Throws<LlvmException>(() => context.Parse("define void @f() {\n  nonsense\n}"));
        Assert.Contains("expected instruction opcode", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ir_that_does_not_verify_is_an_exception_everywhere()
    {
        using LlvmContext context = LlvmContext.Create();
        using LlvmTargetMachine machine = LlvmTargetMachine.CreateX64(TargetCpu.X64V3);
        LlvmModule module = context.CreateModule("broken");
        module.AddFunction("f", context.Function(context.Void)).AppendBlock("entry");
        LlvmException e = Assert.Throws<LlvmException>(module.Verify);
        Assert.Contains("'broken'", e.Message, StringComparison.Ordinal);
        Assert.Contains("does not have terminator", e.Message, StringComparison.Ordinal);
        Assert.Throws<LlvmException>(() => machine.EmitObject(module));
        Assert.Throws<LlvmException>(() => module.RunPasses("default<O1>"));
    }

    [Fact]
    public void An_unknown_pass_is_an_exception()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmException e = Assert.Throws<LlvmException>(() => context.CreateModule("m").RunPasses("no-such-pass"));
        Assert.Contains("no-such-pass", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Attributes_and_metadata_are_in_the_text()
    {
        using LlvmContext context = LlvmContext.Create();
        string text = Kernels.Axpy(context, TargetCpu.X64V4, LlvmLoopHints.NoUnroll | LlvmLoopHints.NoVectorize).ToString();
        Assert.Contains("ptr noalias nonnull align 64 %0", text, StringComparison.Ordinal);
        Assert.Contains("\"prefer-vector-width\"=\"512\"", text, StringComparison.Ordinal);
        Assert.Contains("\"target-cpu\"=\"x86-64-v4\"", text, StringComparison.Ordinal);
        Assert.Contains("!nontemporal", text, StringComparison.Ordinal);
        Assert.Contains("!\"llvm.loop.unroll.disable\"", text, StringComparison.Ordinal);
        Assert.Contains("!\"llvm.loop.vectorize.enable\", i1 false", text, StringComparison.Ordinal);
        Assert.Matches(@"!(\d+) = distinct !\{!\1, ", text);
        Assert.Throws<LlvmException>(() => LlvmAttribute.Create(context, "no-such-attribute"));
    }

    [Fact]
    public void Alias_scopes_verify()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmMetadata domain = LlvmMetadata.AliasDomain(context, "kernel");
        LlvmMetadata a = LlvmMetadata.AliasScope(context, domain, "a"), b = LlvmMetadata.AliasScope(context, domain, "b");
        LlvmModule module = Kernels.Function(context, context.Void, [context.Ptr, context.Ptr], (builder, f) =>
        {
            LlvmValue load = builder.Load(context.F32, f.Parameter(0));
            load.SetMetadata("alias.scope", context.Node(a));
            load.SetMetadata("noalias", context.Node(b));
            LlvmValue store = builder.Store(load, f.Parameter(1));
            store.SetMetadata("alias.scope", context.Node(b));
            store.SetMetadata("noalias", context.Node(a));
            return store;
        });
        module.Verify();
        Assert.NotEqual(a, b);
    }

    [Fact]
    public void Globals_hold_constants()
    {
        using LlvmContext context = LlvmContext.Create();
        LlvmModule module = context.CreateModule("m");
        LlvmValue bytes = context.ConstantBytes([1, 0, 255]);
        LlvmGlobal global = module.AddGlobal("table", bytes.Type);
        global.SetInitializer(bytes);
        global.SetConstant();
        global.Linkage = LlvmLinkage.Internal;
        global.Alignment = 64;
        module.Verify();
        Assert.Equal("@table = internal unnamed_addr constant [3 x i8] c\"\\01\\00\\FF\", align 64", global.ToString());
        Assert.Equal(global, module.FindGlobal("table"));
        Assert.Null(module.FindGlobal("other"));
    }

    /// <summary>Without the first lines, which name the module.</summary>
    private static string Body(string text) => text[text.IndexOf("define", StringComparison.Ordinal)..];
}
