using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Unified.Native;

/// <summary>Collects the errors that LLVM reports while it runs passes or emits code.</summary>
/// <remarks>Without a handler LLVM prints the error and ends the process. A context is used by one thread at a time, hence thread-static.</remarks>
internal static unsafe class LlvmDiagnostics
{
    private const int ErrorSeverity = 0;

    [ThreadStatic]
    private static List<string>? t_errors;

    internal static void Install(LlvmContext context) => LlvmApi.LLVMContextSetDiagnosticHandler(context, &Handle, null);

    internal static void Clear() => t_errors?.Clear();

    /// <exception cref="LlvmException">Errors were reported since <see cref="Clear"/>.</exception>
    internal static void ThrowIfAny(string doing)
    {
        if (t_errors is { Count: > 0 } errors)
        {
            string message = $"LLVM failed while {doing}: {string.Join("; ", errors)}";
            errors.Clear();
            throw new LlvmException(message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Handle(nint diagnostic, void* context)
    {
        if (LlvmApi.LLVMGetDiagInfoSeverity(diagnostic) == ErrorSeverity)
        {
            (t_errors ??= []).Add(LlvmText.Take(LlvmApi.LLVMGetDiagInfoDescription(diagnostic)));
        }
    }
}
