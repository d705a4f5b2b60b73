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

    private ImmutableArray<ParameterRule> Rules { get; init; }

    /// <param name="gradients">One per parameter, in the parameters' order.</param>
    [StaticGraph]
    public abstract void Step(IReadOnlyList<Tensor> gradients);

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
    protected Tensor Clipped(Tensor gradient, Tensor scale) =>
        ClipValue > 0 ? Clamp(gradient * scale, -ClipValue, ClipValue) : gradient * scale;

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
