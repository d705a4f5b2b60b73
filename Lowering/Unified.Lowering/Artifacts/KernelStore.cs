using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Artifacts;

/// <summary>
/// Turns kernels into code, once: what was compiled before, by this process or an earlier one, comes from memory or from a folder of files
/// named by content. With all kernels in the store no emitter runs, so libLLVM is not loaded. May be used from several threads and processes.
/// </summary>
public sealed class KernelStore
{
    /// <summary>Raised whenever the file layout or the meaning of a key changes.</summary>
    public const int FormatVersion = 1;

    /// <summary>The environment variable that names the folder.</summary>
    public const string FolderVariable = "UNIFIED_CACHE";

    private const int KeyBytes = 32;
    private const int VersionAt = 4;
    private const int KeyAt = 8;
    private const int LengthAt = KeyAt + KeyBytes;
    private const int HashAt = LengthAt + 8;
    private const int HeaderBytes = HashAt + 32;

    private bool? _isPrivate;
    private readonly ConcurrentDictionary<string, KernelCode> _memory = new(StringComparer.Ordinal);

    /// <param name="folder">Where files are kept; made when first needed. Null: <see cref="DefaultFolder"/>.</param>
    public KernelStore(string? folder = null) => Folder = folder ?? DefaultFolder;

    /// <summary><c>$UNIFIED_CACHE</c>, else <c>${XDG_CACHE_HOME:-~/.cache}/unified/kernels</c>.</summary>
    public static string DefaultFolder =>
        Variable(FolderVariable)
        ?? Path.Combine(
            Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "unified", "kernels");

    public string Folder { get; }

    private static ReadOnlySpan<byte> Magic => "UKRN"u8;

    /// <summary>The code of each kernel, in order, and how many of them did not have to be compiled.</summary>
    /// <param name="kernels">What is needed; equal kernels get the same code.</param>
    /// <param name="emitter">Compiles what is missing.</param>
    /// <param name="threads">How many kernels to compile at once.</param>
    /// <exception cref="NotSupportedException">The emitter has no code for a kernel.</exception>
    public (ImmutableArray<KernelCode> Code, int FromCache) GetOrEmit(ImmutableArray<LoopKernel> kernels, IKernelEmitter emitter, int threads)
    {
        string[] keys = [.. kernels.Select(k => KernelKey.Of(k, emitter.Target))];
        var missing = new Dictionary<string, LoopKernel>(StringComparer.Ordinal);
        for (var i = 0; i < keys.Length; i++)
        {
            if (!_memory.ContainsKey(keys[i]) && !missing.ContainsKey(keys[i]) && !TryRead(keys[i]))
            {
                missing.Add(keys[i], kernels[i]);
            }
        }

        try
        {
            Parallel.ForEach(missing, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads) }, item => Emit(item.Key, item.Value, emitter));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        return ([.. keys.Select(k => _memory[k])], keys.Count(k => !missing.ContainsKey(k)));
    }

    /// <summary>Code is read from a folder that this user alone can write to, and from no other: not even if the file's hash is right.</summary>
    private bool IsPrivate => _isPrivate ??= OperatingSystem.IsWindows() || !Directory.Exists(Folder)
        || (File.GetUnixFileMode(Folder) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == 0;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string SymbolOf(string key) => $"kernel_{key[..16]}";

    private string FileOf(string key) => Path.Combine(Folder, key + ".kernel");

    private void Emit(string key, LoopKernel kernel, IKernelEmitter emitter)
    {
        var bytes = emitter.Emit(kernel, SymbolOf(key));
        _memory[key] = new KernelCode(key, SymbolOf(key), [.. bytes]);
        Write(key, bytes);
    }

    /// <summary>Anything but a whole and undamaged file counts as absent, and is written anew.</summary>
    private bool TryRead(string key)
    {
        byte[] file;
        try
        {
            if (!IsPrivate)
            {
                return false;
            }

            file = File.ReadAllBytes(FileOf(key));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        if (file.Length < HeaderBytes
            || !file.AsSpan(0, VersionAt).SequenceEqual(Magic)
            || BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(VersionAt)) != FormatVersion
            || !file.AsSpan(KeyAt, KeyBytes).SequenceEqual(Convert.FromHexString(key))
            || BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(LengthAt)) != file.Length - HeaderBytes
            || !file.AsSpan(HashAt, HeaderBytes - HashAt).SequenceEqual(SHA256.HashData(file.AsSpan(HeaderBytes))))
        {
            return false;
        }

        _memory[key] = new KernelCode(key, SymbolOf(key), [.. file.AsSpan(HeaderBytes)]);
        return true;
    }

    /// <summary>Under another name first, so that a reader sees the whole file or none. A folder that cannot be written to only costs the next process time.</summary>
    private void Write(string key, byte[] bytes)
    {
        var file = new byte[HeaderBytes + bytes.Length];
        Magic.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(VersionAt), FormatVersion);
        Convert.FromHexString(key).CopyTo(file.AsSpan(KeyAt));
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(LengthAt), bytes.Length);
        SHA256.HashData(bytes).CopyTo(file.AsSpan(HashAt));
        bytes.CopyTo(file.AsSpan(HeaderBytes));
        var temporary = $"{FileOf(key)}.{Environment.ProcessId}.{Guid.NewGuid():N}";
        try
        {
            if (!Directory.Exists(Folder))
            {
                if (OperatingSystem.IsWindows())
                {
                    Directory.CreateDirectory(Folder);
                }
                else
                {
                    Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                }
            }

            File.WriteAllBytes(temporary, file);
            File.Move(temporary, FileOf(key), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next cleaning of the cache takes it.
        }
    }
}
