using System.Globalization;
using Unified;
using Unified.Nn;
using UnifiedInference;

// <app> x y [x y ...]: the spiral that each point lies on. Weights come from model.safetensors in the working folder, if it is there.
var model = new Model(Graphs.Hidden);
model.Evaluate();
if (File.Exists("model.safetensors"))
{
    Safetensors.Open("model.safetensors").LoadInto(model.NamedState());
}
else
{
    Console.Error.WriteLine("no model.safetensors here: the weights are random");
}

float[] numbers = [.. (args.Length > 1 ? args : ["0.3", "-0.1", "-0.3", "0.1"]).Select(a => float.Parse(a, CultureInfo.InvariantCulture))];
var count = numbers.Length / 2;
using var scores = model.Forward(Tensor.From<float>(numbers.AsSpan(0, 2 * count), count, 2));
for (var i = 0; i < count; i++)
{
    var (a, b) = (scores.AsReadOnlySpan<float>()[2 * i], scores.AsReadOnlySpan<float>()[(2 * i) + 1]);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"({numbers[2 * i]}, {numbers[(2 * i) + 1]}): spiral {(b > a ? 1 : 0)} ({a:0.00} against {b:0.00})"));
}

Console.WriteLine($"graphs: {GraphRuntime.Statistics.Shipped} shipped, {GraphRuntime.Statistics.Compilations} compiled here");
