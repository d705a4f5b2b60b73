namespace TextGpt;

/// <summary>Collects the cost of steady steps.</summary>
public sealed class SpeedMeter
{
    private readonly List<double> _milliseconds = [];
    private long _managedBytes;

    /// <summary>The median, because the machine is rarely alone.</summary>
    public double? MedianMilliseconds => _milliseconds.Count == 0 ? null : _milliseconds.Order().ElementAt(_milliseconds.Count / 2);

    public double? ManagedBytes => _milliseconds.Count == 0 ? null : (double)_managedBytes / _milliseconds.Count;

    public void Add(double milliseconds, long managedBytes)
    {
        _milliseconds.Add(milliseconds);
        _managedBytes += managedBytes;
    }

    public double? TokensPerSecond(int tokensPerStep) => tokensPerStep * 1000.0 / MedianMilliseconds;
}
