using System.Buffers.Binary;
using System.IO.Compression;
using Unified.Ir;

namespace Unified.Nn.Data;

/// <summary>IDX files, as MNIST comes in: big-endian numbers with their sizes before them; packed with gzip where the name ends in .gz.</summary>
public static class IdxFile
{
    private static readonly Dictionary<int, DType> s_types = new()
    {
        [0x08] = DType.U8, [0x09] = DType.I8, [0x0B] = DType.I16, [0x0C] = DType.I32, [0x0D] = DType.F32, [0x0E] = DType.F64,
    };

    /// <exception cref="InvalidDataException">It is no such file or is cut short.</exception>
    public static Tensor Load(string path)
    {
        using var file = File.OpenRead(path);
        using var stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        try
        {
            var start = new byte[4];
            stream.ReadExactly(start);
            if (start[0] != 0 || start[1] != 0 || !s_types.TryGetValue(start[2], out var type))
            {
                throw new InvalidDataException($"'{path}' cannot be read as an IDX file: it does not begin as one");
            }

            var sizes = new byte[4 * start[3]];
            stream.ReadExactly(sizes);
            int[] dims = [.. Enumerable.Range(0, start[3]).Select(i => BinaryPrimitives.ReadInt32BigEndian(sizes.AsSpan(4 * i)))];
            if (Array.Exists(dims, d => d < 0))
            {
                throw new InvalidDataException($"'{path}' cannot be read as an IDX file: it has a negative size");
            }

            if (stream.CanSeek && dims.Aggregate((double)type.Bytes(), (p, d) => p * d) > stream.Length - stream.Position)
            {
                throw new InvalidDataException($"'{path}' cannot be read as an IDX file: it is cut short");
            }

            var result = Tensor.Zeros(dims, type);
            var data = new byte[result.Size * type.Bytes()];
            stream.ReadExactly(data);
            for (var i = 0; i < data.Length && type.Bytes() > 1; i += type.Bytes())
            {
                data.AsSpan(i, type.Bytes()).Reverse();
            }

            result.CopyFromBytes(data);
            return result;
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException($"'{path}' cannot be read as an IDX file: it is cut short");
        }
    }
}
