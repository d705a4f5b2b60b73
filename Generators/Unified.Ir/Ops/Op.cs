using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>What passes ask about an op, so that no pass needs a list of ops.</summary>
[Flags]
public enum OpTraits
{
    None = 0,

    /// <summary>Each result element depends on the operands' elements at the same (broadcast) place.</summary>
    Elementwise = 1,

    /// <summary>Folds the axes named by attribute <c>axes</c>.</summary>
    Reduction = 2,

    /// <summary>The same elements under another addressing: free where strides allow.</summary>
    View = 4,

    Commutative = 8,

    /// <summary>No operands; the value follows from attributes.</summary>
    Creation = 16,

    Contraction = 32,

    /// <summary>Moves elements without computing: gather, pad, concatenate.</summary>
    DataMovement = 64,

    /// <summary>Structure of the graph itself: calls and gradients.</summary>
    Structural = 128,

    /// <summary>No gradient flows (integer or boolean results, or by definition).</summary>
    NonDifferentiable = 256,

    /// <summary>Cheaper to compute again in the backward pass than to keep.</summary>
    Recompute = 512,

    /// <summary>Runs a graph of the module: <see cref="Node.Callee"/>.</summary>
    RunsGraph = 1024,

    /// <summary>The runtime has managed code for it, which eager mode and graphs run: a graph gives it dense memory, in a step of its own.</summary>
    Managed = 2048,

    /// <summary>Its managed code may be given a result that lies where the first operand does: it reads no element of that after it has written it, and it throws, if at all, before it writes.</summary>
    Overwrites = 4096,

    /// <summary>Its managed code may throw for what the numbers are, other than for indices and places out of range.</summary>
    MayFail = 8192,
}

/// <summary>What an attribute holds, and so what a host argument is turned into.</summary>
public enum AttributeKind
{
    Bool,
    Int,
    Float,
    String,
    DType,
    Dim,
    Dims,
}

/// <summary>One operand. A variadic operand comes last and takes all that remain.</summary>
public sealed record OperandSpec(string Name, bool Optional = false, bool Variadic = false)
{
    public InputDomain Domain { get; init; }
}

/// <summary>One attribute; without a default it must be given.</summary>
public sealed record AttributeSpec(string Name, AttributeKind Kind, AttributeValue? Default = null);

/// <summary>What a shape rule sees.</summary>
public sealed record OpInputs(Op Op, ImmutableArray<TensorType> Operands, Attributes Attributes)
{
    public TensorType this[int operand] => Operands[operand];

    /// <summary>A <see cref="ShapeException"/> that names the op and every operand's type.</summary>
    public ShapeException Error(string why) =>
        new($"{Op.Name}({string.Join(", ", Op.OperandNames(Operands.Length).Zip(Operands, (n, t) => $"{n}: {t}"))}): {why}") { Why = why };

    /// <summary>As <see cref="Error"/>, for what depends on the sizes of named dims.</summary>
    public ShapeException Undecided(string why) => new(Error(why).Message) { Why = why, IsProvable = false };

    /// <summary>As <see cref="Error"/>, for a rule about element types.</summary>
    public ShapeException WrongDType(string why) => new(Error(why).Message) { Why = why, IsAboutDType = true };
}

/// <summary>A legal call: operand types in text form, with dims B, T, D and S of any size; and attributes.</summary>
public sealed record OpExample(Attributes Attributes, params ImmutableArray<string> Operands)
{
    public OpExample(params ImmutableArray<string> operands)
        : this(Attributes.Empty, operands)
    {
    }
}

/// <summary>Result types from operand types and attributes.</summary>
public delegate ImmutableArray<TensorType> InferRule(OpInputs inputs);

/// <summary>What a gradient rule sees: the call, its results, and the cotangent of each result (null: no gradient flows).</summary>
public sealed record GradientInputs(
    Op Op, ImmutableArray<OpValue> Operands, ImmutableArray<OpValue> Results, ImmutableArray<OpValue?> Cotangents, Attributes Attributes)
{
    public OpValue this[int operand] => Operands[operand];

    /// <summary>The first result.</summary>
    public OpValue Y => Results[0];

    /// <summary>The cotangent of the first result.</summary>
    public OpValue Dy => Cotangents[0]!;

    /// <summary>Which operands the caller asks a cotangent for; default: all. A rule need not compute the others.</summary>
    public ImmutableArray<bool> Wanted { get; init; }

    /// <summary>The operand is differentiable and its cotangent was asked for.</summary>
    public bool Wants(int operand) =>
        operand < Operands.Length && Operands[operand].DType.IsFloat() && (Wanted.IsDefault || Wanted[operand]);
}

/// <summary>
/// The cotangents of the operands, as graph-building code over abstract values: the eager tape and the Differentiate pass
/// run the same rule. A null entry says that no gradient flows to that operand.
/// </summary>
public delegate ImmutableArray<OpValue?> GradientRule(OpBuilder builder, GradientInputs call);

/// <summary>A composite op in simpler ops.</summary>
public delegate ImmutableArray<OpValue> DefinitionRule(OpBuilder builder, ImmutableArray<OpValue> operands, Attributes attributes);

/// <summary>Agreement with a double-precision reference: |error| ≤ Absolute + Relative·|reference|, per dtype class.</summary>
public sealed record Tolerance(double F32, double F64, double Half)
{
    public static Tolerance Exact { get; } = new(0, 0, 0);

    /// <summary>A few units in the last place.</summary>
    public static Tolerance Rounded { get; } = new(1e-6, 1e-14, 1e-2);

    /// <summary>Approximated functions and short sums.</summary>
    public static Tolerance Approximate { get; } = new(1e-5, 1e-12, 2e-2);
}

/// <summary>One operator: all that the house knows of it, in one row.</summary>
public sealed record Op(OpCode Code, OpTraits Traits, ImmutableArray<OperandSpec> Operands, InferRule Infer)
{
    private readonly OpPrecision? _precision;
    private readonly DTypeSet? _kernel;

    /// <summary>The name in every text form: <c>mat_mul</c> for <see cref="OpCode.MatMul"/>.</summary>
    public string Name { get; } = SnakeCase(Code.ToString());

    public ImmutableArray<AttributeSpec> Attributes { get; init; } = [];

    /// <summary>Defaults that follow from the operands: the attributes with those filled in.</summary>
    public Func<ImmutableArray<TensorType>, Attributes, Attributes>? Settle { get; init; }

    public int ResultCount { get; init; } = 1;

    public GradientRule? Gradient { get; init; }

    /// <summary>For many examples at once; null where that follows from the traits or the definition.</summary>
    public BatchRule? Batch { get; init; }

    /// <summary>Null for a primitive.</summary>
    public DefinitionRule? Definition { get; init; }

    /// <summary>Null: it does not look at what its numbers are.</summary>
    public CheckRule? Check { get; init; }

    /// <summary>Element types of the result for which there is a kernel of the op itself: where it is composite, it is not taken apart for them. Unless the row states it: products of floats.</summary>
    public DTypeSet Kernel
    {
        get => _kernel ?? (Has(OpTraits.Managed) ? DTypeSet.Any : Has(OpTraits.Contraction) ? DTypeSet.Float : DTypeSet.None);
        init => _kernel = value;
    }

    public Tolerance Tolerance { get; init; } = Tolerance.Rounded;

    /// <summary>What a policy of mixed precision computes it in. Unless the row states it: products low, folds full, all else as its operands come.</summary>
    public OpPrecision Precision
    {
        get => _precision ?? (Has(OpTraits.Contraction) ? OpPrecision.Low : Has(OpTraits.Reduction) ? OpPrecision.Full : OpPrecision.Follow);
        init => _precision = value;
    }

    /// <summary>The ONNX operator it is, where name and operands are all there is to say; attributes go by their names in snake case.</summary>
    public string? Onnx { get; init; }

    /// <summary>Legal calls that the tests of every row are made of. Elementwise ops and reductions need none: theirs follow from the traits.</summary>
    public ImmutableArray<OpExample> Examples { get; init; } = [];

    /// <summary>The range that the tests draw floats from, where the function is finite and smooth.</summary>
    public (double Low, double High) Domain { get; init; } = (-2, 2);

    public bool Has(OpTraits trait) => (Traits & trait) == trait;

    public bool IsPrimitive => Definition is null && !Has(OpTraits.Structural);

    /// <summary>A name for each of <paramref name="count"/> operands.</summary>
    public IEnumerable<string> OperandNames(int count) => Enumerable.Range(0, count).Select(i =>
        i < Operands.Length && !Operands[i].Variadic ? Operands[i].Name
        : Operands.IsEmpty ? $"x{i}" : $"{Operands[^1].Name}{i}");

    /// <summary>Checks operand count and attributes, fills in defaults, and applies the shape rule.</summary>
    /// <exception cref="ShapeException">The call breaks the op's rule.</exception>
    public ImmutableArray<TensorType> InferTypes(ImmutableArray<TensorType> operands, ref Attributes attributes)
    {
        attributes = Complete(attributes);
        var inputs = new OpInputs(this, operands, attributes);
        var variadic = !Operands.IsEmpty && Operands[^1].Variadic;
        var least = Operands.Count(o => !o.Optional && !o.Variadic);
        if (!Has(OpTraits.Structural) && (operands.Length < least || (!variadic && operands.Length > Operands.Length)))
        {
            var range = variadic ? $"{least} or more" : least < Operands.Length ? $"{least} to {Operands.Length}" : $"{least}";
            throw inputs.Error($"takes {range} operands, not {operands.Length}");
        }

        if (Settle is { } settle)
        {
            attributes = settle(operands, attributes);
            inputs = inputs with { Attributes = attributes };
        }

        var types = Infer(inputs);
        foreach (var type in types)
        {
            foreach (var dim in type.Shape.Dims)
            {
                if (dim is { IsConstant: true, Value: < 0 })
                {
                    throw inputs.Error($"the result would have shape {type.Shape}, with a negative size");
                }
            }
        }

        return types;
    }

    /// <summary>The attributes with defaults filled in; unknown or missing ones, and those of another kind, are errors.</summary>
    public Attributes Complete(Attributes attributes)
    {
        foreach (var item in attributes.Items)
        {
            if (!Has(OpTraits.Structural) && !Attributes.Any(a => a.Name == item.Key))
            {
                throw new ShapeException($"{Name}: has no attribute '{item.Key}'");
            }
        }

        foreach (var spec in Attributes)
        {
            var given = attributes.Find(spec.Name);
            var value = given is null
                ? spec.Default ?? throw new ShapeException($"{Name}: attribute '{spec.Name}' is missing")
                : Convert(spec, given);
            if (!ReferenceEquals(given, value))
            {
                attributes = attributes.With(spec.Name, value);
            }
        }

        return attributes;
    }

    public override string ToString() => Name;

    public bool Equals(Op? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => (int)Code;

    // A whole number is also a Float, so that 0 need not be written 0.0.
    private AttributeValue Convert(AttributeSpec spec, AttributeValue value) => (spec.Kind, value) switch
    {
        (AttributeKind.Bool, BoolAttribute) or (AttributeKind.Float, FloatAttribute) or (AttributeKind.String, StringAttribute)
            or (AttributeKind.DType, DTypeAttribute) or (AttributeKind.Dim, DimAttribute) or (AttributeKind.Dims, DimsAttribute)
            or (AttributeKind.Int, DimAttribute { Value.IsConstant: true }) => value,
        (AttributeKind.Float, DimAttribute { Value: { IsConstant: true } whole }) => new FloatAttribute(whole.Value),
        (AttributeKind.Int, DimAttribute { Value: var dim }) =>
            throw new ShapeException($"{Name}: attribute '{spec.Name}' must be a constant, not the named size {dim}") { IsProvable = false },
        _ => throw new ShapeException($"{Name}: attribute '{spec.Name}' must be of kind {spec.Kind}, not {value}"),
    };

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? "_" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));
}
