using System.Globalization;
using System.Text;

namespace Unified.Nn;

/// <summary>The table of <see cref="Module.Summary"/>.</summary>
internal static class ModelSummary
{
    public static string Of(Module model)
    {
        var rows = new List<string[]> { new[] { "module", "class", "own parameters", "numbers" } };
        var seen = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
        foreach (var (name, module) in model.NamedModules())
        {
            var below = module.NamedModules().Skip(1).SelectMany(m => m.Module.Parameters).ToHashSet<Parameter>(ReferenceEqualityComparer.Instance);
            var own = module.Parameters.Where(p => !below.Contains(p) && seen.Add(p)).ToList();
            rows.Add(
            [
                name.Length == 0 ? "(model)" : name, ClassOf(module.GetType()), string.Join(' ', own.Select(p => p.Shape + (p.RequiresGrad ? "" : " frozen"))),
                own.Count == 0 ? "" : Number(own.Sum(p => p.Size)),
            ]);
        }

        var widths = Enumerable.Range(0, 4).Select(c => rows.Max(r => r[c].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadRight(widths[2])}  {row[3].PadLeft(widths[3])}")
                .AppendLine();
        }

        var trained = model.Trained.Sum(p => p.Size);
        return text.Append(CultureInfo.InvariantCulture, $"{Number(model.ParameterCount)} parameters, {Number(trained)} of them trained").AppendLine().ToString();
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string ClassOf(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GenericTypeArguments.Select(ClassOf))}>"
        : type.Name;
}
