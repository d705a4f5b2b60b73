using System.Diagnostics;
using System.Globalization;
using Unified.Benchmarks.Torch;

// Answers the benchmark's questions, a line each: see ../Peers/TorchPeer.cs.
Action? work = null;
try
{
    TorchSharp.torch.set_num_threads(int.Parse(args[0], CultureInfo.InvariantCulture));
}
catch (Exception e)
{
    Console.WriteLine(e.GetBaseException().Message.ReplaceLineEndings(" "));
    return 1;
}

if (args.Length > 1 && args[1] == "first")
{
    // The same model as samples/Continue, with random weights: one pass, and out.
    using var model = new TorchGpt2(256, 256, 4, 4);
    using var nothing = TorchSharp.torch.no_grad();
    Console.WriteLine(model.Last(TorchSharp.torch.zeros(1, 3, TorchSharp.torch.int64)).argmax().item<long>());
    return 0;
}

if (args.Length > 3 && args[1] == "memory")
{
    var step = TorchWorks.Prepare(args[2])!;
    for (var i = 0; i < int.Parse(args[3], CultureInfo.InvariantCulture); i++)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        step();
    }

    var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
    Console.WriteLine((double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024).ToString("R", CultureInfo.InvariantCulture));
    return 0;
}

Console.WriteLine("ready");
while (Console.ReadLine() is { } line)
{
    try
    {
        var (command, argument) = (line[..line.IndexOf(' ', StringComparison.Ordinal)], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        if (command == "prepare")
        {
            work = TorchWorks.Prepare(argument);
            GC.Collect();
            Console.WriteLine(work is null ? "none" : "ready");
            continue;
        }

        var times = int.Parse(argument, CultureInfo.InvariantCulture);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < times; i++)
        {
            using var scope = TorchSharp.torch.NewDisposeScope();
            work!();
        }

        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString("R", CultureInfo.InvariantCulture));
    }
    catch (Exception e)
    {
        Console.WriteLine("error " + e.Message.ReplaceLineEndings(" "));
    }
}

return 0;
