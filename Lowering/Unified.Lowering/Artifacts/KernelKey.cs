using System.Security.Cryptography;
using System.Text;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Artifacts;

/// <summary>Turns a kernel and a target into the key of their code: a hash over all that the code depends on, and over nothing else.</summary>
internal static class KernelKey
{
    public static string Of(LoopKernel kernel, string target) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{KernelStore.FormatVersion}\n{target}\n{LoopText.Print(kernel)}")));
}
