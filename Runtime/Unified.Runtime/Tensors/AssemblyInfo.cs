using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Unified.Runtime.Tests")]
[assembly: InternalsVisibleTo("Unified.Conformance.Tests")]
