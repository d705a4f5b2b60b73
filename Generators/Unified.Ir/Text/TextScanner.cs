using System.Collections.Immutable;
using System.Globalization;

namespace Unified.Ir;

/// <summary>
/// Turns the characters of a text form into the words, names, numbers and marks it is made of. Blanks, line ends and
/// <c>//</c> comments separate them and mean nothing else.
/// </summary>
internal sealed class TextScanner
{
    private readonly string _text;
    private int _position;
    private int _depth;

    public TextScanner(string text) => _text = text;

    /// <summary>Where the next thing begins.</summary>
    public int Position
    {
        get
        {
            SkipBlank();
            return _position;
        }
    }

    private char Current => _position < _text.Length ? _text[_position] : '\0';

    public bool AtEnd
    {
        get
        {
            SkipBlank();
            return _position == _text.Length;
        }
    }

    public IrTextException Error(string problem, Exception? inner = null) => ErrorAt(_position, problem, inner);

    public IrTextException ErrorAt(int position, string problem, Exception? inner = null)
    {
        var line = 1;
        var start = 0;
        for (var i = 0; i < position; i++)
        {
            if (_text[i] == '\n')
            {
                (line, start) = (line + 1, i + 1);
            }
        }

        return new IrTextException(problem, line, position - start + 1, inner);
    }

    public IrTextException Expected(string what)
    {
        SkipBlank();
        return Error($"expected {what}, found {Found()}");
    }

    /// <summary>Whether the next thing is this mark or word.</summary>
    public bool At(string token)
    {
        SkipBlank();
        if (string.CompareOrdinal(_text, _position, token, 0, token.Length) != 0)
        {
            return false;
        }

        // A dot ends a mark such as _ in _..%2.
        var end = _position + token.Length;
        return token[^1] == '.' || !IsWordPart(token[^1]) || end == _text.Length || !IsWordPart(_text[end]) || _text[end] == '.';
    }

    public bool Accept(string token)
    {
        if (!At(token))
        {
            return false;
        }

        _position += token.Length;
        return true;
    }

    public void Expect(string token)
    {
        if (!Accept(token))
        {
            throw Expected($"'{token}'");
        }
    }

    public void ExpectEnd()
    {
        if (!AtEnd)
        {
            throw Expected("the end");
        }
    }

    /// <summary>Counts a level of nesting for the length of a parse.</summary>
    public T Nested<T>(Func<TextScanner, T> parse)
    {
        if (++_depth > IrLimits.BlockDepth)
        {
            throw Error($"nested deeper than {IrLimits.BlockDepth} levels");
        }

        var result = parse(this);
        _depth--;
        return result;
    }

    /// <summary>The items between two marks, separated by commas.</summary>
    public ImmutableArray<T> List<T>(string open, string close, Func<TextScanner, T> item)
    {
        Expect(open);
        var items = ImmutableArray.CreateBuilder<T>();
        if (!Accept(close))
        {
            do
            {
                items.Add(item(this));
            }
            while (Accept(","));

            Expect(close);
        }

        return items.ToImmutable();
    }

    /// <summary>The next word without taking it, or the empty string.</summary>
    public string PeekWord()
    {
        SkipBlank();
        var end = _position;
        if (IsWordStart(Current))
        {
            while (end < _text.Length && IsWordPart(_text[end]))
            {
                end++;
            }
        }

        return _text[_position..end];
    }

    public string Word(string what)
    {
        var word = PeekWord();
        if (word.Length == 0)
        {
            throw Expected(what);
        }

        _position += word.Length;
        return word;
    }

    /// <summary>A bare name, or any string in quotes.</summary>
    public string Name(string what)
    {
        SkipBlank();
        return Current == '"' ? String() : Word(what);
    }

    public static bool IsBareName(string name) =>
        name.Length > 0 && IsWordStart(name[0]) && name.All(IsWordPart);

    /// <summary>A number with a prefix mark: <c>%3</c>.</summary>
    public int Numbered(string mark, string what)
    {
        if (!At(mark))
        {
            throw Expected(what);
        }

        _position += mark.Length;
        return Int32(what);
    }

    public int Int32(string what)
    {
        SkipBlank();
        var start = _position;
        var value = Int64(what);
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw ErrorAt(start, $"{value} does not fit 32 bits");
    }

    public long Int64(string what)
    {
        SkipBlank();
        var start = _position;
        var end = start + (Current == '-' ? 1 : 0);
        while (end < _text.Length && IsDigit(_text[end]))
        {
            end++;
        }

        if (end == start || !IsDigit(_text[end - 1]))
        {
            throw Expected(what);
        }

        if (!long.TryParse(_text[start..end], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            throw Error($"{_text[start..end]} does not fit 64 bits");
        }

        _position = end;
        return value;
    }

    /// <summary>The longest run of characters that may belong to a number; looked at, not taken.</summary>
    public string PeekNumber()
    {
        SkipBlank();
        var end = _position + (Current == '-' ? 1 : 0);
        while (end < _text.Length && (char.IsLetterOrDigit(_text[end]) || _text[end] == '.'
            || (end > _position && (_text[end] is '+' or '-') && (_text[end - 1] is 'e' or 'E') && IsDigit(_text[_position + (Current == '-' ? 1 : 0)]))))
        {
            end++;
        }

        return _text[_position..end];
    }

    public void Skip(int length) => _position += length;

    public string String()
    {
        SkipBlank();
        if (Current != '"')
        {
            throw Expected("a string in quotes");
        }

        var start = _position++;
        var result = new System.Text.StringBuilder();
        while (Current != '"')
        {
            if (_position >= _text.Length || Current == '\n')
            {
                throw ErrorAt(start, "the string has no closing quote");
            }

            result.Append(Current == '\\' ? Escape() : _text[_position++]);
        }

        _position++;
        return result.ToString();
    }

    /// <summary>All up to the mark that closes an already opened bracket; brackets inside must balance.</summary>
    public string Balanced(char open, char close)
    {
        var start = _position;
        for (var depth = 0; _position < _text.Length && Current != '\n'; _position++)
        {
            if (Current == open)
            {
                depth++;
            }
            else if (Current == close && depth-- == 0)
            {
                return _text[start.._position];
            }
        }

        throw ErrorAt(start, $"no '{close}' on this line closes the '{open}'");
    }

    private char Escape()
    {
        var start = _position++;
        var kind = Current;
        _position++;
        if (kind != 'u')
        {
            return kind switch
            {
                '"' or '\\' => kind,
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                _ => throw ErrorAt(start, "unknown escape; known are \\\" \\\\ \\n \\r \\t \\uXXXX"),
            };
        }

        if (_position + 4 > _text.Length
            || !ushort.TryParse(_text.Substring(_position, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            throw ErrorAt(start, "\\u takes four hexadecimal digits");
        }

        _position += 4;
        return (char)code;
    }

    private string Found()
    {
        if (AtEnd)
        {
            return "the end of the text";
        }

        var word = PeekWord();
        return $"'{(word.Length > 0 ? word : Current.ToString())}'";
    }

    private void SkipBlank()
    {
        while (_position < _text.Length)
        {
            if (char.IsWhiteSpace(Current))
            {
                _position++;
            }
            else if (string.CompareOrdinal(_text, _position, "//", 0, 2) == 0)
            {
                var end = _text.IndexOf('\n', _position);
                _position = end < 0 ? _text.Length : end;
            }
            else
            {
                return;
            }
        }
    }

    private static bool IsDigit(char c) => c is >= '0' and <= '9';

    private static bool IsWordStart(char c) => char.IsLetter(c) || c == '_';

    // The dot makes dotted C# names one word.
    private static bool IsWordPart(char c) => IsWordStart(c) || char.IsDigit(c) || c == '.'
        || char.GetUnicodeCategory(c) is UnicodeCategory.LetterNumber or UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.Format;
}
