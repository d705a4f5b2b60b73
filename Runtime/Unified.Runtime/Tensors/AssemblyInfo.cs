using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Unified.Runtime.Tests")]
