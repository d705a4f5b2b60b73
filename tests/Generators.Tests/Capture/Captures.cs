using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using Unified.Ir;

namespace Unified.Generators.Tests.Capture;

/// <summary>Captures a method of a source text and shows what came of it.</summary>
internal sealed record Captures(CapturedMethod Method, CSharpCompilation Compilation, MethodDeclarationSyntax Syntax)
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using Unified;
        using Unified.Ir;
        using Unified.Nn;
        using static Unified.Ops;

        """;

    private static readonly ImmutableArray<MetadataReference> s_platform =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name is "mscorlib.dll" or "netstandard.dll"))
            .Select(p => MetadataReference.CreateFromFile(p)),
        MetadataReference.CreateFromFile(typeof(Function).Assembly.Location),
    ];

    private static readonly Lazy<ImmutableArray<MetadataReference>> s_references = new(() =>
    {
        var runtime = Emit(Create("Unified.Runtime", s_platform, CaptureStandIn.Attributes, CaptureStandIn.Tensors));
        return [.. s_platform, runtime, Emit(Create("Unified.Nn", [.. s_platform, runtime], CaptureStandIn.Library))];
    });

    public Function Function => Method.Function ?? throw new InvalidOperationException(string.Join("\n", Method.Diagnostics.Select(Message)));

    /// <summary>Captures method <paramref name="name"/> of the last type that has one. The text gets the usual usings and namespace.</summary>
    public static Captures Of(string source, string name = "Forward")
    {
        var text = $"{Usings}namespace App;\n{source}";
        var compilation = Create("App", s_references.Value, text);
        var errors = compilation.GetDiagnostics(TestContext.Current.CancellationToken).Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
        Assert.True(errors.Count == 0, string.Join("\n", errors));
        return Of(compilation, name);
    }

    /// <summary>Captures from a text that need not compile.</summary>
    public static Captures OfBroken(string source) => Of(Create("App", s_references.Value, $"{Usings}namespace App;\n{source}"), "Forward");

    /// <summary>The function's text; each thunk's C# stands beside it. The thunks are compiled in another part of the type.</summary>
    public string Text()
    {
        CompileThunks();
        Assert.Empty(FunctionVerifier.Verify(Function));
        Assert.Equal(FunctionText.Print(FunctionText.Parse(FunctionText.Print(Function))), FunctionText.Print(Function));
        var text = new StringBuilder(FunctionText.Print(Function));
        foreach (var thunk in Method.Thunks)
        {
            text.Append($"// !{thunk.Number} {Signature(thunk)} => {thunk.Expression}\n");
        }

        foreach (var callee in Method.Callees)
        {
            text.Append($"// @{callee.Number} {(callee.IsVirtualOrInterface ? "virtual " : "")}{callee.ContainingTypeFullName} on '{callee.ReceiverType}'\n");
        }

        return text.ToString();
    }

    /// <summary>The C# of the thunks and whether each is a guard: <c>guard this.Training</c>.</summary>
    public IEnumerable<string> Thunks()
    {
        _ = Function;
        CompileThunks();
        return Method.Thunks.Select(t => (Function.Thunks[t.Number].IsGuard ? "guard " : "") + t.Expression);
    }

    public IEnumerable<Instruction> Instructions()
    {
        Assert.Empty(FunctionVerifier.Verify(Function));
        return Walk(Function.Body);
    }

    public IEnumerable<T> Instructions<T>()
        where T : Instruction => Instructions().OfType<T>();

    /// <summary>The instruction that assigns a register.</summary>
    public Instruction Definition(int register) => Instructions().Single(i => i.Result == register);

    public static string Message(CaptureDiagnostic diagnostic) =>
        string.Format(System.Globalization.CultureInfo.InvariantCulture, $"{diagnostic.Id}: {DiagnosticTable.OfCapture(diagnostic.Id).MessageFormat}", [.. diagnostic.Arguments]);

    /// <summary>
    /// Captures a source in which <c>[|…|]</c> encloses each place that must be refused, and checks that these places and no
    /// others are, all with the id; gives the messages.
    /// </summary>
    public static ImmutableArray<string> Refused(string id, string source)
    {
        MarkedText(source, out var clean, out var spans);
        var offset = $"{Usings}namespace App;\n".Length;
        var found = Of(clean).Method;
        Assert.Null(found.Function);
        Assert.Empty(found.Thunks);
        var shown = string.Join("\n", found.Diagnostics.Select(d => $"{Message(d)} at '{clean.Substring(d.Span.Start - offset, d.Span.Length)}'"));
        Assert.True(found.Diagnostics.All(d => d.Id == id), shown);
        Assert.True(
            spans.SequenceEqual(found.Diagnostics.Select(d => new TextSpan(d.Span.Start - offset, d.Span.Length)).OrderBy(s => s.Start)),
            $"expected {string.Join(" and ", spans.Select(s => $"'{clean.Substring(s.Start, s.Length)}'"))}, found\n{shown}");
        Assert.All(found.Diagnostics, d => Assert.Equal("models/App0.cs", d.FilePath));
        return [.. found.Diagnostics.Select(Message)];
    }

    private static Captures Of(CSharpCompilation compilation, string name)
    {
        var tree = compilation.SyntaxTrees[0];
        var syntax = tree.GetRoot().DescendantNodes().OfType<MethodDeclarationSyntax>().Last(m => m.Identifier.Text == name);
        var model = compilation.GetSemanticModel(tree);
        return new Captures(MethodCapture.Capture(new CaptureSession(model.GetDeclaredSymbol(syntax)!, model, TestContext.Current.CancellationToken)), compilation, syntax);
    }

    private static CSharpCompilation Create(string name, IEnumerable<MetadataReference> references, params string[] sources) => CSharpCompilation.Create(
        name,
        [.. sources.Select((s, i) => CSharpSyntaxTree.ParseText(s, new CSharpParseOptions(LanguageVersion.CSharp14), $"models/{name}{i}.cs"))],
        references,
        new CSharpCompilationOptions(Microsoft.CodeAnalysis.OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true));

    private static MetadataReference Emit(CSharpCompilation compilation)
    {
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return MetadataReference.CreateFromImage(image.ToArray());
    }

    private void CompileThunks()
    {
        var type = (TypeDeclarationSyntax)Syntax.Parent!;
        var text = new StringBuilder(Usings).Append("namespace App;\npartial ").Append(type.Keyword.Text).Append(' ').Append(type.Identifier.Text)
            .Append(type.TypeParameterList?.ToString()).Append("\n{\n");
        foreach (var thunk in Method.Thunks)
        {
            text.Append($"    private {(thunk.IsStatic ? "static " : "")}{Signature(thunk)} => {thunk.Expression};\n");
        }

        var half = CSharpSyntaxTree.ParseText(text.Append("}\n").ToString(), (CSharpParseOptions)Syntax.SyntaxTree.Options, "Half.cs");
        var errors = Compilation.AddSyntaxTrees(half).GetDiagnostics(TestContext.Current.CancellationToken).Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
        Assert.True(errors.Count == 0, $"{string.Join("\n", errors)}\n{half}");
    }

    private static string Signature(ThunkSource thunk) =>
        $"{thunk.ResultType} Thunk{thunk.Number}({string.Join(", ", thunk.Parameters.Select(p => $"{p.Type} {p.Name}"))})";

    private static IEnumerable<Instruction> Walk(Block block) => block.Instructions.SelectMany(i => Blocks(i).SelectMany(Walk).Prepend(i));

    private static IEnumerable<Block> Blocks(Instruction instruction) => instruction switch
    {
        IfInstruction i => [i.Then, i.Else],
        LoopInstruction l => [l.Condition, l.Body, l.Step],
        ForEachInstruction f => [f.Body],
        ValueAndGradInstruction v => [v.Body],
        _ => [],
    };

    private static void MarkedText(string marked, out string clean, out ImmutableArray<TextSpan> spans)
    {
        var text = new StringBuilder();
        var found = ImmutableArray.CreateBuilder<TextSpan>();
        var start = 0;
        for (var i = 0; i < marked.Length; i++)
        {
            if (string.CompareOrdinal(marked, i, "[|", 0, 2) == 0)
            {
                start = text.Length;
                i++;
            }
            else if (string.CompareOrdinal(marked, i, "|]", 0, 2) == 0)
            {
                found.Add(TextSpan.FromBounds(start, text.Length));
                i++;
            }
            else
            {
                text.Append(marked[i]);
            }
        }

        clean = text.ToString();
        spans = found.ToImmutable();
    }
}
