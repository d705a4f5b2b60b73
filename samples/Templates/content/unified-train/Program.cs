using Unified;
using Unified.Ir;
using Unified.Nn;
using UnifiedTraining;

const int Steps = 400;
var model = new Model(Graphs.Hidden);
var optimizer = new AdamW(model.Parameters, new CosineSchedule(0.01, 0.0005, Steps));
var (points, labels) = Spirals.Make(512, seed: 1);
for (var step = 1; step <= Steps; step++)
{
    using var loss = model.TrainStep(points, labels, optimizer);
    if (step % 100 == 0)
    {
        Console.WriteLine($"step {step}: loss {loss.Item<float>():0.0000}");
    }
}

model.Evaluate();
var (held, truth) = Spirals.Make(256, seed: 2);
var accuracy = new Accuracy();
accuracy.Update(model.Forward(held), truth);
Console.WriteLine($"accuracy on points not seen: {accuracy.Value:0.000}");
Safetensors.Save("model.safetensors", model.NamedState());
Console.WriteLine("saved model.safetensors");

internal static class Spirals
{
    /// <summary>Points on two spirals, and which.</summary>
    public static (Tensor Points, Tensor Labels) Make(int count, int seed)
    {
        var random = new Random(seed);
        var points = new float[count * 2];
        var labels = new long[count];
        for (var i = 0; i < count; i++)
        {
            labels[i] = i % 2;
            var along = 0.25 + (2.5 * random.NextDouble());
            var angle = (along * Math.PI) + (labels[i] * Math.PI);
            points[2 * i] = (float)((along * Math.Cos(angle) / 2.5) + (0.02 * random.NextDouble()));
            points[(2 * i) + 1] = (float)((along * Math.Sin(angle) / 2.5) + (0.02 * random.NextDouble()));
        }

        return (Tensor.From<float>(points, count, 2), Tensor.From<long>(labels, count));
    }
}
