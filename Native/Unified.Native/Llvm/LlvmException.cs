namespace Unified.Native;

/// <summary>LLVM refused something: IR that does not verify or parse, an unknown pass, target, attribute or intrinsic, a failed emission.</summary>
public sealed class LlvmException(string message) : Exception(message);
