namespace Unified.Ir;

/// <summary>A text form is wrong. The message begins with the place: <c>line 3, column 14: …</c>.</summary>
public sealed class IrTextException : FormatException
{
    public IrTextException(string problem, int line, int column, Exception? inner = null)
        : base($"line {line}, column {column}: {problem}", inner) => (Line, Column) = (line, column);

    /// <summary>From 1.</summary>
    public int Line { get; }

    /// <summary>From 1, in UTF-16 chars.</summary>
    public int Column { get; }
}
