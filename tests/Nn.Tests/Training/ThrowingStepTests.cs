using Unified.Ir;
using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Steps that look rows up, at several places before and after their updates.</summary>
public sealed partial class LookUpSteps : Module
{
    private const int Rows = 40, Width = 24;

    private readonly Embedding _table = new(Rows, Width, 1, new Generator(1)), _other = new(Rows, Width, 1, new Generator(2)), _small = new(Rows / 2, Width, 1, new Generator(6));
    private readonly Linear _layer = new(Width, Width, generator: new Generator(3)), _critic = new(Width, 1, generator: new Generator(4));
    private readonly AdamW _optimizer, _second;

    private Tensor _counts = Tensor.Zeros([Rows, Width]);

    public LookUpSteps(float clipNorm = 0)
    {
        _optimizer = new AdamW([.. _table.Parameters, .. _layer.Parameters], new ConstantSchedule(0.01)) { ClipNorm = clipNorm };
        _second = new AdamW([.. _other.Parameters, .. _critic.Parameters], new ConstantSchedule(0.01));
    }

    /// <summary>The way back adds to rows that the way forth has looked up.</summary>
    [StaticGraph]
    public Tensor Step([Shape("B")] Tensor rows, [Shape("B")] Tensor others)
    {
        var (loss, gradients) = ValueAndGrad(() => Mean(Square(_layer.Forward(Tanh(_table.Forward(rows))))), [.. _table.Parameters, .. _layer.Parameters]);
        _optimizer.Step(gradients);
        return loss;
    }

    /// <summary>Rows are looked up that nothing before has looked at.</summary>
    [StaticGraph]
    public Tensor LookLater([Shape("B")] Tensor rows, [Shape("B")] Tensor others)
    {
        var (loss, gradients) = ValueAndGrad(() => Mean(Square(_layer.Forward(Tanh(_table.Forward(rows))))), [.. _table.Parameters, .. _layer.Parameters]);
        _optimizer.Step(gradients);
        return loss + Mean(_other.Forward(others));
    }

    /// <summary>The same rows, of a table that has fewer.</summary>
    [StaticGraph]
    public Tensor LookInFewer([Shape("B")] Tensor rows, [Shape("B")] Tensor others)
    {
        var (loss, gradients) = ValueAndGrad(() => Mean(Square(_layer.Forward(Tanh(_table.Forward(others))))), [.. _table.Parameters, .. _layer.Parameters]);
        _optimizer.Step(gradients);
        return loss + Mean(_small.Forward(others));
    }

    /// <summary>What is looked up is what the updated layer gives.</summary>
    [StaticGraph]
    public Tensor LookAtUpdated([Shape("B")] Tensor rows, [Shape("B")] Tensor others)
    {
        var (loss, gradients) = ValueAndGrad(() => Mean(Square(_layer.Forward(Tanh(_table.Forward(rows))))), [.. _table.Parameters, .. _layer.Parameters]);
        _optimizer.Step(gradients);
        var found = Cast(Minimum(Abs(Mean(_layer.Weight)), 1f), DType.I32) + others;
        return loss + Mean(_other.Forward(found));
    }

    /// <summary>State takes up rows where it lies, the first of them before the one that there is none for.</summary>
    [StaticGraph]
    public Tensor Count([Shape("B")] Tensor rows, [Shape("B")] Tensor others)
    {
        _counts = IndexAdd(_counts, rows, Full([rows.Shape[0], Width], 1));
        return Sum(_counts);
    }

    /// <summary>Two optimizers, each with rows of its own; the second reads what the first has changed.</summary>
    [StaticGraph]
    public Tensor TwoSteps([Shape("B")] Tensor rows, [Shape("B")] Tensor others)
    {
        var (first, gradients) = ValueAndGrad(() => Mean(Square(_layer.Forward(Tanh(_table.Forward(rows))))), [.. _table.Parameters, .. _layer.Parameters]);
        _optimizer.Step(gradients);
        var (second, more) = ValueAndGrad(() => Mean(Square(_critic.Forward(_layer.Forward(_other.Forward(others))))), [.. _other.Parameters, .. _critic.Parameters]);
        _second.Step(more);
        return first + second;
    }
}

/// <summary>A call of a graph that throws has changed nothing, wherever the updates stand in the order of its work.</summary>
[Collection("graphs")]
public class ThrowingStepTests
{
    private static readonly Tensor s_good = Tensor.From<int>([3, 0, -1, 7, 19, 3], 6), s_bad = Tensor.From<int>([3, 0, -1, 40, 19, 3], 6), s_fewer = Tensor.From<int>([3, 0, 35, 7, 19, 3], 6);

    public static TheoryData<string, float, bool> Steps => new()
    {
        { nameof(LookUpSteps.Step), 0, true },
        { nameof(LookUpSteps.Step), 0.5f, true },
        { nameof(LookUpSteps.LookLater), 0, true },
        { nameof(LookUpSteps.LookLater), 0, false },
        { nameof(LookUpSteps.LookLater), 0.5f, false },
        { nameof(LookUpSteps.LookInFewer), 0, false },
        { nameof(LookUpSteps.LookAtUpdated), 0, false },
        { nameof(LookUpSteps.Count), 0, true },
        { nameof(LookUpSteps.TwoSteps), 0, true },
        { nameof(LookUpSteps.TwoSteps), 0, false },
    };

    [Theory]
    [MemberData(nameof(Steps))]
    public void Nothing_has_changed(string step, float clipNorm, bool isFirst)
    {
        var (model, twin) = (new LookUpSteps(clipNorm), new LookUpSteps(clipNorm));
        var bad = step == nameof(LookUpSteps.LookInFewer) ? s_fewer : s_bad;
        Run(model, step, s_good, s_good).Dispose();
        Run(twin, step, s_good, s_good).Dispose();
        var before = State(model);
        Assert.Throws<IndexOutOfRangeException>(() => Run(model, step, isFirst ? bad : s_good, isFirst ? s_good : bad));
        Assert.Equal(before, State(model));

        // And it goes on as if nothing had been.
        Run(model, step, s_good, s_good).Dispose();
        Run(twin, step, s_good, s_good).Dispose();
        Assert.Equal(State(twin), State(model));
        Assert.NotEqual(before, State(model));
    }

    private static Tensor Run(LookUpSteps model, string step, Tensor rows, Tensor others)
    {
        Tensor Call() => step switch
        {
            nameof(LookUpSteps.Step) => model.Step(rows, others),
            nameof(LookUpSteps.LookLater) => model.LookLater(rows, others),
            nameof(LookUpSteps.LookInFewer) => model.LookInFewer(rows, others),
            nameof(LookUpSteps.LookAtUpdated) => model.LookAtUpdated(rows, others),
            nameof(LookUpSteps.Count) => model.Count(rows, others),
            nameof(LookUpSteps.TwoSteps) => model.TwoSteps(rows, others),
            _ => throw new ArgumentException(step),
        };
        return BothModes.Compiled(Call);
    }

    private static float[][] State(Module model) => [.. model.NamedState().Select(s => Cast(s.Tensor, DType.F32).ToArray<float>())];
}
