namespace Unified.Native;

/// <summary>A native library that an operation needs is not on this machine. The message says where it was looked for and what to install.</summary>
/// <param name="library">The library's plain name, such as "libLLVM 19".</param>
/// <param name="message">What was tried and what to do.</param>
public sealed class NativeLibraryMissingException(string library, string message) : Exception(message)
{
    /// <summary>The library's plain name, such as "libLLVM 19".</summary>
    public string Library { get; } = library;
}
