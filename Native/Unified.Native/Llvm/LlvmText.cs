using System.Runtime.InteropServices;
using System.Text;

namespace Unified.Native;

/// <summary>Turns LLVM's strings into .NET's.</summary>
internal static unsafe class LlvmText
{
    /// <summary>Copies a string that LLVM gave away, and frees it.</summary>
    internal static string Take(byte* message)
    {
        if (message is null)
        {
            return string.Empty;
        }

        string text = Marshal.PtrToStringUTF8((nint)message) ?? string.Empty;
        LlvmApi.LLVMDisposeMessage(message);
        return text;
    }

    /// <summary>Copies a string that LLVM keeps.</summary>
    internal static string Copy(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? string.Empty;

    internal static string Copy(byte* text, nuint length) => Encoding.UTF8.GetString(text, checked((int)length));

    /// <summary>The length that LLVM wants beside a string: bytes of UTF-8.</summary>
    internal static uint Length(string text) => (uint)Encoding.UTF8.GetByteCount(text);
}
