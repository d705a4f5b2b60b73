namespace Unified.Generators;

/// <summary>
/// Something to be read from the source. The pipeline compares it before it is read: while its keys are the same, what was read before stands.
/// Once it has been read it lets go of the source, so that it keeps no compilation alive.
/// </summary>
/// <param name="key">What the reading depends on.</param>
/// <param name="around">What it depends on as well, if it looks around.</param>
internal sealed class Pending<T>(string key, string around, Func<CancellationToken, (T Value, bool LooksAround)> read) : IEquatable<Pending<T>>
{
    private Func<CancellationToken, (T Value, bool LooksAround)>? _read = read;
    private (T Value, bool LooksAround) _result;

    private string Key => key;

    private string Around => around;

    public T Read(CancellationToken cancel)
    {
        if (_read is { } unread)
        {
            _result = unread(cancel);
            _read = null;
        }

        return _result.Value;
    }

    public bool Equals(Pending<T>? other)
    {
        if (other is null || key != other.Key)
        {
            return false;
        }

        var known = _read is null ? this : other;
        return known is { _read: null, _result.LooksAround: false } || around == other.Around;
    }

    public override bool Equals(object? obj) => Equals(obj as Pending<T>);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(key);
}
