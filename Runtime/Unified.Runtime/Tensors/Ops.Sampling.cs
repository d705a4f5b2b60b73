using Unified.Ir;

namespace Unified;

public static partial class Ops
{
    /// <summary>
    /// Images [N,C,…] at another spatial size. <paramref name="mode"/> is <c>nearest</c> (rounded down), <c>linear</c> or <c>cubic</c> (Keys
    /// 1981, a = -0.75); elements are squares whose centres are their places, or, with <paramref name="alignCorners"/>, points whose outermost stay outermost.
    /// </summary>
    [Op(OpCode.Interpolate)]
    public static Tensor Interpolate(Tensor x, ReadOnlySpan<int> size, string mode = "nearest", bool alignCorners = false) => Eager.Apply(
        OpCode.Interpolate,
        Attributes.Empty.With("size", size.ToArray()).With("mode", new StringAttribute(mode)).With("alignCorners", alignCorners), x);

    /// <summary>
    /// Images [N,C,H,W] at places of a grid [N,height,width,2]: pairs (x, y), -1 … 1 from edge to edge. <paramref name="mode"/> is <c>linear</c>
    /// or <c>nearest</c>; outside, <paramref name="padding"/> takes <c>zeros</c> or the <c>border</c>.
    /// </summary>
    [Op(OpCode.GridSample)]
    public static Tensor GridSample(Tensor x, Tensor grid, string mode = "linear", string padding = "zeros", bool alignCorners = false) => Eager.Apply(
        OpCode.GridSample,
        Attributes.Empty.With("mode", new StringAttribute(mode)).With("padding", new StringAttribute(padding)).With("alignCorners", alignCorners), x, grid);

    /// <summary>The frequencies 0 … n/2 of n real numbers on the last axis, [.., n/2 + 1, 2]: real and imaginary parts. Not scaled.</summary>
    [Op(OpCode.Rfft)]
    public static Tensor Rfft(Tensor x) => Eager.Apply(OpCode.Rfft, x);

    /// <summary>What <see cref="Rfft"/> was taken of: <paramref name="size"/> real numbers from [.., size/2 + 1, 2].</summary>
    [Op(OpCode.Irfft)]
    public static Tensor Irfft(Tensor x, int size) => Eager.Apply(OpCode.Irfft, Attributes.Empty.With("size", (long)size), x);

    /// <summary>The Fourier transform of n complex numbers [.., n, 2]; <paramref name="inverse"/> undoes it, and divides by n.</summary>
    [Op(OpCode.Fft)]
    public static Tensor Fft(Tensor x, bool inverse = false) => Eager.Apply(OpCode.Fft, Attributes.Empty.With("inverse", inverse), x);
}
