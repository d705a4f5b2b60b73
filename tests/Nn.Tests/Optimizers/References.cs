namespace Unified.Nn.Tests;

/// <summary>The optimizers' published formulas in double precision, one parameter at a time.</summary>
internal static class References
{
    private const double Rate = 0.05;

    /// <summary>A step: number from 1, parameter, gradient, and what is kept from step to step (zeros at first).</summary>
    public delegate void Rule(int t, double[] p, double[] g, double[][] kept);

    /// <summary>Changes each element by a formula over its own gradient and what is kept of it.</summary>
    private static Rule Each(Func<int, double, double, double[], (double P, double[] Kept)> formula) => (t, p, g, kept) =>
    {
        for (var i = 0; i < p.Length; i++)
        {
            var (next, state) = formula(t, p[i], g[i], [.. kept.Select(k => k[i])]);
            p[i] = next;
            for (var k = 0; k < state.Length; k++)
            {
                kept[k][i] = state[k];
            }
        }
    };

    private static double Norm(double[] x) => Math.Sqrt(x.Sum(v => v * v));

    private static double Rms(double[] x) => Math.Sqrt(x.Average(v => v * v));

    public static Dictionary<string, (Func<IReadOnlyList<Parameter>, Optimizer> Make, Rule Rule)> All { get; } = new()
    {
        ["sgd"] = (p => new Sgd(p, Constant), Each((_, p, g, _) => (p - (Rate * g), []))),
        ["sgd with momentum and decay"] = (p => new Sgd(p, Constant, 0.9f) { WeightDecay = 0.1f, DecaysVectors = true },
            Each((_, p, g, k) => ((0.9 * k[0]) + g + (0.1 * p)) is var v ? (p - (Rate * v), [v]) : default)),
        ["nesterov"] = (p => new Sgd(p, Constant, 0.8f, nesterov: true), Each((_, p, g, k) => ((0.8 * k[0]) + g) is var v ? (p - (Rate * (g + (0.8 * v))), [v]) : default)),
        ["adam"] = (p => new Adam(p, Constant), Each((t, p, g, k) => Adam(t, p, g, k, 0.9, 0.999, 0))),
        ["adam with decay"] = (p => new Adam(p, Constant) { WeightDecay = 0.2f, DecaysVectors = true, Beta1 = 0.8f }, Each((t, p, g, k) => Adam(t, p, g + (0.2 * p), k, 0.8, 0.999, 0))),
        ["amsgrad"] = (p => new Adam(p, Constant, largest: true), Each((t, p, g, k) =>
        {
            var (m, v) = ((0.9 * k[0]) + (0.1 * g), (0.999 * k[1]) + (0.001 * g * g));
            var top = Math.Max(k[2], v);
            return (p - (Rate * m / (1 - Math.Pow(0.9, t)) / (Math.Sqrt(top / (1 - Math.Pow(0.999, t))) + 1e-8)), [m, v, top]);
        })),
        ["adamw"] = (p => new AdamW(p, Constant) { ClipNorm = 0, WeightDecay = 0.3f, DecaysVectors = true }, Each((t, p, g, k) => Adam(t, p, g, k, 0.9, 0.95, 0.3))),
        ["adamax"] = (p => new Adamax(p, Constant), Each((t, p, g, k) =>
        {
            var (m, u) = ((0.9 * k[0]) + (0.1 * g), Math.Max(0.999 * k[1], Math.Abs(g) + 1e-8));
            return (p - (Rate / (1 - Math.Pow(0.9, t)) * m / u), [m, u]);
        })),
        ["nadam"] = (p => new NAdam(p, Constant), Each((t, p, g, k) =>
        {
            double Mu(int s) => 0.9 * (1 - (0.5 * Math.Pow(0.96, s * 0.004)));
            var product = Enumerable.Range(1, t).Aggregate(1.0, (a, s) => a * Mu(s));
            var (m, v) = ((0.9 * k[0]) + (0.1 * g), (0.999 * k[1]) + (0.001 * g * g));
            var ahead = (Mu(t + 1) * m / (1 - (product * Mu(t + 1)))) + ((1 - Mu(t)) * g / (1 - product));
            return (p - (Rate * ahead / (Math.Sqrt(v / (1 - Math.Pow(0.999, t))) + 1e-8)), [m, v]);
        })),
        ["radam"] = (p => new RAdam(p, Constant) { Beta2 = 0.99f }, Each((t, p, g, k) =>
        {
            var (m, v) = ((0.9 * k[0]) + (0.1 * g), (0.99 * k[1]) + (0.01 * g * g));
            var (longest, power) = ((2 / 0.01) - 1, Math.Pow(0.99, t));
            var length = longest - (2 * t * power / (1 - power));
            var mean = m / (1 - Math.Pow(0.9, t));
            var step = length > 5
                ? mean * Math.Sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) * Math.Sqrt(1 - power) / (Math.Sqrt(v) + 1e-8)
                : mean;
            return (p - (Rate * step), [m, v]);
        })),
        ["adagrad"] = (p => new Adagrad(p, Constant), Each((_, p, g, k) => (k[0] + (g * g)) is var s ? (p - (Rate * g / (Math.Sqrt(s) + 1e-10)), [s]) : default)),
        ["adadelta"] = (p => new Adadelta(p, new ConstantSchedule(1)), Each((_, p, g, k) =>
        {
            var v = (0.9 * k[0]) + (0.1 * g * g);
            var d = Math.Sqrt(k[1] + 1e-6) / Math.Sqrt(v + 1e-6) * g;
            return (p - d, [v, (0.9 * k[1]) + (0.1 * d * d)]);
        })),
        ["rmsprop"] = (p => new RmsProp(p, Constant), Each((_, p, g, k) => ((0.99 * k[0]) + (0.01 * g * g)) is var v ? (p - (Rate * g / (Math.Sqrt(v) + 1e-8)), [v]) : default)),
        ["rmsprop, centred, with momentum"] = (p => new RmsProp(p, Constant, 0.9f, centred: true), Each((_, p, g, k) =>
        {
            var (v, m) = ((0.99 * k[0]) + (0.01 * g * g), (0.99 * k[1]) + (0.01 * g));
            var roll = (0.9 * k[2]) + (g / (Math.Sqrt(v - (m * m)) + 1e-8));
            return (p - (Rate * roll), [v, m, roll]);
        })),
        ["rprop"] = (p => new Rprop(p, Constant), Each((t, p, g, k) =>
        {
            var size = t == 1 ? Rate : k[1];
            var agrees = g * k[0];
            size = Math.Clamp(size * (agrees > 0 ? 1.2 : agrees < 0 ? 0.5 : 1), 1e-6, 50);
            g = agrees < 0 ? 0 : g;
            return (p - (Math.Sign(g) * size), [g, size]);
        })),
        ["lion"] = (p => new Lion(p, Constant) { WeightDecay = 0.1f, DecaysVectors = true },
            Each((_, p, g, k) => ((p * (1 - (Rate * 0.1))) - (Rate * Math.Sign((0.9 * k[0]) + (0.1 * g))), [(0.99 * k[0]) + (0.01 * g)]))),
        ["ftrl"] = (p => new Ftrl(p, Constant) { L1 = 0.1f, L2 = 0.2f }, Each((_, p, g, k) =>
        {
            var n = k[1] + (g * g);
            var z = k[0] + g - ((Math.Sqrt(n) - Math.Sqrt(k[1])) / Rate * p);
            return (Math.Abs(z) > 0.1 ? -(z - (Math.Sign(z) * 0.1)) / ((Math.Sqrt(n) / Rate) + 0.2) : 0, [z, n]);
        })),
        ["asgd"] = (p => new Asgd(p, Constant) { Lambda = 0.1 }, Each((t, p, g, _) =>
        {
            var eta = Rate / Math.Pow(1 + (0.1 * Rate * (t - 1)), 0.75);
            return ((p * (1 - (0.1 * eta))) - (eta * g), []);
        })),
        ["lamb"] = (p => new Lamb(p, Constant) { WeightDecay = 0.1f, DecaysVectors = true }, (t, p, g, kept) =>
        {
            var step = p.Select((v, i) =>
            {
                kept[0][i] = (0.9 * kept[0][i]) + (0.1 * g[i]);
                kept[1][i] = (0.999 * kept[1][i]) + (0.001 * g[i] * g[i]);
                return (kept[0][i] / (1 - Math.Pow(0.9, t)) / (Math.Sqrt(kept[1][i] / (1 - Math.Pow(0.999, t))) + 1e-6)) + (0.1 * v);
            }).ToArray();
            var trust = Norm(p) / Norm(step);
            for (var i = 0; i < p.Length; i++)
            {
                p[i] -= Rate * trust * step[i];
            }
        }),
        ["lars"] = (p => new Lars(p, new ConstantSchedule(20)) { WeightDecay = 0.1f, DecaysVectors = true }, (_, p, g, kept) =>
        {
            var trust = 0.001 * Norm(p) / (Norm(g) + (0.1 * Norm(p)) + 1e-8);
            for (var i = 0; i < p.Length; i++)
            {
                kept[0][i] = (0.9 * kept[0][i]) + (20 * trust * (g[i] + (0.1 * p[i])));
                p[i] -= kept[0][i];
            }
        }),
        ["adafactor"] = (p => new Adafactor(p, Constant), (t, p, g, kept) =>
        {
            // The matrix has 3 rows of 4; the other parameter is a vector.
            var fresh = Math.Pow(t, -0.8);
            double[] step;
            if (p.Length == 12)
            {
                var (rows, columns) = (kept[0], kept[1]);
                for (var i = 0; i < 3; i++)
                {
                    rows[i] = ((1 - fresh) * rows[i]) + (fresh * Enumerable.Range(0, 4).Average(j => g[(i * 4) + j] * g[(i * 4) + j]));
                }

                for (var j = 0; j < 4; j++)
                {
                    columns[j] = ((1 - fresh) * columns[j]) + (fresh * Enumerable.Range(0, 3).Average(i => g[(i * 4) + j] * g[(i * 4) + j]));
                }

                var mean = rows[..3].Average();
                step = [.. g.Select((v, i) => v / Math.Sqrt(rows[i / 4] * columns[i % 4] / mean))];
            }
            else
            {
                for (var i = 0; i < p.Length; i++)
                {
                    kept[0][i] = ((1 - fresh) * kept[0][i]) + (fresh * g[i] * g[i]);
                }

                step = [.. g.Select((v, i) => v / Math.Sqrt(kept[0][i]))];
            }

            var rate = Rate * Math.Max(Rms(p), 1e-3) / Math.Max(1, Rms(step));
            for (var i = 0; i < p.Length; i++)
            {
                p[i] -= rate * step[i];
            }
        }),
    };

    public static LearningRateSchedule Constant => new ConstantSchedule(Rate);

    private static (double P, double[] Kept) Adam(int t, double p, double g, double[] k, double beta1, double beta2, double decay)
    {
        var (m, v) = ((beta1 * k[0]) + ((1 - beta1) * g), (beta2 * k[1]) + ((1 - beta2) * g * g));
        return ((p * (1 - (Rate * decay))) - (Rate * m / (1 - Math.Pow(beta1, t)) / (Math.Sqrt(v / (1 - Math.Pow(beta2, t))) + 1e-8)), [m, v]);
    }
}
