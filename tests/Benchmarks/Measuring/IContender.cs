namespace Unified.Benchmarks.Measuring;

/// <summary>Somebody who can do a work.</summary>
public interface IContender : IDisposable
{
    string Name { get; }

    /// <summary>Does the work so many times.</summary>
    /// <returns>Milliseconds for all of them.</returns>
    double Run(int times);
}
