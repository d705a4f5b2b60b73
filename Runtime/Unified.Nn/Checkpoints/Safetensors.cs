using System.Buffers.Binary;
using System.Text.Json;
using Unified.Ir;

namespace Unified.Nn;

/// <summary>
/// The safetensors file format: a length, a JSON header, the tensors' bytes. Saving is atomic: the file is written beside its place,
/// flushed to disk and renamed, so that a kill at any moment leaves the former file.
/// </summary>
public static class Safetensors
{
    private const long MostHeaderBytes = 100L << 20;

    private static readonly (DType Type, string Name)[] s_names =
    [
        (DType.Bool, "BOOL"), (DType.U8, "U8"), (DType.I8, "I8"), (DType.I16, "I16"), (DType.I32, "I32"), (DType.I64, "I64"),
        (DType.F16, "F16"), (DType.BF16, "BF16"), (DType.F32, "F32"), (DType.F64, "F64"),
    ];

    public static void Save(string path, IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var list = tensors.Select(t => (t.Name, Tensor: t.Tensor.Contiguous())).ToList();
        var header = Header(list, metadata ?? new Dictionary<string, string>());
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = $"{full}.{Environment.ProcessId}.tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            {
                Span<byte> length = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
                file.Write(length);
                file.Write(header);
                foreach (var (_, tensor) in list)
                {
                    file.Write(tensor.AsBytes());
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Opens a file and checks its header against its length.</summary>
    /// <exception cref="InvalidDataException">The file is no safetensors file, or is cut short.</exception>
    public static SafetensorsFile Open(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> length = stackalloc byte[8];
        if (file.Length < 8)
        {
            throw Bad(path, "it is too short to have a header");
        }

        file.ReadExactly(length);
        var headerBytes = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (headerBytes is < 2 or > MostHeaderBytes || headerBytes > file.Length - 8)
        {
            throw Bad(path, "its header is cut short or it is no safetensors file");
        }

        var header = new byte[headerBytes];
        file.ReadExactly(header);
        return SafetensorsFile.Parse(path, header, 8 + headerBytes, file.Length);
    }

    internal static InvalidDataException Bad(string path, string why) => new($"'{path}' cannot be read as a checkpoint: {why}");

    internal static string NameOf(DType type) => Array.Find(s_names, n => n.Type == type).Name;

    internal static DType? TypeOf(string? name) => s_names.Where(n => n.Name == name).Select(n => (DType?)n.Type).FirstOrDefault();

    private static byte[] Header(List<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            long offset = 0;
            foreach (var (name, tensor) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", NameOf(tensor.Type.DType));
                json.WriteStartArray("shape");
                foreach (var dim in tensor.Type.Shape)
                {
                    json.WriteNumberValue(dim.Value);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                offset += tensor.Type.Bytes.Value;
                json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Data start on a multiple of 8 bytes: the header is padded with spaces.
        var bytes = buffer.ToArray();
        var padded = new byte[(bytes.Length + 7) / 8 * 8];
        padded.AsSpan().Fill((byte)' ');
        bytes.CopyTo(padded, 0);
        return padded;
    }
}
