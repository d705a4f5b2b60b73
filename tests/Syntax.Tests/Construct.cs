namespace Unified.Syntax.Tests;

/// <summary>
/// A construct of C#, as tensor code and as host code. A snippet is the body of <c>Tensor Forward(Tensor x, int n)</c>, where x is f32 with
/// six columns; after a line <c>---</c> come further members of its class, after <c>===</c> further types. One that starts with an
/// attribute is the members alone. Null where the construct has nothing to do with that kind of value.
/// </summary>
internal sealed record Construct(string Group, string Name, string? Tensor, string? Host)
{
    /// <summary>The two snippets that are there, each under a name of its own.</summary>
    public IEnumerable<Snippet> Snippets()
    {
        if (Tensor is not null)
        {
            yield return new Snippet($"{Group}: {Name} (tensor)", Tensor);
        }

        if (Host is not null)
        {
            yield return new Snippet($"{Group}: {Name} (host)", Host);
        }
    }
}

/// <summary>One source to compile and run.</summary>
/// <param name="Name">Unique over all tables; the name of the test, too.</param>
internal sealed record Snippet(string Name, string Text)
{
    /// <summary>The error of C# itself that the snippet must give, written as <c>!CS0000 </c> before it: tensors have no such operator.</summary>
    public string? Expected => Text.StartsWith('!') ? Text[1..Text.IndexOf(' ', StringComparison.Ordinal)] : null;

    private string Code => Expected is { } id ? Text[(id.Length + 2)..] : Text;

    private const string Head = """
        using System.Collections.Immutable;
        using System.Runtime.CompilerServices;
        using Unified;
        using Unified.Ir;
        using Unified.Nn;
        using static Unified.Ops;

        namespace Snippets.{0};


        """;

    /// <summary>The whole file, in a namespace of its own, with a caller whose call the generator redirects.</summary>
    public string Source(string space)
    {
        var types = Code.Split("===\n", 2);
        var members = types[0].Split("---\n", 2);
        var isWhole = members[0].TrimStart().StartsWith('[');
        return Head.Replace("{0}", space, StringComparison.Ordinal)
            + "public sealed partial class Model : Module\n{\n"
            + (isWhole ? members[0] : $"[StaticGraph]\npublic Tensor Forward(Tensor x, int n)\n{{\n{members[0]}\n}}")
            + $"\n{(members.Length > 1 ? members[1] : "")}\n}}\n{(types.Length > 1 ? types[1] : "")}\n"
            + "public static class Caller\n{\n    public static Tensor Call(object model, Tensor x, int n) => ((Model)model).Forward(x, n);\n}\n";
    }
}
