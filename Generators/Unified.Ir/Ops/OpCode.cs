namespace Unified.Ir;

/// <summary>
/// The name of every operator. The public eager method that means one carries <c>[Op(OpCode.X)]</c>. Each has exactly one
/// row in <see cref="OpTable"/>, which says what it is; nothing else in the house may switch over all of them.
/// </summary>
public enum OpCode : ushort
{
    // Elementwise, one operand.
    Neg, Abs, Sign, Exp, Log, Sqrt, Rsqrt, Sin, Cos, Tanh, Erf, Floor, Ceil, Round, LogicalNot, Cast, StopGradient,

    // Elementwise, two operands, NumPy broadcasting, equal dtypes.
    Add, Sub, Mul, Div, Pow, Maximum, Minimum, Remainder, LogicalAnd, LogicalOr, LogicalXor,
    Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual,

    // Elementwise, three operands.
    Select,

    // Reductions.
    Sum, ReduceMax, ReduceMin, ArgMax,

    // Views: the same elements, addressed otherwise.
    Reshape, Transpose, BroadcastTo, Slice,

    // Data movement.
    Concat, Pad, Gather, ScatterAdd,

    // Contraction.
    MatMul,

    // Creation.
    Constant, Full, Iota, DimSize,

    // Random: Philox with explicit state.
    RandomUniform, RandomUniformLike,

    // Composites: defined in the ops above.
    Relu, Sigmoid, Silu, Gelu, GeluTanh, Square, Clamp, Mean, Variance, Softmax, LogSoftmax, LogSumExp,
    LayerNorm, RmsNorm, Linear, Embedding, CrossEntropy, Attention, AttentionGradient, RandomAdvance,

    // Special functions.
    Tan, Expm1, Log1p, Exp2, Log2, Log10, Sinh, Cosh, Asin, Acos, Atan, Asinh, Acosh, Atanh, Reciprocal, Cbrt, Trunc, Frac, Erfc, NormalCdf,
    Logit, Sinc, Entropy, DegreesToRadians, RadiansToDegrees, NanToNum, IsNan, IsInf, IsFinite, Lgamma, Digamma,

    // Further activations.
    Softplus, LogSigmoid, Softsign, Mish, HardSigmoid, HardSwish, HardTanh, Relu6, SquaredRelu, LeakyRelu, Elu, Celu, Selu, TanhShrink, SoftShrink,
    HardShrink, ThresholdedRelu, QuickGelu, Prelu, Glu,

    // Two and three operands.
    Atan2, Hypot, LogAddExp, FloorDivide, FloorMod, SquaredDifference, CopySign, Fmax, Fmin, Heaviside, Xlogy, Xlog1py, Ldexp, IsClose, Lerp,
    MultiplyAdd, AddMul, AddDiv, MaskedFill, StochasticCast,

    // Further folds, scans and order.
    Any, All, CountNonzero, L1Norm, L2Norm, SumSquare, LogSum, MaxAbs, Spread, RootMeanSquare, NanSum, StandardDeviation, PNorm, Prod, ArgMin,
    CumSum, CumMax, CumMin, CumProd, LogCumSumExp, LinearScan, ArgCumMax, ArgCumMin, Sort, ArgSort, TopK, ArgTopK,

    // Rearranging, and matrices with a pattern.
    Squeeze, ExpandDims, Flatten, SwapAxes, MoveAxis, Flip, Roll, Repeat, Tile, Tril, Triu, Diagonal, Trace, DiagonalMatrix, DepthToSpace,
    UpsampleNearest, Stack, Outer, Dot, Eye, Linspace, OneHot,

    // Windows, normalisations, subscripts.
    WindowProduct, WindowGradient, Convolution, ConvolutionTranspose, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool,
    BatchNorm, InstanceNorm, GroupNorm, L2Normalize, CosineSimilarity, Einsum,

    // Losses.
    MseLoss, L1Loss, SmoothL1Loss, HuberLoss, BinaryCrossEntropy, BinaryCrossEntropyWithLogits, KlDivergence, HingeLoss, SoftMarginLoss,
    LogCoshLoss, PoissonNllLoss, NllLoss,

    // Sampling and spectra.
    Interpolate, GridSample, Rfft, Irfft, Fft,

    // Linear algebra.
    Cholesky, TriangularSolve, Solve, Determinant, SlogDet, QrFactors, EighFactors, SvdFactors, MatrixExp, Inverse, CholeskySolve, MatrixPower,
    PseudoInverse, LeastSquares, MatrixRank, MatrixNorm, SingularValues, Eigvalsh,

    // By index, counts, small products; whole numbers of 8 bits.
    TakeAlongAxis, IndexAdd, IndexMax, IndexMin, IndexMul, UpdateSlice, SearchSorted, DistinctValues, DistinctCounts, DistinctPlaces, NonzeroPlaces, BinCount, Histogram, Cross, Kron,
    Covariance, Correlation, Quantize, Dequantize, QuantizedMatMul,

    // Structure: only in Graph IR.
    Gradient, Call, If, While, RecordedWhile, Unwind, Watch, Tangent, Example, Examples, CustomGradient, HostCall,
}
