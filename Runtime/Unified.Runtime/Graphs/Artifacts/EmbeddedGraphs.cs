using System.Runtime.InteropServices;

namespace Unified.Graphs;

/// <summary>The artifact inside a native executable: two symbols that publishing with NativeAOT links in.</summary>
internal static unsafe partial class EmbeddedGraphs
{
    /// <summary>The name that the build says is part of the executable itself.</summary>
    private const string Library = "unified_graphs";

    private static bool IsNative => !System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported;

    public static bool TryGet(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (!IsNative)
        {
            return false;
        }

        try
        {
            bytes = new ReadOnlySpan<byte>((void*)Start(), checked((int)Size()));
            return true;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport(Library, EntryPoint = "unified_graphs_start")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Start();

    [LibraryImport(Library, EntryPoint = "unified_graphs_size")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial long Size();
}
