namespace Unified.Nn;

/// <summary>The sizes of a sliding window, one for each axis of space.</summary>
internal sealed record Window
{
    /// <summary>The same sizes along each axis.</summary>
    public Window(int rank, int kernel, int stride, int padding, int dilation = 1)
        : this(rank, Fill(rank, kernel), Fill(rank, stride), Fill(rank, padding), Fill(rank, dilation))
    {
    }

    /// <exception cref="ArgumentException">A list has another length than the rank, or a size is out of range.</exception>
    public Window(int rank, IReadOnlyList<int> kernel, IReadOnlyList<int>? strides, IReadOnlyList<int>? padding, IReadOnlyList<int>? dilations = null)
    {
        Kernel = Checked(kernel, nameof(kernel), rank, 1);
        Strides = Checked(strides ?? kernel.Select(_ => 1).ToArray(), nameof(strides), rank, 1);
        Padding = Checked(padding ?? kernel.Select(_ => 0).ToArray(), nameof(padding), rank, 0);
        Dilations = Checked(dilations ?? kernel.Select(_ => 1).ToArray(), nameof(dilations), rank, 1);
    }

    public IReadOnlyList<int> Kernel { get; }

    public IReadOnlyList<int> Strides { get; }

    public IReadOnlyList<int> Padding { get; }

    public IReadOnlyList<int> Dilations { get; }

    private static int[] Fill(int rank, int value) => [.. Enumerable.Repeat(value, rank)];

    private static IReadOnlyList<int> Checked(IReadOnlyList<int> values, string name, int rank, int least)
    {
        if (values.Count != rank || values.Any(v => v < least))
        {
            throw new ArgumentException($"{name} [{string.Join(", ", values)}]: {rank} numbers of at least {least} are expected, one for each axis of space", name);
        }

        return values;
    }
}
