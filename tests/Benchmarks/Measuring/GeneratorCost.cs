using System.Diagnostics;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Spectre.Console;
using Unified.Generators;

namespace Unified.Benchmarks.Measuring;

/// <summary>
/// What the generator costs at a keystroke, beside the compiler's own time for the same edit: a project of 200 static graphs and 20,000 calls of
/// them. Each edit is given to both, on compilations of their own; medians.
/// </summary>
internal static class GeneratorCost
{
    private const int Files = 50, CallFiles = 100, CallsPerFile = 200, Rounds = 7;

    private static readonly CSharpParseOptions s_parse = new CSharpParseOptions(LanguageVersion.CSharp14).WithFeatures([new("InterceptorsNamespaces", "Unified.Generated")]);

    public static int Run(bool json)
    {
        var compilation = Create();
        if (compilation.GetDiagnostics().FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error) is { } error)
        {
            Console.Error.WriteLine($"the project of the benchmark does not compile: {error}");
            return 1;
        }

        GeneratorDriver driver = CSharpGeneratorDriver.Create([new StaticGraphGenerator().AsSourceGenerator()], parseOptions: s_parse);
        var (coldCompiler, coldGenerator) = (Milliseconds(() => Create().GetDiagnostics()), Milliseconds(() => driver = driver.RunGenerators(compilation)));
        var table = new Table().AddColumns("edit", "compiler ms", "generator ms", "share");
        Add("none: everything for the first time", coldCompiler, coldGenerator);
        foreach (var (name, file, before) in ((string, string, string)[])
        [
            ("the body of one graph", "Models7.cs", "x * 1.5f"),
            ("the body of another method", "Calls9.cs", "var sum = 1f"),
            ("a declaration", "Models7.cs", "const float Scale = 1f"),
        ])
        {
            var (ofCompiler, ofGenerator) = (new List<double>(), new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                // Warmed up by the first ones.
                var after = before[..^1] + (round + 2).ToString(CultureInfo.InvariantCulture) + "f";
                var edited = Replace(compilation, file, before, after);
                var twin = Replace(compilation, file, before, after);
                ofGenerator.Add(Milliseconds(() => driver = driver.RunGenerators(edited)));
                ofCompiler.Add(Milliseconds(() => twin.GetDiagnostics()));
            }

            Add(name, ofCompiler.Order().ElementAt(Rounds / 2), ofGenerator.Order().ElementAt(Rounds / 2));
        }

        AnsiConsole.Write(table);
        return 0;

        void Add(string name, double compiler, double generator)
        {
            table.AddRow(name, Text(compiler), Text(generator), (generator / compiler).ToString("0.000", CultureInfo.InvariantCulture));
            if (json)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $$"""{"edit":"{{name}}","compiler_ms":{{compiler:0.0}},"generator_ms":{{generator:0.0}}}"""));
            }
        }
    }

    private static string Text(double milliseconds) => milliseconds.ToString("0.0", CultureInfo.InvariantCulture);

    private static double Milliseconds(Action run)
    {
        GC.Collect();
        var watch = Stopwatch.StartNew();
        run();
        return watch.Elapsed.TotalMilliseconds;
    }

    private static CSharpCompilation Replace(CSharpCompilation compilation, string file, string before, string after)
    {
        var tree = compilation.SyntaxTrees.Single(t => t.FilePath == file);
        return compilation.ReplaceSyntaxTree(tree, Parse(tree.ToString().Replace(before, after, StringComparison.Ordinal), file));
    }

    private static CSharpCompilation Create() => CSharpCompilation.Create(
        "Cost",
        [
            Parse("global using System; global using Unified; global using Unified.Nn; global using static Unified.Ops;", "Usings.cs"),
            .. Enumerable.Range(0, Files).Select(i => Parse(Models(i), $"Models{i}.cs")),
            .. Enumerable.Range(0, CallFiles).Select(i => Parse(Calls(i), $"Calls{i}.cs")),
        ],
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p)),
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    private static SyntaxTree Parse(string text, string path) => CSharpSyntaxTree.ParseText(text, s_parse, path, Encoding.UTF8);

    private static string Models(int number) => $$"""
        public sealed partial class Model{{number}}(int size, int hidden) : Module
        {
            private const float Scale = 1f;
            private readonly Linear _up = new(size, hidden), _down = new(hidden, size);
            private readonly LayerNorm _norm = new(size);
            private readonly Tensor _mean = Tensor.Zeros([1]);
            private readonly Linear[] _layers = [new(size, size), new(size, size), new(size, size)];

            [StaticGraph]
            public Tensor Forward([Shape("B", 32)] Tensor x)
            {
                var y = _norm.Forward(x * 1.5f);
                foreach (var layer in _layers)
                {
                    y = y + Tanh(layer.Forward(y)) * Scale;
                }

                return _down.Forward(Gelu(_up.Forward(y))) + x;
            }

            [StaticGraph]
            public Tensor Limit(Tensor x, int turns)
            {
                var count = 0;
                while (Sum(Abs(x)) > 10f && count < turns)
                {
                    x = x * 0.5f;
                    count++;
                }

                return Softmax(x, -1) * (count + 1);
            }

            [StaticGraph]
            public (Tensor First, Tensor Second) Halves(Tensor x)
            {
                var middle = x.Shape[^1] / 2;
                return (x[.., ..middle], x[.., middle..]);
            }

            [StaticGraph]
            public Tensor Step(Tensor x, Tensor labels, Optimizer optimizer)
            {
                var (loss, slopes) = ValueAndGrad(() => CrossEntropy(Forward(x), labels), Parameters);
                optimizer.Step(slopes);
                _mean.Assign(_mean * 0.9f + loss * 0.1f);
                return loss;
            }
        }
        """;

    private static string Calls(int number)
    {
        var text = new StringBuilder($"public static class Calls{number}\n{{\n    public static Tensor Run(Model{number % Files} model, Tensor x)\n    {{\n        var sum = 1f * x;\n");
        for (var i = 0; i < CallsPerFile; i++)
        {
            text.Append("        sum = sum + ").Append(i % 2 == 0 ? "model.Forward(sum" : "model.Limit(sum, 3").Append(i % 2 == 0 ? " * " + i + "f)" : ")").Append(";\n");
        }

        return text.Append("        return sum;\n    }\n}\n").ToString();
    }
}
