using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("unified")]
[assembly: InternalsVisibleTo("Unified.Runtime.Tests")]
[assembly: InternalsVisibleTo("Unified.Conformance.Tests")]
[assembly: InternalsVisibleTo("Unified.Syntax.Tests")]
[assembly: InternalsVisibleTo("Tool.Tests")]
[assembly: InternalsVisibleTo("Nn.Tests")]
[assembly: InternalsVisibleTo("Unified.Fuzz")]
