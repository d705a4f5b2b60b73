using System.Reflection.Metadata;
using Unified.Ir;

namespace Unified.Tool.Apps;

/// <summary>Turns the short places of the IR, a folder and a file, into files on this machine, by what the assemblies' symbols name.</summary>
internal sealed class SourceFiles(Func<IEnumerable<string>> assemblies)
{
    private readonly Lazy<IReadOnlyList<string>> _documents = new(() => [.. assemblies().SelectMany(Documents).Distinct(StringComparer.Ordinal)]);

    /// <summary>As MSBuild and editors want it: <c>file(line,column)</c>.</summary>
    public string PlaceOf(SourceSpan span)
    {
        var ending = "/" + span.File;
        var found = _documents.Value.FirstOrDefault(d => d.Replace('\\', '/').EndsWith(ending, StringComparison.Ordinal) && File.Exists(d));
        return $"{found ?? span.File}({span.Line},{span.Column})";
    }

    private static IEnumerable<string> Documents(string assembly)
    {
        var symbols = Path.ChangeExtension(assembly, ".pdb");
        if (!File.Exists(symbols))
        {
            return [];
        }

        try
        {
            using var provider = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(symbols));
            var reader = provider.GetMetadataReader();
            return [.. reader.Documents.Select(d => reader.GetString(reader.GetDocument(d).Name))];
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
