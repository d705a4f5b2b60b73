using System.Globalization;
using Classics;
using Unified;
using Unified.Nn;
using Unified.Nn.Data;

// Four models that everybody trains once, on data made here:
//   dotnet run -c Release --project samples/Classics -- mlp|resnet|lstm|vae [--epochs n] [--eager]
var task = args.FirstOrDefault() ?? "";
var epochs = Array.IndexOf(args, "--epochs") is >= 0 and var at && at + 1 < args.Length && int.TryParse(args[at + 1], CultureInfo.InvariantCulture, out var given) ? given : 0;
var mode = args.Contains("--eager") ? ExecutionMode.Eager : ExecutionMode.Graph;
if (task is not ("mlp" or "resnet" or "lstm" or "vae"))
{
    Console.Error.WriteLine("say what to train: mlp, resnet (images of shapes), lstm (words), or vae (images, without labels); --epochs n, --eager");
    return 2;
}

using (Execution.Use(mode))
{
    Generator.Default.Seed(1);
    var history = task switch
    {
        "mlp" => Train(new Sequential(new Flatten(), new Linear(Shapes.Size * Shapes.Size, 64), new Gelu(), new Linear(64, Shapes.Kinds)), Shapes.Images, Shapes.Batch, 0.003, 12),
        "resnet" => Train(
            new Sequential(
                new Conv2d(1, 8, 3, padding: 1, bias: false), new BatchNorm2d(8), new Relu(), new ResidualBlock(8, 8), new ResidualBlock(8, 16, stride: 2),
                new GlobalAveragePooling(), new Linear(16, Shapes.Kinds)),
            Shapes.Images, Shapes.Batch, 0.01, 6),
        "lstm" => Train(new WordReader(), Words.Of, Words.Batch, 0.01, 12),
        _ => TrainAutoencoder(),
    };
    var last = string.Join(", ", history[^1].Select(v => string.Create(CultureInfo.InvariantCulture, $"\"{v.Key}\": {v.Value:R}")));
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"task\": \"{task}\", \"mode\": \"{(mode == ExecutionMode.Graph ? "graph" : "eager")}\", \"epochs\": {history.Count}, \"first_loss\": {history[0]["loss"]:R}, {last}}}"));
}

return 0;

IReadOnlyList<IReadOnlyDictionary<string, double>> Train<T>(
    Layer body, Func<int, int, Dataset<T>> data, Func<IReadOnlyList<T>, (Tensor X, Tensor Labels)> batch, double rate, int defaultEpochs)
{
    Console.Write(body.Summary());
    var (count, accuracy) = (epochs > 0 ? epochs : defaultEpochs, new Accuracy());
    var loader = new DataLoader<T, (Tensor X, Tensor Labels)>(data(1024, 1), new Shuffled(1024, 32, seed: 1), batch) { Workers = 1 };
    var model = new Classifier(body, new AdamW(body.Parameters, new OneCycleSchedule(rate, count * loader.BatchCount)));
    return new TrainingLoop<(Tensor X, Tensor Labels)>(loader, b => model.Step(b.X, b.Labels))
    {
        Validate = () =>
        {
            model.Evaluate();
            accuracy.Reset();
            foreach (var (x, labels) in new DataLoader<T, (Tensor X, Tensor Labels)>(data(256, 2), new InOrder(256, 64), batch))
            {
                accuracy.Update(model.Forward(x), labels);
            }

            model.Train();
            return [("accuracy", accuracy.Value)];
        },
        Callbacks = [new WriteLog(Console.Out), new StopAtNaN()],
    }.Run(count);
}

IReadOnlyList<IReadOnlyDictionary<string, double>> TrainAutoencoder()
{
    var (count, error) = (epochs > 0 ? epochs : 20, new MeanSquaredError());
    var loader = new DataLoader<(float[] Pixels, int Kind), Tensor>(Shapes.Images(1024, 1), new Shuffled(1024, 32, seed: 1), b => Shapes.Batch(b).Images) { Workers = 1 };
    var model = new Autoencoder(new CosineSchedule(0.005, 0.0005, count * loader.BatchCount));
    Console.Write(model.Summary());
    return new TrainingLoop<Tensor>(loader, model.Step)
    {
        Validate = () =>
        {
            var (images, _) = Shapes.Batch([.. Shapes.Images(256, 2)]);
            error.Reset();
            error.Update(model.Rebuild(images), images);
            return [("error", error.Value)];
        },
        Callbacks = [new WriteLog(Console.Out), new StopAtNaN()],
    }.Run(count);
}
