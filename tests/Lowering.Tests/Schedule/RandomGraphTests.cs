using System.Collections.Immutable;
using Unified.Ir;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>Schedules of random graphs give what their ops give, whatever was fused.</summary>
public sealed class RandomGraphTests
{
    private static readonly OpCode[] Unary = [OpCode.Neg, OpCode.Exp, OpCode.Tanh, OpCode.Abs, OpCode.Sin, OpCode.Square];
    private static readonly OpCode[] Binary = [OpCode.Add, OpCode.Sub, OpCode.Mul, OpCode.Maximum];
    private static readonly OpCode[] Reductions = [OpCode.Sum, OpCode.ReduceMax, OpCode.ReduceMin];

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 40).Select(i => i * 25)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_graphs(int first)
    {
        for (var seed = first; seed < first + 25; seed++)
        {
            try
            {
                _ = Check(Make(new Random(seed)), (2, 3), (1, 2), (3, 1));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}\n{GraphText.Print(Make(new Random(seed)))}", e);
            }
        }
    }

    [Fact]
    public void Random_graphs_compiled()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            CheckNative(Make(new Random(seed)), (2, 3), (3, 20));
        }
    }

    private static GraphModule Make(Random random)
    {
        TensorType[] inputs = [F32(B, T, 4), F32(4), F32(B, T, 4), F32(T, 4), F32(4, 4), F32(B, T, 1)];
        return Module(
            inputs,
            (b, x) =>
            {
                List<OpValue> values = [.. x];
                for (var step = random.Next(3, 16); step > 0; step--)
                {
                    values.Add(Clamp(b, Step(b, values, random)));
                }

                return [.. values.Skip(inputs.Length).Where((v, i) => i == values.Count - inputs.Length - 1 || random.Next(4) == 0)];
            },
            random.Next(3) == 0 ? (b, x) => [(b.Apply(OpCode.Tanh, x[0] * x[2] + x[1]), 0), (x[0] - 1.0, 2)] : null);
    }

    // Keeps numbers in a range in which sums in another order differ little.
    private static OpValue Clamp(OpBuilder b, OpValue x) => b.Apply(OpCode.Clamp, Attributes.Empty.With("min", -4.0).With("max", 4.0), x);

    private static OpValue Step(GraphBuilder b, List<OpValue> values, Random random)
    {
        var x = Pick(values, random);
        switch (random.Next(12))
        {
            case 0 or 1:
                return b.Apply(Unary[random.Next(Unary.Length)], x);
            case 2 or 3 or 4:
                var other = values.Where(v => Broadcasts(v.Shape, x.Shape)).ToList();
                return b.Apply(Binary[random.Next(Binary.Length)], x, Pick(other, random));
            case 5 or 6 when x.Shape.Rank > 0:
                var axes = Enumerable.Range(0, x.Shape.Rank).Where(_ => random.Next(2) == 0).DefaultIfEmpty(x.Shape.Rank - 1);
                return b.Reduce(Reductions[random.Next(3)], x, axes, random.Next(2) == 0);
            case 7 when x.Shape.Rank > 1:
                return b.Transpose(x, Enumerable.Range(0, x.Shape.Rank).OrderBy(_ => random.Next()).ToList());
            case 8 when x.Shape.Rank > 1:
                var at = random.Next(x.Shape.Rank - 1);
                return random.Next(2) == 0
                    ? b.Reshape(x, new Shape(x.Shape.Dims.RemoveAt(at).SetItem(at, x.Shape[at] * x.Shape[at + 1])))
                    : b.Reshape(x, new Shape(x.Shape.Dims.Insert(at, Dim.One)));
            case 9 when x.Shape.Rank > 0 && x.Shape[x.Shape.Rank - 1].Is(4):
                return random.Next(3) switch
                {
                    0 => b.Reshape(x, new Shape([.. x.Shape.Take(x.Shape.Rank - 1), 2, 2])),
                    1 => b.Slice(x, x.Shape.Select((_, i) => i == x.Shape.Rank - 1 ? Dim.One : Dim.Zero), x.Shape.Select((d, i) => i == x.Shape.Rank - 1 ? 2 : d)),
                    _ => b.Apply(OpTable.Get(OpCode.Concat), [x, b.Apply(OpCode.Neg, x)], Attributes.Empty.With("axis", (long)random.Next(x.Shape.Rank)))[0],
                };
            case 10 when x.Shape.Rank > 1:
                var right = values.Where(v => v.Shape.Rank == 2 && v.Shape[0] == x.Shape[x.Shape.Rank - 1]).ToList();
                return right.Count > 0 ? b.MatMul(x, Pick(right, random)) : b.MatMul(x, x, transposeB: true);
            case 11 when x.Shape.Rank > 0:
                return b.Apply(OpCode.Softmax, Attributes.Empty.With("axis", (long)random.Next(x.Shape.Rank)), x);
            default:
                return x * 0.5 + 0.25;
        }
    }

    private static OpValue Pick(List<OpValue> values, Random random) => values[random.Next(3) == 0 ? random.Next(values.Count) : values.Count - 1 - random.Next(Math.Min(4, values.Count))];

    private static bool Broadcasts(Shape a, Shape b) => Enumerable.Range(1, Math.Min(a.Rank, b.Rank)).All(i => a[a.Rank - i] == b[b.Rank - i] || a[a.Rank - i].Is(1) || b[b.Rank - i].Is(1));
}
