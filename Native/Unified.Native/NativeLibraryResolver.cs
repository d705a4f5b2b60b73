using System.Collections.Frozen;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Unified.Native;

/// <summary>Turns the name in a binding into a loaded library, at the first call of any function of it.</summary>
internal static class NativeLibraryResolver
{
    private static readonly FrozenDictionary<string, Func<nint>> s_loaders = new Dictionary<string, Func<nint>>
    {
        [LlvmLibrary.Name] = LlvmLibrary.Load,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    [ModuleInitializer]
    internal static void Install() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraryResolver).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        s_loaders.TryGetValue(name, out Func<nint>? load) ? load() : 0;
}
