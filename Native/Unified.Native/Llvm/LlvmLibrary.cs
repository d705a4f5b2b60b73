using System.Runtime.InteropServices;

namespace Unified.Native;

/// <summary>Finds and loads libLLVM 19, once, when something of it is first used.</summary>
/// <remarks>
/// Looked for in this order: the file that the environment variable <c>UNIFIED_LIBLLVM</c> names (and nothing else if it is set),
/// the system's libraries, the per-user cache that the build fills (<c>${XDG_CACHE_HOME:-$HOME/.cache}/unified/llvm-19</c>).
/// </remarks>
public static unsafe class LlvmLibrary
{
    internal const string Name = "LLVM-19";

    /// <summary>The environment variable that names the library's file.</summary>
    public const string PathVariable = "UNIFIED_LIBLLVM";

    /// <summary>The major version that the bindings are written for.</summary>
    public const int MajorVersion = 19;

    private const string PlainName = "libLLVM 19";

    private static readonly string[] s_fileNames = ["libLLVM.so.19.1", "libLLVM-19.so", "libLLVM-19.so.1"];
    private static readonly string[] s_folders = ["/usr/lib/llvm-19/lib", "/usr/lib64/llvm19/lib64", "/usr/lib64/llvm19/lib"];
    private static readonly Lock s_lock = new();
    private static nint s_handle;

    /// <summary>Whether the library was loaded in this process. False in one that only runs graphs compiled earlier.</summary>
    public static bool IsLoaded => Volatile.Read(ref s_handle) != 0;

    /// <summary>The version of the loaded library. Loads it.</summary>
    public static Version Version
    {
        get
        {
            EnsureLoaded();
            return ReadVersion(s_handle) ?? new Version(MajorVersion, 0);
        }
    }

    /// <summary>Loads the library now.</summary>
    /// <exception cref="NativeLibraryMissingException">No usable libLLVM 19 was found.</exception>
    public static void EnsureLoaded() => Load();

    internal static nint Load()
    {
        if (IsLoaded)
        {
            return s_handle;
        }

        lock (s_lock)
        {
            if (s_handle == 0)
            {
                Volatile.Write(ref s_handle, Find());
            }

            return s_handle;
        }
    }

    private static nint Find()
    {
        List<string> tried = [];
        nint handle;
        string? chosen = Environment.GetEnvironmentVariable(PathVariable);
        if (!string.IsNullOrEmpty(chosen))
        {
            return TryLoad(chosen, tried, out handle)
                ? handle
                : throw new NativeLibraryMissingException(
                    PlainName,
                    $"{PathVariable} does not name a usable {PlainName}. {string.Join("; ", tried)}. "
                    + $"Set it to the path of {s_fileNames[0]}, or unset it and install the library (apt install libllvm19).");
        }

        foreach (string name in s_fileNames)
        {
            if (TryLoad(name, tried, out handle))
            {
                return handle;
            }
        }

        foreach (string file in s_folders.Select(folder => Path.Combine(folder, s_fileNames[0])).Where(File.Exists))
        {
            if (TryLoad(file, tried, out handle))
            {
                return handle;
            }
        }

        return TryLoadFromCache(tried, out handle)
            ? handle
            : throw new NativeLibraryMissingException(
                PlainName,
                $"{PlainName} was not found; compiling a graph needs it. Install it (apt install libllvm19), "
                + $"or set {PathVariable} to the path of {s_fileNames[0]}. Tried: {string.Join("; ", tried)}.");
    }

    private static bool TryLoadFromCache(List<string> tried, out nint handle)
    {
        handle = 0;
        if (CacheFolder() is not { } folder)
        {
            tried.Add("no per-user cache, as HOME is not set");
            return false;
        }

        string library = Path.Combine(folder, s_fileNames[0]);
        if (!File.Exists(library))
        {
            tried.Add($"{library}: no such file");
            return false;
        }

        LoadCompanions(folder, library);
        return TryLoad(library, tried, out handle);
    }

    /// <summary>
    /// Loads what lies beside the library, each by its full path: the dynamic linker does not search that folder, but takes what is
    /// loaded already. A file loads once the files that it needs are loaded, so rounds are made until one changes nothing.
    /// </summary>
    private static void LoadCompanions(string folder, string library)
    {
        List<string> waiting = [.. Directory.EnumerateFiles(folder, "*.so*").Where(file => file != library).Order(StringComparer.Ordinal)];
        int before;
        do
        {
            before = waiting.Count;
            waiting.RemoveAll(file => NativeLibrary.TryLoad(file, out _));
        }
        while (waiting.Count > 0 && waiting.Count < before);
    }

    private static string? CacheFolder()
    {
        string? root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (!Path.IsPathRooted(root))
        {
            string? home = Environment.GetEnvironmentVariable("HOME");
            root = string.IsNullOrEmpty(home) ? null : Path.Combine(home, ".cache");
        }

        return root is null ? null : Path.Combine(root, "unified", "llvm-19");
    }

    private static bool TryLoad(string file, List<string> tried, out nint handle)
    {
        try
        {
            handle = NativeLibrary.Load(file);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            handle = 0;
            tried.Add($"{file}: {Reason(e.Message)}");
            return false;
        }

        Version? version = ReadVersion(handle);
        if (version?.Major == MajorVersion)
        {
            return true;
        }

        NativeLibrary.Free(handle);
        handle = 0;
        tried.Add(version is null ? $"{file}: not LLVM" : $"{file}: LLVM {version}, not {MajorVersion}");
        return false;
    }

    /// <summary>The dynamic linker's own words, out of .NET's message that wraps them in general advice.</summary>
    private static string Reason(string message)
    {
        string? line = message.Split('\n').Skip(1).FirstOrDefault(part => part.Contains(": ", StringComparison.Ordinal));
        return line is null ? "cannot be loaded" : line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..].Trim();
    }

    private static Version? ReadVersion(nint handle)
    {
        if (!NativeLibrary.TryGetExport(handle, "LLVMGetVersion", out nint address))
        {
            return null;
        }

        uint major, minor, patch;
        ((delegate* unmanaged[Cdecl]<uint*, uint*, uint*, void>)address)(&major, &minor, &patch);
        return new Version((int)major, (int)minor, (int)patch);
    }
}
