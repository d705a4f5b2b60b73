using System.Text.Json;
using Unified.Ir;

namespace Unified.Nn;

/// <summary>The table of contents of a safetensors file.</summary>
public sealed class SafetensorsFile
{
    private readonly Dictionary<string, Entry> _entries;

    private SafetensorsFile(string path, Dictionary<string, Entry> entries, Dictionary<string, string> metadata) =>
        (Path, _entries, Metadata) = (path, entries, metadata);

    /// <param name="Offset">Of the first byte, from the start of the file.</param>
    private sealed record Entry(TensorType Type, long Offset);

    public string Path { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public IEnumerable<(string Name, TensorType Type)> Tensors => _entries.Select(e => (e.Key, e.Value.Type));

    /// <summary>A new tensor with what the file has under a name: a source of data, or weights to look at.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor.</exception>
    public Tensor Load(string name)
    {
        if (!_entries.TryGetValue(name, out var entry))
        {
            throw Safetensors.Bad(Path, $"it has no tensor '{name}', but {string.Join(", ", _entries.Keys.Order(StringComparer.Ordinal).Take(8))}{(_entries.Count > 8 ? ", …" : "")}");
        }

        var tensor = Tensor.Zeros([.. entry.Type.Shape.Select(d => checked((int)d.Value))], entry.Type.DType);
        LoadInto([(name, tensor)]);
        return tensor;
    }

    /// <summary>Reads every named tensor into the one given. Nothing is changed unless all of them are there with the right type.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or has another type.</exception>
    public void LoadInto(IEnumerable<(string Name, Tensor Tensor)> targets)
    {
        var list = targets.ToList();
        foreach (var (name, tensor) in list)
        {
            if (!_entries.TryGetValue(name, out var entry))
            {
                throw Safetensors.Bad(Path, $"it has no tensor '{name}'; was it written by a model of another shape?");
            }

            if (entry.Type != tensor.Type)
            {
                throw Safetensors.Bad(Path, $"tensor '{name}' is {entry.Type} in the file and {tensor.Type} in the model");
            }
        }

        using var file = File.OpenRead(Path);
        var loaded = list.Select(t =>
        {
            var bytes = new byte[t.Tensor.Type.Bytes.Value];
            file.Position = _entries[t.Name].Offset;
            file.ReadExactly(bytes);
            return bytes;
        }).ToList();
        for (var i = 0; i < list.Count; i++)
        {
            list[i].Tensor.CopyFromBytes(loaded[i]);
        }
    }

    internal static SafetensorsFile Parse(string path, byte[] header, long dataStart, long fileLength)
    {
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var json = JsonDocument.Parse(header);
            foreach (var item in json.RootElement.EnumerateObject())
            {
                if (item.NameEquals("__metadata__"))
                {
                    foreach (var pair in item.Value.EnumerateObject())
                    {
                        metadata[pair.Name] = pair.Value.GetString() ?? "";
                    }

                    continue;
                }

                entries[item.Name] = ParseEntry(path, item, dataStart, fileLength);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw Safetensors.Bad(path, $"its header is damaged ({e.Message})");
        }

        return new SafetensorsFile(path, entries, metadata);
    }

    private static Entry ParseEntry(string path, JsonProperty item, long dataStart, long fileLength)
    {
        var dtype = Safetensors.TypeOf(item.Value.GetProperty("dtype").GetString())
            ?? throw Safetensors.Bad(path, $"tensor '{item.Name}' has the unknown dtype '{item.Value.GetProperty("dtype")}'");
        var dims = item.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()).ToArray();
        if (Array.Exists(dims, d => d < 0))
        {
            throw Safetensors.Bad(path, $"tensor '{item.Name}' has a negative size");
        }

        var type = new TensorType(dtype, Shape.Of(dims));
        var offsets = item.Value.GetProperty("data_offsets");
        long begin = offsets[0].GetInt64(), end = offsets[1].GetInt64();
        if (begin < 0 || end - begin != type.Bytes.Value || end > fileLength - dataStart)
        {
            throw Safetensors.Bad(path, $"tensor '{item.Name}' lies outside the file: it is cut short or damaged");
        }

        return new Entry(type, dataStart + begin);
    }
}
