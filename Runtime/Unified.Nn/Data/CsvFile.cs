using System.Globalization;
using System.Text;

namespace Unified.Nn.Data;

/// <summary>A table of comma-separated values (RFC 4180): quoted fields may hold separators, line breaks and doubled quotes.</summary>
public sealed class CsvFile
{
    private readonly string _path;

    private CsvFile(string path, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows) => (_path, Columns, Rows) = (path, columns, rows);

    /// <summary>The names of the first row; without one, the numbers from 0.</summary>
    public IReadOnlyList<string> Columns { get; }

    public IReadOnlyList<IReadOnlyList<string>> Rows { get; }

    /// <exception cref="InvalidDataException">A row has another number of fields than the first, or a quote is not closed.</exception>
    public static CsvFile Load(string path, bool hasNames = true, char separator = ',')
    {
        using var reader = new StreamReader(path);
        var rows = Read(reader, separator, path).ToList();
        if (rows.Count == 0)
        {
            return new CsvFile(path, [], []);
        }

        for (var i = 1; i < rows.Count; i++)
        {
            if (rows[i].Count != rows[0].Count)
            {
                throw new InvalidDataException($"'{path}', row {i + 1}: {rows[i].Count} fields where the first row has {rows[0].Count}");
            }
        }

        return hasNames ? new CsvFile(path, rows[0], rows[1..]) : new CsvFile(path, [.. rows[0].Select((_, i) => i.ToString(CultureInfo.InvariantCulture))], rows);
    }

    /// <summary>Columns of numbers as f32 [rows, columns]; an empty field is NaN.</summary>
    /// <exception cref="InvalidDataException">There is no such column, or a field is no number.</exception>
    public Tensor Numbers(params IEnumerable<string> columns)
    {
        int[] places = [.. columns.Select(PlaceOf)];
        var values = new float[Rows.Count * places.Length];
        for (var row = 0; row < Rows.Count; row++)
        {
            for (var c = 0; c < places.Length; c++)
            {
                var text = Rows[row][places[c]];
                values[(row * places.Length) + c] = text.Length == 0 ? float.NaN
                    : float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value
                    : throw new InvalidDataException($"'{_path}', row {row + 1}, column '{Columns[places[c]]}': '{text}' is no number");
            }
        }

        return Tensor.From<float>(values, Rows.Count, places.Length);
    }

    /// <summary>A column of names as numbers i32 [rows], in the order of the names.</summary>
    public (Tensor Numbers, IReadOnlyList<string> Names) Categories(string column)
    {
        var place = PlaceOf(column);
        string[] names = [.. Rows.Select(r => r[place]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return (Tensor.From<int>([.. Rows.Select(r => Array.BinarySearch(names, r[place], StringComparer.Ordinal))], Rows.Count), names);
    }

    private int PlaceOf(string column)
    {
        for (var i = 0; i < Columns.Count; i++)
        {
            if (Columns[i] == column)
            {
                return i;
            }
        }

        throw new InvalidDataException($"'{_path}' has no column '{column}'; it has {string.Join(", ", Columns)}");
    }

    private static IEnumerable<List<string>> Read(TextReader reader, char separator, string path)
    {
        var (row, field, isQuoted, wasQuoted) = (new List<string>(), new StringBuilder(), false, false);
        for (int next; (next = reader.Read()) >= 0;)
        {
            var c = (char)next;
            if (isQuoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (reader.Peek() == '"')
                {
                    field.Append((char)reader.Read());
                }
                else
                {
                    isQuoted = false;
                }
            }
            else if (c == '"' && field.Length == 0)
            {
                (isQuoted, wasQuoted) = (true, true);
            }
            else if (c == separator)
            {
                Take();
            }
            else if (c == '\n')
            {
                if (row.Count > 0 || field.Length > 0 || wasQuoted)
                {
                    Take();
                    yield return row;
                    row = [];
                }
            }
            else if (c != '\r')
            {
                field.Append(c);
            }
        }

        if (isQuoted)
        {
            throw new InvalidDataException($"'{path}': a quote is not closed");
        }

        if (row.Count > 0 || field.Length > 0 || wasQuoted)
        {
            Take();
            yield return row;
        }

        void Take()
        {
            row.Add(field.ToString());
            field.Clear();
            wasQuoted = false;
        }
    }
}
