using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Unified.Nn.Data;

/// <summary>The lines of a file in UTF-8, by number. Only where they begin is kept in memory: 8 bytes a line.</summary>
public sealed class TextLines : Dataset<string>, IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly List<long> _ends = [];
    private readonly string _path;

    public TextLines(string path)
    {
        _path = path;
        _file = File.OpenHandle(path, options: FileOptions.RandomAccess);
        var buffer = new byte[1 << 16];
        var at = 0L;
        for (int read; (read = RandomAccess.Read(_file, buffer, at)) > 0; at += read)
        {
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] == '\n')
                {
                    _ends.Add(at + i + 1);
                }
            }
        }

        // A last line need not end.
        if (at > (_ends.Count > 0 ? _ends[^1] : 0))
        {
            _ends.Add(at);
        }
    }

    public override int Count => _ends.Count;

    /// <summary>A line without its end; \r\n is one.</summary>
    /// <exception cref="InvalidDataException">The file has become shorter.</exception>
    public override string this[int index]
    {
        get
        {
            if ((uint)index >= (uint)Count)
            {
                throw new ArgumentOutOfRangeException(nameof(index), index, $"the data set has {Count} items");
            }

            var start = index == 0 ? 0 : _ends[index - 1];
            var line = new byte[checked((int)(_ends[index] - start))];
            for (int done = 0, read; done < line.Length; done += read)
            {
                read = RandomAccess.Read(_file, line.AsSpan(done), start + done);
                if (read == 0)
                {
                    throw new InvalidDataException($"'{_path}' has become shorter since it was opened");
                }
            }

            return Encoding.UTF8.GetString(line).TrimEnd('\n').TrimEnd('\r');
        }
    }

    /// <summary>Each file of a folder that ends so, as one text, in the order of their paths.</summary>
    public static Dataset<string> Files(string folder, string ending = ".txt")
    {
        string[] paths = [.. Directory.EnumerateFiles(folder, "*" + ending, SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        return Dataset.Of(paths.Length, i => File.ReadAllText(paths[i]));
    }

    public void Dispose() => _file.Dispose();
}
