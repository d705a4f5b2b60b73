using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Unified.Ir;

namespace Unified.Lowering.Tune;

/// <summary>Turns a table into JSON and back: version, machine, and by class of kernels the numbers that are not the default.</summary>
public static class TuningTableText
{
    private static readonly JsonWriterOptions s_layout = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Print(TuningTable table)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, s_layout))
        {
            json.WriteStartObject();
            json.WriteNumber("version", TuningTable.FormatVersion);
            json.WriteStartObject("machine");
            json.WriteString("processor", table.Machine.Processor);
            json.WriteString("features", table.Machine.Features);
            json.WriteString("caches", table.Machine.Caches);
            json.WriteNumber("threads", table.Machine.Threads);
            json.WriteEndObject();
            json.WriteStartObject("settings");
            foreach (var kernels in table.Tuning.Entries.GroupBy(e => e.Class))
            {
                json.WriteStartObject(kernels.Key.ToString());
                foreach (var (_, tunable, value) in kernels)
                {
                    json.WriteNumber(tunable.Name, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    /// <param name="path">Names the file in errors.</param>
    /// <exception cref="InvalidDataException">It is no table, of another version, or names what there is not; the message names file and line.</exception>
    public static TuningTable Parse(ReadOnlySpan<byte> text, string path)
    {
        var reader = new Utf8JsonReader(text);
        try
        {
            return Read(ref reader);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}({(e.LineNumber ?? 0) + 1}): this is no JSON: {e.Message.Split(" LineNumber:")[0]}", e);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}({text[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1}): {e.Message}", e);
        }
    }

    private static TuningTable Read(ref Utf8JsonReader reader)
    {
        int? version = null;
        MachineType? machine = null;
        Tuning? tuning = null;
        Next(ref reader);
        Expect(ref reader, JsonTokenType.StartObject, "a table is an object");
        while (Property(ref reader) is { } name)
        {
            switch (name)
            {
                case "version":
                    version = Number(ref reader, name);
                    if (version != TuningTable.FormatVersion)
                    {
                        throw new FormatException($"the table has format {version}, this version reads format {TuningTable.FormatVersion}; run 'unified tune' again");
                    }

                    break;
                case "machine":
                    machine = Machine(ref reader);
                    break;
                case "settings":
                    tuning = Settings(ref reader);
                    break;
                default:
                    throw new FormatException($"'{name}' is no part of a table; there are version, machine, settings");
            }
        }

        return version is null || machine is null || tuning is null ? throw new FormatException("the table needs version, machine and settings") : new TuningTable(machine, tuning);
    }

    private static MachineType Machine(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "'machine' is an object");
        var (machine, seen) = (new MachineType("", "", "", 0), new HashSet<string>());
        while (Property(ref reader) is { } name)
        {
            seen.Add(name);
            machine = name switch
            {
                "processor" => machine with { Processor = Text(ref reader, name) },
                "features" => machine with { Features = Text(ref reader, name) },
                "caches" => machine with { Caches = Text(ref reader, name) },
                "threads" => machine with { Threads = Number(ref reader, name) },
                _ => throw new FormatException($"'{name}' is no part of a machine; there are processor, features, caches, threads"),
            };
        }

        return seen.Count == 4 && machine.Threads > 0 ? machine : throw new FormatException("'machine' needs processor, features, caches and a number of threads");
    }

    private static Tuning Settings(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "'settings' is an object");
        var tuning = Tuning.Default;
        while (Property(ref reader) is { } classes)
        {
            Expect(ref reader, JsonTokenType.StartObject, $"'{classes}' is an object");
            var parsed = KernelClass.Parse(classes);
            while (Property(ref reader) is { } name)
            {
                var value = Number(ref reader, name);
                foreach (var one in parsed)
                {
                    tuning = tuning.With(one, TunableTable.Get(name), value);
                }
            }
        }

        return tuning;
    }

    // The name of the next property, its value being the reader's; null at the end of the object.
    private static string? Property(ref Utf8JsonReader reader)
    {
        Next(ref reader);
        if (reader.TokenType == JsonTokenType.EndObject)
        {
            return null;
        }

        var name = reader.GetString();
        Next(ref reader);
        return name;
    }

    private static void Next(ref Utf8JsonReader reader)
    {
        if (!reader.Read())
        {
            throw new FormatException("the file ends before the table does");
        }
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (reader.TokenType != type)
        {
            throw new FormatException(what);
        }
    }

    private static int Number(ref Utf8JsonReader reader, string name) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value) ? value : throw new FormatException($"'{name}' is a whole number");

    private static string Text(ref Utf8JsonReader reader, string name) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new FormatException($"'{name}' is a text");
}
