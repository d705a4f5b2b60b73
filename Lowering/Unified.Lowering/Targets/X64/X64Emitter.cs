using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a Loop IR kernel into a relocatable x86-64 object, as vectorised SSA that LLVM only has to select instructions for.
/// May be used from several threads at once: each call has its own LLVM context. libLLVM is loaded by the first call of
/// <see cref="Emit"/>, not before.
/// </summary>
public sealed class X64Emitter : IKernelEmitter
{
    /// <summary>Raised whenever equal kernels may give other code than before.</summary>
    private const int Version = 66;

    private const string Pipeline = "function(early-cse,loop-mssa(licm))";

    private static readonly Dictionary<Type, Action<KernelBuilder, LoopKernel>> s_kinds = new()
    {
        [typeof(RowKernel)] = (b, k) => RowEmitter.Emit(b, (RowKernel)k),
        [typeof(ColumnKernel)] = (b, k) => ColumnEmitter.Emit(b, (ColumnKernel)k),
        [typeof(ScatterKernel)] = (b, k) => ScatterEmitter.Emit(b, (ScatterKernel)k),
        [typeof(PackKernel)] = (b, k) => PackEmitter.Emit(b, (PackKernel)k),
        [typeof(ContractionKernel)] = (b, k) => ContractionEmitter.Emit(b, (ContractionKernel)k),
        [typeof(WinogradPackKernel)] = (b, k) => WinogradPackEmitter.Emit(b, (WinogradPackKernel)k),
        [typeof(WinogradKernel)] = (b, k) => WinogradEmitter.Emit(b, (WinogradKernel)k),
        [typeof(AttentionGradientKernel)] = (b, k) => AttentionGradientEmitter.Emit(b, (AttentionGradientKernel)k),
        [typeof(DecodeAttentionKernel)] = (b, k) => DecodeAttentionEmitter.Emit(b, (DecodeAttentionKernel)k),
        [typeof(AttentionKernel)] = (b, k) => AttentionEmitter.Emit(b, (AttentionKernel)k),
    };

    private readonly TargetCpu _cpu;

    /// <param name="cpu">The machine to compile for: any x86-64.</param>
    /// <exception cref="NotSupportedException">The machine is another.</exception>
    public X64Emitter(TargetCpu cpu)
    {
        if (!cpu.CanRun(TargetCpu.X64))
        {
            throw new NotSupportedException($"graphs compile for x86-64; '{cpu}' is none: run in eager mode there");
        }

        _cpu = cpu;
        Target = $"{cpu}/{Version}";
    }

    /// <summary>An emitter for the machine this runs on.</summary>
    public static X64Emitter ForHost() => new(HostCpu.Target);

    public string Target { get; }

    /// <exception cref="NotSupportedException">An op or dtype that this target has no code for.</exception>
    public byte[] Emit(LoopKernel kernel, string symbol)
    {
        var code = Compile(kernel, symbol, (machine, module) => machine.EmitObject(module));
        return OutsideSymbols.Of(code) is not [var first, ..] ? code : throw new NotSupportedException(
            $"x86-64 has no code of its own for a kernel on '{_cpu}': it would call '{first}', which no app has");
    }

    /// <summary>The same code as assembly text, for people.</summary>
    public string EmitText(LoopKernel kernel, string symbol) => Compile(kernel, symbol, (machine, module) => machine.EmitAssembly(module));

    private T Compile<T>(LoopKernel kernel, string symbol, Func<LlvmTargetMachine, LlvmModule, T> emit)
    {
        using var context = LlvmContext.Create();
        using var machine = LlvmTargetMachine.CreateX64(_cpu);
        var module = context.CreateModule(symbol);
        module.SetTarget(machine);
        using (var builder = new KernelBuilder(context, module, _cpu, kernel, symbol))
        {
            s_kinds[kernel.GetType()](builder, kernel);
            builder.Finish();
        }

        module.RunPasses(Pipeline, machine);
        return emit(machine, module);
    }
}
