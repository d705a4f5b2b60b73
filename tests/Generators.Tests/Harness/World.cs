using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.ExceptionServices;
using Unified.Ir;

namespace Unified.Generators.Tests;

/// <summary>Loaded assemblies: the stand-in runtime and what was compiled against it.</summary>
internal sealed class World(ImmutableArray<Assembly> assemblies)
{
    public Type Type(string name) => assemblies.Select(a => a.GetType(name)).FirstOrDefault(t => t is not null)
        ?? throw new InvalidOperationException($"no type {name}");

    private Type Runtime => Type("Unified.GraphRuntime");

    /// <summary>Keys of the graphs that calls asked the runtime to run, so far.</summary>
    public ImmutableArray<string> Keys => [.. Runs.Select(r => Definition(r).Key)];

    public IEnumerable<object> Runs => ((IEnumerable)Runtime.GetProperty("Runs")!.GetValue(null)!).Cast<object>();

    public static FunctionDefinition Definition(object run) => (FunctionDefinition)run.GetType().GetProperty("Function")!.GetValue(run)!;

    /// <summary>The runtime answers every run with these values from now on.</summary>
    public void AnswerWith(params float[] values)
    {
        var tensor = Type("Unified.Tensor");
        var answer = Array.CreateInstance(tensor, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            answer.SetValue(Activator.CreateInstance(tensor, values[i]), i);
        }

        var run = System.Linq.Expressions.Expression.Parameter(Type("Unified.Run"));
        var body = System.Linq.Expressions.Expression.Constant(answer, tensor.MakeArrayType());
        Runtime.GetProperty("Answer")!.SetValue(null, System.Linq.Expressions.Expression.Lambda(body, run).Compile());
    }

    public void SetMode(string mode)
    {
        var type = Type("Unified.ExecutionMode");
        Type("Unified.Execution").GetMethod("Use")!.Invoke(null, [Enum.Parse(type, mode)]);
    }

    /// <summary>Calls a static method; exceptions come out as they were thrown.</summary>
    public object? Call(string type, string method, params object?[] arguments)
    {
        try
        {
            return Type(type).GetMethod(method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.Invoke(null, arguments);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
    }

    /// <summary>Runs <c>Program.Run()</c>, which returns a float, in graph mode; gives the result and the keys of the graphs asked for.</summary>
    public (float Value, ImmutableArray<string> Keys) RunGraph()
    {
        SetMode("Graph");
        try
        {
            var value = (float)Call("Program", "Run")!;
            return (value, Keys);
        }
        finally
        {
            SetMode("Eager");
        }
    }

    public FunctionDefinition CompanionDefinition(string method)
    {
        var companion = assemblies.SelectMany(a => a.GetTypes()).Single(t => t.Namespace == "Unified.Generated" && t.Name.StartsWith($"G_{method}_", StringComparison.Ordinal));
        return (FunctionDefinition)companion.GetField("Definition")!.GetValue(null)!;
    }
}
