using System.Collections.Immutable;
using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Changes parameters from their gradients. Its step is part of the training graph, and its state is a module's state: saved and loaded with
/// <see cref="Module.NamedState"/>, training goes on bit for bit.
/// </summary>
public abstract partial class Optimizer : Module
{
    private readonly Tensor _step = Tensor.Scalar(0.0);

    /// <param name="parameters">What to train; gradients come in this order.</param>
    /// <param name="schedule">The learning rate at each step.</param>
    protected Optimizer(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
    {
        Targets = [.. parameters];
        IsShort = [.. parameters.Select(p => p.DType is DType.F16 or DType.BF16)];
        Schedule = schedule;
        (Rules, RuleOf) = Sort([]);
    }

    public LearningRateSchedule Schedule { get; }

    /// <summary>
    /// How strongly parameters are drawn to 0, unless their group says otherwise: those of rank 2 and above, and with
    /// <see cref="DecaysVectors"/> biases and the weights of norms, too.
    /// </summary>
    public float WeightDecay { get; init; }

    /// <summary>Whether <see cref="WeightDecay"/> acts on parameters of rank 0 and 1.</summary>
    public bool DecaysVectors { get; init; }

    /// <summary>The largest global norm of the gradients, which are scaled down to it; 0: no limit.</summary>
    public float ClipNorm { get; init; }

    /// <summary>The largest absolute value of a gradient's element, after <see cref="ClipNorm"/>; 0: no limit.</summary>
    public float ClipValue { get; init; }

    /// <summary>
    /// Whether parameters of 16 bits are rounded up or down by chance after each step (see <see cref="Ops.StochasticCast"/>), so that changes below their last
    /// place are not lost; else to nearest.
    /// </summary>
    public bool RoundsStochastically
    {
        get;
        init
        {
            field = value;
            RoundingState = value ? Generator.Default.Split().State : null;
        }
    }

    /// <summary>i64[2]: seed and offset of the stream that rounding draws from; null where it does not.</summary>
    public Tensor? RoundingState { get; private init; }

    /// <summary>Parameters with a rate or a decay of their own; the others follow the optimizer's.</summary>
    /// <exception cref="ArgumentException">A parameter is in two groups, or is none of this optimizer's.</exception>
    public IReadOnlyList<ParameterGroup> Groups
    {
        get => field;
        init
        {
            field = value;
            (Rules, RuleOf) = Sort(value);
        }
    } = [];

    /// <summary>Steps done: f64 rank 0.</summary>
    public Tensor StepCount => _step;

    /// <summary>The parameters, in the order of their gradients.</summary>
    [NotState]
    protected ImmutableArray<Parameter> Targets { get; }

    /// <summary>The place in <see cref="Rates"/> and <see cref="Decays"/> of each parameter.</summary>
    protected ImmutableArray<int> RuleOf { get; private init; }

    private ImmutableArray<bool> IsShort { get; }

    private ImmutableArray<ParameterRule> Rules { get; init; }

    /// <summary>Changes the parameters. Computed in f32 whatever policy of mixed precision is in force.</summary>
    /// <param name="gradients">One per parameter, in the parameters' order.</param>
    [StaticGraph]
    public void Step(IReadOnlyList<Tensor> gradients)
    {
        using (MixedPrecision.Off())
        {
            var parameters = new List<Tensor>();
            var wide = new List<Tensor>();
            for (var i = 0; i < Targets.Length; i++)
            {
                parameters.Add(IsShort[i] ? Cast(Targets[i], DType.F32) : Targets[i]);
                wide.Add(IsShort[i] ? Cast(gradients[i], DType.F32) : gradients[i]);
            }

            Advance(parameters, wide);
            for (var i = 0; i < Targets.Length; i++)
            {
                if (IsShort[i])
                {
                    Targets[i].Assign(Rounded(parameters[i], Targets[i].DType));
                }
            }
        }
    }

    /// <summary>The rule of the optimizer: assigns each parameter its new value.</summary>
    /// <param name="parameters">As given to the optimizer; those of 16 bits are f32 here, and are rounded when the step is done.</param>
    /// <param name="gradients">One per parameter, of its dtype.</param>
    [StaticGraph]
    protected abstract void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients);

    [StaticGraph]
    private Tensor Rounded(Tensor value, DType dtype)
    {
        if (RoundingState is null)
        {
            return Cast(value, dtype);
        }

        var noise = RandomUniform(RoundingState, value.Shape);
        RoundingState.Assign(RandomAdvance(RoundingState, value.Shape));
        return StochasticCast(value, noise, dtype);
    }

    /// <summary>A tensor of zeros for each parameter.</summary>
    protected static IEnumerable<Tensor> Zeros(IReadOnlyList<Parameter> parameters) => parameters.Select(p => Tensor.Zeros(p.Shape));

    /// <summary>Counts this step: its number from 1, f64 rank 0.</summary>
    [StaticGraph]
    protected Tensor NextStep()
    {
        var step = _step + 1.0;
        _step.Assign(step);
        return step;
    }

    /// <summary>A rate, f64 rank 0, as each rule has it: f32 rank 0.</summary>
    [StaticGraph]
    protected IReadOnlyList<Tensor> Rates(Tensor rate)
    {
        var rates = new List<Tensor>();
        for (var i = 0; i < Rules.Length; i++)
        {
            rates.Add(Cast(Rules[i].RateScale == 1 ? rate : rate * Rules[i].RateScale, DType.F32));
        }

        return rates;
    }

    /// <summary>A factor, f64 rank 0, times the decay of each rule: f32 rank 0.</summary>
    [StaticGraph]
    protected IReadOnlyList<Tensor> Decays(Tensor factor)
    {
        var decays = new List<Tensor>();
        for (var i = 0; i < Rules.Length; i++)
        {
            var decay = Rules[i].WeightDecay ?? (Rules[i].IsVector && !DecaysVectors ? 0 : WeightDecay);
            decays.Add(decay == 0 ? Constant(0) : Cast(factor * (decay * Rules[i].RateScale), DType.F32));
        }

        return decays;
    }

    /// <summary>The decay of each rule, for those who add it to the gradient.</summary>
    [StaticGraph]
    protected IReadOnlyList<Tensor> GradientDecays()
    {
        var decays = new List<Tensor>();
        for (var i = 0; i < Rules.Length; i++)
        {
            decays.Add(Constant(Rules[i].WeightDecay ?? (Rules[i].IsVector && !DecaysVectors ? 0 : WeightDecay)));
        }

        return decays;
    }

    /// <summary>What gradients are multiplied by so that <see cref="ClipNorm"/> holds: f32 rank 0.</summary>
    [StaticGraph]
    protected Tensor Scale(IReadOnlyList<Tensor> gradients)
    {
        if (ClipNorm <= 0)
        {
            return Constant(1);
        }

        var total = Constant(0);
        foreach (var gradient in gradients)
        {
            total = total + SquaredNorm(gradient);
        }

        return Minimum(ClipNorm / (Sqrt(total) + 1e-6f), 1f);
    }

    /// <summary>The gradient that counts.</summary>
    [StaticGraph]
    protected Tensor Clipped(Tensor gradient, Tensor scale)
    {
        var scaled = ClipNorm > 0 ? gradient * scale : gradient;
        return ClipValue > 0 ? Clamp(scaled, -ClipValue, ClipValue) : scaled;
    }

    [StaticGraph]
    private static Tensor SquaredNorm(Tensor x) => Sum(x * x);

    private (ImmutableArray<ParameterRule> Rules, ImmutableArray<int> RuleOf) Sort(IReadOnlyList<ParameterGroup> groups)
    {
        var rules = new List<ParameterRule>();
        var places = new Dictionary<Parameter, ParameterGroup>(ReferenceEqualityComparer.Instance);
        foreach (var (group, parameter) in groups.SelectMany(g => g.Parameters.Select(p => (g, p))))
        {
            if (!Targets.Contains(parameter))
            {
                throw new ArgumentException($"a group names a parameter of shape {parameter.Shape} that this optimizer does not train");
            }

            if (!places.TryAdd(parameter, group))
            {
                throw new ArgumentException($"a parameter of shape {parameter.Shape} is in two groups");
            }
        }

        var ruleOf = Targets.Select(p =>
        {
            var group = places.GetValueOrDefault(p);
            var rule = new ParameterRule(group?.RateScale ?? 1, group?.WeightDecay, p.Rank < 2);
            var place = rules.IndexOf(rule);
            if (place < 0)
            {
                rules.Add(rule);
            }

            return place < 0 ? rules.Count - 1 : place;
        }).ToImmutableArray();
        return ([.. rules], ruleOf);
    }

    /// <summary>How parameters are treated that are treated alike.</summary>
    private sealed record ParameterRule(double RateScale, float? WeightDecay, bool IsVector);
}
