using System.Reflection;
using System.Runtime.Loader;

namespace Unified.Tool.Apps;

/// <summary>
/// The user's assemblies. Unified's own come from the tool, so that the app's static graphs and the tool's compiler speak of the same types; all
/// others come from the files that the build names.
/// </summary>
internal sealed class AppLoadContext : AssemblyLoadContext
{
    private static readonly string[] s_shared = ["Unified.Ir", "Unified.Native", "Unified.Runtime", "Unified.Nn", "Unified.Lowering", "Google.Protobuf", "System.Numerics.Tensors"];

    private readonly Dictionary<string, string> _files;

    /// <param name="files">Assembly files. Where two have one name, the first counts.</param>
    public AppLoadContext(IEnumerable<string> files)
        : base("app")
    {
        _files = files.GroupBy(f => Path.GetFileNameWithoutExtension(f)!, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => Path.GetFullPath(g.First()), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All files.</summary>
    public IEnumerable<string> Files => _files.Values;

    /// <summary>The assemblies that may have entry points: those that know the runtime and are not Unified's own.</summary>
    public IEnumerable<string> Candidates => _files.Values.Where(f => AssemblyFacts.Of(f) is { } facts && facts.References.Contains("Unified.Runtime") && !IsOwn(facts.Name));

    /// <exception cref="AppException">The app was built against another version of Unified than this tool is of.</exception>
    public void CheckVersions()
    {
        foreach (var name in s_shared.Where(n => n.StartsWith("Unified", StringComparison.Ordinal) && _files.ContainsKey(n)))
        {
            var own = AssemblyFacts.Of(Default.LoadFromAssemblyName(new AssemblyName(name)).Location);
            if (AssemblyFacts.Of(_files[name]) is { } facts && own is not null && facts.Version != own.Version)
            {
                throw new AppException(
                    $"the app references {name} {facts.Version}, and this tool is of {own.Version}; reference one version of all Unified packages");
            }
        }
    }

    protected override Assembly? Load(AssemblyName assemblyName) =>
        s_shared.Contains(assemblyName.Name, StringComparer.Ordinal) ? Default.LoadFromAssemblyName(new AssemblyName(assemblyName.Name!))
        : _files.TryGetValue(assemblyName.Name ?? "", out var file) ? LoadFromAssemblyPath(file)
        : null;

    private static bool IsOwn(string name) => name is "Unified.Nn" or "Unified.Runtime" or "Unified.Lowering" or "Unified.Lowering.Onnx" or "unified";
}
