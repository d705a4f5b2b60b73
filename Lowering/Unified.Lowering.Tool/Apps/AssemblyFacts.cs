using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Unified.Tool.Apps;

/// <summary>What an assembly file says of itself, read without loading it.</summary>
internal sealed record AssemblyFacts(string Name, string Version, ImmutableArray<string> References)
{
    /// <summary>Null for a file that is no assembly.</summary>
    public static AssemblyFacts? Of(string file)
    {
        try
        {
            using var reader = new PEReader(File.OpenRead(file));
            if (!reader.HasMetadata)
            {
                return null;
            }

            var metadata = reader.GetMetadataReader();
            var definition = metadata.GetAssemblyDefinition();
            return new AssemblyFacts(
                metadata.GetString(definition.Name), VersionOf(metadata) ?? definition.Version.ToString(),
                [.. metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))]);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // The informational version, which also names the commit.
    private static string? VersionOf(MetadataReader metadata)
    {
        foreach (var attribute in metadata.GetAssemblyDefinition().GetCustomAttributes().Select(metadata.GetCustomAttribute))
        {
            if (attribute.Constructor.Kind == HandleKind.MemberReference
                && metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent is { Kind: HandleKind.TypeReference } parent
                && metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)parent).Name) == "AssemblyInformationalVersionAttribute")
            {
                var value = metadata.GetBlobReader(attribute.Value);
                value.ReadUInt16();
                return value.ReadSerializedString();
            }
        }

        return null;
    }
}
