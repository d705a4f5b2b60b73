using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Unified.Ir;

namespace Unified.Nn.Data;

/// <summary>NumPy's array files, .npy and .npz: little-endian numbers and bools, in C or Fortran order.</summary>
public static partial class NumpyFile
{
    private static readonly (string Code, DType Type)[] s_types =
    [
        ("|b1", DType.Bool), ("|u1", DType.U8), ("|i1", DType.I8), ("<i2", DType.I16), ("<i4", DType.I32), ("<i8", DType.I64),
        ("<f2", DType.F16), ("<f4", DType.F32), ("<f8", DType.F64),
    ];

    /// <summary>The array of a .npy file.</summary>
    /// <exception cref="InvalidDataException">It is no such file, is cut short, or holds what no tensor can.</exception>
    public static Tensor Load(string path)
    {
        using var file = File.OpenRead(path);
        return Read(file, path);
    }

    /// <summary>The arrays of a .npz file by name.</summary>
    public static IReadOnlyDictionary<string, Tensor> LoadAll(string path)
    {
        using var archive = ZipFile.OpenRead(path);
        var found = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var entry in archive.Entries.Where(e => e.FullName.EndsWith(".npy", StringComparison.Ordinal)))
        {
            using var stream = entry.Open();
            found[entry.FullName[..^4]] = Read(stream, $"{path}/{entry.FullName}");
        }

        return found;
    }

    public static void Save(string path, Tensor tensor)
    {
        using var file = File.Create(path);
        Write(file, tensor);
    }

    /// <summary>Writes a .npz file.</summary>
    public static void SaveAll(string path, IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        using var file = File.Create(path);
        using var archive = new ZipArchive(file, ZipArchiveMode.Create);
        foreach (var (name, tensor) in tensors)
        {
            using var entry = archive.CreateEntry(name + ".npy").Open();
            Write(entry, tensor);
        }
    }

    private static void Write(Stream stream, Tensor tensor)
    {
        if (Array.Find(s_types, t => t.Type == tensor.DType) is not { Code: { } code })
        {
            throw new ArgumentException($"NumPy has no {tensor.DType.Text()}; cast the tensor first", nameof(tensor));
        }

        var shape = string.Join(", ", tensor.Shape) + (tensor.Rank == 1 ? "," : "");
        var header = $"{{'descr': '{code}', 'fortran_order': False, 'shape': ({shape}), }}";
        header = header.PadRight(((header.Length + 11 + 63) / 64 * 64) - 11) + "\n";
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        stream.Write(Encoding.ASCII.GetBytes(header));
        stream.Write(tensor.Contiguous().AsBytes());
    }

    private static Tensor Read(Stream stream, string path)
    {
        try
        {
            var start = new byte[8];
            stream.ReadExactly(start);
            if (!start.AsSpan(0, 6).SequenceEqual((byte[])[0x93, .. "NUMPY"u8]))
            {
                throw Bad(path, "it does not begin as NumPy's files do");
            }

            var size = new byte[start[6] == 1 ? 2 : 4];
            stream.ReadExactly(size);
            var length = size.Length == 2 ? BitConverter.ToUInt16(size) : BitConverter.ToInt32(size);
            if (length is <= 0 or > 1 << 20)
            {
                throw Bad(path, "its header is damaged");
            }

            var bytes = new byte[length];
            stream.ReadExactly(bytes);
            var header = Encoding.UTF8.GetString(bytes);
            var (type, dims) = Parse(header, path);
            var isFortran = FortranOrder().IsMatch(header);
            if (stream.CanSeek && dims.Aggregate((double)type.Bytes(), (p, d) => p * d) > stream.Length - stream.Position)
            {
                throw Bad(path, "it is cut short");
            }

            var result = Tensor.Zeros(isFortran ? [.. dims.Reverse()] : dims, type);
            var data = new byte[result.Size * type.Bytes()];
            stream.ReadExactly(data);
            result.CopyFromBytes(data);

            // Columns first: the same numbers with the axes the other way round.
            return isFortran && dims.Length > 1 ? Ops.Transpose(result, [.. Enumerable.Range(0, dims.Length).Reverse()]).Contiguous() : result;
        }
        catch (EndOfStreamException)
        {
            throw Bad(path, "it is cut short");
        }
    }

    private static (DType Type, int[] Dims) Parse(string header, string path)
    {
        var descr = Descr().Match(header) is { Success: true } d ? d.Groups[1].Value : throw Bad(path, "its header names no dtype");
        var type = Array.Find(s_types, t => t.Code == descr || t.Code == descr.Replace('=', '<')) is { Code: not null } found
            ? found.Type : throw Bad(path, $"dtype '{descr}' is no tensor's: convert it to one of {string.Join(", ", s_types.Select(t => t.Code))}");
        if (ShapeOf().Match(header) is not { Success: true } shape)
        {
            throw Bad(path, "its header names no shape");
        }

        var dims = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return (type, [.. dims.Select(v => int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw Bad(path, $"its shape has a size '{v}'"))]);
    }

    private static InvalidDataException Bad(string path, string why) => new($"'{path}' cannot be read as a NumPy array: {why}");

    [GeneratedRegex("'descr':\\s*'([^']*)'")]
    private static partial Regex Descr();

    [GeneratedRegex("'fortran_order':\\s*True")]
    private static partial Regex FortranOrder();

    [GeneratedRegex("'shape':\\s*\\(([^)]*)\\)")]
    private static partial Regex ShapeOf();
}
