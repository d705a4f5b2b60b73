using System.CommandLine;
using Unified.Ir;
using Unified.Tool.Apps;
using Unified.Tool.Calls;

namespace Unified.Tool.Commands;

/// <summary><c>unified run</c>: one graph of an app on tensors from files.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var inputs = new Option<string[]>("--input", "-i")
        {
            Description = "A parameter's tensor, as x=images.npy or x=batch.safetensors (default: the one that the entry point passes)", AllowMultipleArgumentsPerToken = true,
        };
        var output = new Option<string>("--output", "-o") { Description = "Where results go: .npy for one, .npz or .safetensors for more" };
        var command = new Command("run", "Run the first graph that an app's [AheadOfTime] methods name, on tensors from files.")
        {
            AppArguments.App, AppArguments.References, AppArguments.Graph, inputs, output, AppArguments.Json,
        };
        command.SetAction(parsed => AppArguments.WithApp(
            parsed.GetValue(AppArguments.App)!, parsed.GetValue(AppArguments.References) ?? [],
            app => Run(app, parsed.GetValue(AppArguments.Graph), parsed.GetValue(inputs) ?? [], parsed.GetValue(output), parsed.GetValue(AppArguments.Json))));
        return command;
    }

    private static int Run(AppLoadContext app, string? pattern, string[] inputs, string? output, bool isJson)
    {
        var call = AppCalls.Of(app, pattern)[0];
        var parameters = AppCalls.Parameters(call);
        var arguments = call.Arguments.ToArray();
        foreach (var (name, tensor) in inputs.Select(TensorFiles.Read))
        {
            var at = parameters.Select((p, i) => (p, i)).FirstOrDefault(p => p.p.Name == name && p.p.Type.Kind == ValueKind.Tensor, (null!, -1)).i;
            if (at < 0)
            {
                throw new AppException($"{call.Function.Key} has no tensor parameter '{name}'; it has {string.Join(", ", parameters.Where(p => p.Type.Kind == ValueKind.Tensor).Select(p => p.Name))}");
            }

            arguments[at] = Argument.Of(tensor);
        }

        var results = AppCalls.Run(call, arguments).Select((t, i) => (Name: $"result{i}", Tensor: t)).ToList();
        if (output is not null)
        {
            TensorFiles.Write(output, results);
        }

        if (isJson)
        {
            AppArguments.WriteJson(new { graph = call.Function.Key, output, results = results.Select(r => new { r.Name, type = r.Tensor.Type.ToString() }) });
        }
        else
        {
            results.ForEach(r => Console.WriteLine(output is null ? $"{r.Name}: {r.Tensor}" : $"{r.Name}: {r.Tensor.Type} in {output}"));
        }

        return 0;
    }
}
