using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Unified.Nn.Data;

/// <summary>Files with a JSON value on each line; empty lines do not count. Lines are read one at a time.</summary>
public static class JsonLines
{
    /// <exception cref="InvalidDataException">A line is no JSON; the message has its number.</exception>
    public static IEnumerable<JsonElement> Read(string path) => Parse(path, line =>
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    });

    /// <summary>Values of a type, by the metadata of a source-generated context.</summary>
    public static IEnumerable<T> Read<T>(string path, JsonTypeInfo<T> type) => Parse(path, line =>
        JsonSerializer.Deserialize(line, type) ?? throw new JsonException("the value is null"));

    private static IEnumerable<T> Parse<T>(string path, Func<string, T> parse)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Value(line, number);
            }
        }

        T Value(string line, int at)
        {
            try
            {
                return parse(line);
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"'{path}', line {at}: {e.Message}", e);
            }
        }
    }
}
