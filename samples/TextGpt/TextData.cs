using Unified;
using Unified.Ir;

namespace TextGpt;

/// <summary>A user error: one line, no stack trace.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>The bytes of the text, and batches of them. A batch depends on the seed and the step alone, so that a resumed run sees the same ones.</summary>
public sealed class TextData
{
    private readonly byte[] _train;
    private readonly byte[] _held;

    private TextData(string name, byte[] bytes)
    {
        Name = name;
        var split = bytes.Length - Math.Max(bytes.Length / 20, 0);
        _train = bytes[..split];
        _held = bytes[split..];
    }

    public string Name { get; }

    public int TrainBytes => _train.Length;

    public int HeldBytes => _held.Length;

    /// <summary>Reads a file, every text file of a folder, or, without a path, the C# sources of this repository.</summary>
    public static TextData Load(string? path, int context)
    {
        var (name, files) = path is null ? ("this repository's C# sources", OwnSources()) : (path, FilesOf(path));
        using var all = new MemoryStream();
        foreach (var file in files)
        {
            all.Write(File.ReadAllBytes(file));
            all.WriteByte((byte)'\n');
        }

        var bytes = all.ToArray();
        if (bytes.AsSpan().Trim("\n\r\t "u8).Length == 0)
        {
            throw new UsageException($"--data {name}: there is no text in it");
        }

        var data = new TextData(name, bytes);
        return data.TrainBytes > context + 1
            ? data
            : throw new UsageException($"--data {name}: {bytes.Length} bytes of text are too few for sequences of {context}; give more text or a smaller --context");
    }

    /// <summary>Fills a batch: row r of <paramref name="targets"/> is row r of <paramref name="bytes"/>, one byte later.</summary>
    public void Fill(Span<int> bytes, Span<int> targets, int rows, int time, int seed, long step, bool held = false)
    {
        var text = held && _held.Length > time + 1 ? _held : _train;
        for (var r = 0; r < rows; r++)
        {
            var start = (int)(Mix(((ulong)(uint)seed << 32) ^ ((ulong)step * 0x9E3779B97F4A7C15ul) ^ ((ulong)r << 1) ^ (held ? 1ul : 0)) % (ulong)(text.Length - time));
            for (var t = 0; t < time; t++)
            {
                bytes[(r * time) + t] = text[start + t];
                targets[(r * time) + t] = text[Math.Min(start + t + 1, text.Length - 1)];
            }
        }
    }

    // The finaliser of SplitMix64 (Steele et al., 2014).
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ul;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBul;
        return z ^ (z >> 31);
    }

    private static List<string> FilesOf(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        return Directory.Exists(path)
            ? [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(f => !IsBuildOutput(path, f) && IsText(f)).Order(StringComparer.Ordinal)]
            : throw new UsageException($"--data {path}: there is no such file or folder");
    }

    private static List<string> OwnSources()
    {
        foreach (var start in (string[])[Directory.GetCurrentDirectory(), AppContext.BaseDirectory])
        {
            for (var at = new DirectoryInfo(start); at is not null; at = at.Parent)
            {
                if (File.Exists(Path.Combine(at.FullName, "Unified.sln")))
                {
                    return [.. Directory.EnumerateFiles(at.FullName, "*.cs", SearchOption.AllDirectories)
                        .Where(f => !IsBuildOutput(at.FullName, f)).Order(StringComparer.Ordinal)];
                }
            }
        }

        throw new UsageException("the repository's sources are not here; name a text with --data");
    }

    private static bool IsBuildOutput(string root, string file) =>
        Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar).Any(p => p is "artifacts" or "bin" or "obj" or ".git");

    private static bool IsText(string file)
    {
        using var stream = File.OpenRead(file);
        var head = new byte[4096];
        return !head.AsSpan(0, stream.Read(head)).Contains((byte)0);
    }
}
