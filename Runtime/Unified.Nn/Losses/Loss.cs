using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Losses of floating-point tensors. <c>x</c> is what the model says and <c>target</c> what it should, of one shape unless stated otherwise; the result is
/// a single number, or as stated with <see cref="Reduction.None"/>.
/// </summary>
public static partial class Loss
{
    /// <summary>The mean or sum of all elements, or what it is given.</summary>
    [StaticGraph]
    public static Tensor Reduce(Tensor losses, Reduction reduction) => reduction switch
    {
        Reduction.Mean => Mean(losses),
        Reduction.Sum => Sum(losses),
        _ => losses,
    };

    /// <summary>(x − target)².</summary>
    [StaticGraph]
    public static Tensor MeanSquared(Tensor x, Tensor target, Reduction reduction = Reduction.Mean) => Reduce(Square(x - target), reduction);

    /// <summary>|x − target|.</summary>
    [StaticGraph]
    public static Tensor MeanAbsolute(Tensor x, Tensor target, Reduction reduction = Reduction.Mean) => Reduce(Abs(x - target), reduction);

    /// <summary>½·(x − target)² up to a distance of delta, beyond it delta·(|x − target| − ½·delta) (Huber, 1964).</summary>
    [StaticGraph]
    public static Tensor Huber(Tensor x, Tensor target, float delta = 1, Reduction reduction = Reduction.Mean)
    {
        var distance = Abs(x - target);
        return Reduce(Select(distance < delta, distance * distance * 0.5f, (distance - (0.5f * delta)) * delta), reduction);
    }

    /// <summary><see cref="Huber"/> divided by its bound: |x − target| − ½·beta far away (Girshick, 2015).</summary>
    [StaticGraph]
    public static Tensor SmoothL1(Tensor x, Tensor target, float beta = 1, Reduction reduction = Reduction.Mean) => Huber(x, target, beta, reduction) / beta;

    /// <summary>log cosh(x − target), without overflow.</summary>
    [StaticGraph]
    public static Tensor LogCosh(Tensor x, Tensor target, Reduction reduction = Reduction.Mean)
    {
        var distance = Abs(x - target);
        return Reduce(distance + Softplus(distance * -2f) - MathF.Log(2), reduction);
    }

    /// <summary>exp(x) − target·x: x is the logarithm of a rate, target a count; what does not depend on x is left out.</summary>
    [StaticGraph]
    public static Tensor Poisson(Tensor x, Tensor target, Reduction reduction = Reduction.Mean) => Reduce(Exp(x) - (target * x), reduction);

    /// <summary>½·(log v + (x − target)²/v), v the variance that the model says, at least epsilon (Nix and Weigend, 1994).</summary>
    [StaticGraph]
    public static Tensor Gaussian(Tensor x, Tensor target, Tensor variance, float epsilon = 1e-6f, Reduction reduction = Reduction.Mean)
    {
        var bounded = Maximum(variance, epsilon);
        return Reduce((Log(bounded) + (Square(x - target) / bounded)) * 0.5f, reduction);
    }

    /// <summary>max(0, margin − target·x), target ±1.</summary>
    [StaticGraph]
    public static Tensor Hinge(Tensor x, Tensor target, float margin = 1, Reduction reduction = Reduction.Mean) => Reduce(Relu(margin - (target * x)), reduction);

    /// <summary>log(1 + exp(−target·x)), target ±1.</summary>
    [StaticGraph]
    public static Tensor SoftMargin(Tensor x, Tensor target, Reduction reduction = Reduction.Mean) => Reduce(Softplus(-(target * x)), reduction);

    /// <summary>max(0, margin − target·(x − y)): with target 1, x should exceed y by the margin, with −1 the other way round.</summary>
    [StaticGraph]
    public static Tensor MarginRanking(Tensor x, Tensor y, Tensor target, float margin = 0, Reduction reduction = Reduction.Mean) =>
        Reduce(Relu(margin - (target * (x - y))), reduction);

    /// <summary>
    /// 1 − cos(x, y) where target is 1, max(0, cos(x, y) − margin) where it is −1; x and y [..., D], target [...], as are the losses.
    /// </summary>
    [StaticGraph]
    public static Tensor CosineEmbedding(Tensor x, Tensor y, Tensor target, float margin = 0, Reduction reduction = Reduction.Mean)
    {
        var cosine = CosineSimilarity(x, y);
        return Reduce(Select(target > 0f, 1f - cosine, Relu(cosine - margin)), reduction);
    }

    /// <summary>max(0, ‖x − near‖ − ‖x − far‖ + margin) with Euclidean distances over the last axis, which the losses do not have (Weinberger and Saul, 2009).</summary>
    [StaticGraph]
    public static Tensor Triplet(Tensor x, Tensor near, Tensor far, float margin = 1, Reduction reduction = Reduction.Mean) =>
        Reduce(Relu(Distance(x, near) - Distance(x, far) + margin), reduction);

    // The square root has no slope at 0.
    [StaticGraph]
    private static Tensor Distance(Tensor x, Tensor y) => Sqrt(Sum(Square(x - y), x.Rank - 1) + 1e-12f);
}
