using System.Diagnostics;
using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified;

/// <summary>One kind of kernel launch of a profiled graph.</summary>
/// <param name="Label">What it computes.</param>
/// <param name="Launches">How often it ran.</param>
/// <param name="Milliseconds">Time of all launches together.</param>
/// <param name="Flops">Floating-point operations of all launches together, by the definition of the op.</param>
/// <param name="Traffic">Bytes read and written by all launches together.</param>
public sealed record ProfileRow(string Label, long Launches, double Milliseconds, long Flops, long Traffic);

/// <summary>Where the time of compiled graphs goes, kernel by kernel.</summary>
public sealed class GraphProfile
{
    private readonly Dictionary<Graphs.LaunchList, long[]> _times = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Graphs.LaunchList, StrongBox<long>> _runs = new(ReferenceEqualityComparer.Instance);

    internal long[] Times(Graphs.LaunchList list)
    {
        if (!_times.TryGetValue(list, out var times))
        {
            _times[list] = times = new long[list.Launches.Length];
            _runs[list] = new StrongBox<long>();
        }

        _runs[list].Value++;
        return times;
    }

    /// <summary>Every launch in the order of the graphs, with its time in one run, in milliseconds.</summary>
    public IEnumerable<(string Label, double Milliseconds)> Launches()
    {
        foreach (var (list, times) in _times)
        {
            for (var i = 0; i < times.Length; i++)
            {
                yield return (list.Labels[list.Launches[i].Label].Text, times[i] * 1000.0 / Stopwatch.Frequency / _runs[list].Value);
            }
        }
    }

    /// <summary>The time of all launches, in milliseconds, by the class of kernels that they were tuned as. Launches that nothing can be tuned of are not counted.</summary>
    public IReadOnlyDictionary<KernelClass, double> ByClass()
    {
        var classes = new Dictionary<KernelClass, double>();
        foreach (var (list, times) in _times)
        {
            for (var i = 0; i < times.Length; i++)
            {
                if (list.Labels[list.Launches[i].Label].Class is { } kernels)
                {
                    classes[kernels] = classes.GetValueOrDefault(kernels) + (times[i] * 1000.0 / Stopwatch.Frequency);
                }
            }
        }

        return classes;
    }

    /// <summary>The rows, slowest first.</summary>
    public IReadOnlyList<ProfileRow> Rows()
    {
        var rows = new Dictionary<string, ProfileRow>(StringComparer.Ordinal);
        foreach (var (list, times) in _times)
        {
            var runs = _runs[list].Value;
            for (var i = 0; i < times.Length; i++)
            {
                var launch = list.Launches[i];
                var label = list.Labels[launch.Label].Text;
                var row = rows.TryGetValue(label, out var old) ? old : new ProfileRow(label, 0, 0, 0, 0);
                rows[label] = new ProfileRow(
                    label, row.Launches + runs, row.Milliseconds + (times[i] * 1000.0 / Stopwatch.Frequency), row.Flops + (launch.Flops * runs),
                    row.Traffic + (launch.Traffic * runs));
            }
        }

        return [.. rows.Values.OrderByDescending(r => r.Milliseconds)];
    }
}
