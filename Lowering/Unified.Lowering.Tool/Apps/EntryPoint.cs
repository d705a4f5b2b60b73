using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Unified.Tool.Apps;

/// <summary>A static method marked <c>[AheadOfTime]</c>.</summary>
internal sealed record EntryPoint(MethodInfo Method)
{
    public string Name => $"{Method.DeclaringType!.FullName}.{Method.Name}";

    /// <exception cref="AppException">The method is not of the form that is asked for.</exception>
    public void Run(GraphSet graphs)
    {
        if (Method.GetParameters() is not [{ ParameterType: var only }] || only != typeof(GraphSet) || Method.ReturnType != typeof(void))
        {
            throw new AppException($"{Name} is marked [AheadOfTime]; it must be a static method of the form 'void {Method.Name}(GraphSet graphs)'");
        }

        try
        {
            Method.Invoke(null, [graphs]);
        }
        catch (TargetInvocationException e) when (e.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }
    }

    /// <summary>All of an app, in the order of their names.</summary>
    public static IReadOnlyList<EntryPoint> Of(AppLoadContext app)
    {
        var found = new List<EntryPoint>();
        foreach (var file in app.Candidates)
        {
            var assembly = app.LoadFromAssemblyPath(file);

            // Before the tool sets its own mode and compiler: the app's initializer sets them too.
            RuntimeHelpers.RunModuleConstructor(assembly.ManifestModule.ModuleHandle);
            found.AddRange(assembly.GetTypes()
                .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                .Where(m => m.IsDefined(typeof(AheadOfTimeAttribute), inherit: false))
                .Select(m => new EntryPoint(m)));
        }

        return [.. found.OrderBy(e => e.Name, StringComparer.Ordinal)];
    }
}
