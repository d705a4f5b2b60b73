using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// The rules of registers, blocks and references. A register lives to the end of the block that assigns it: blocks talk
/// through locals.
/// </summary>
internal static class RegisterRules
{
    public static ImmutableArray<FunctionRule> Rows { get; } =
    [
        new("parameters-are-locals", ParametersAreLocals),
        new("registers-in-range", RegistersInRange),
        new("assigned-once", AssignedOnce),
        new("assigned-before-use", AssignedBeforeUse),
        new("references-in-range", ReferencesInRange),
        new("references-given", ReferencesGiven),
        new("blocks-yield", BlocksYield),
    ];

    private static IEnumerable<string> ParametersAreLocals(FunctionView view)
    {
        var (parameters, locals) = (view.Function.Parameters, view.Function.Locals);
        for (var i = 0; i < parameters.Length; i++)
        {
            var same = i < locals.Length && locals[i].Name == parameters[i].Name && locals[i].Type == parameters[i].Type;
            if (!same)
            {
                yield return $"parameter {i} ({parameters[i].Name}) is not local {i}";
            }
        }
    }

    private static IEnumerable<string> RegistersInRange(FunctionView view) => view.Sites
        .Where(s => s.Instruction.Result < Instruction.None || s.Instruction.Result >= view.Function.RegisterCount)
        .Select(s => $"{s}: the function has {view.Function.RegisterCount} registers");

    private static IEnumerable<string> AssignedOnce(FunctionView view)
    {
        var assigned = new HashSet<int>();
        return view.Sites.Where(s => s.Instruction.Result != Instruction.None && !assigned.Add(s.Instruction.Result))
            .Select(s => $"{s}: the register is assigned already");
    }

    private static IEnumerable<string> AssignedBeforeUse(FunctionView view)
    {
        var problems = new List<string>();
        var visible = new HashSet<int>();
        var next = 0;
        Walk(view.Function.Body, "the body");
        return problems;

        void Walk(Block block, string owner)
        {
            var assignedHere = new List<int>();
            foreach (var instruction in block.Instructions)
            {
                var site = view.Sites[next++];
                problems.AddRange(site.References
                    .Where(r => r.Kind == Reference.Register && r.Number != Instruction.None && !visible.Contains(r.Number))
                    .Select(r => $"{site}: %{r.Number} is not assigned before it, in its block or one around it"));
                foreach (var (_, inner) in site.Blocks)
                {
                    Walk(inner, $"a block of {site}");
                }

                if (instruction.Result != Instruction.None && visible.Add(instruction.Result))
                {
                    assignedHere.Add(instruction.Result);
                }
            }

            if (block.Yield != Instruction.None && !visible.Contains(block.Yield))
            {
                problems.Add($"{owner} yields %{block.Yield}, which is not assigned in it or around it");
            }

            visible.ExceptWith(assignedHere);
        }
    }

    private static IEnumerable<string> ReferencesInRange(FunctionView view)
    {
        var counts = new Dictionary<Reference, int>
        {
            [Reference.Register] = view.Function.RegisterCount,
            [Reference.Local] = view.Function.Locals.Length,
            [Reference.Thunk] = view.Function.Thunks.Length,
            [Reference.Callee] = view.Function.Callees.Length,
        };
        return
            from site in view.Sites
            from reference in site.References
            where reference.Number < Instruction.None || reference.Number >= counts[reference.Kind]
            select $"{site}: there is no {Word(reference)}; the function has {counts[reference.Kind]}";
    }

    private static IEnumerable<string> ReferencesGiven(FunctionView view) =>
        from site in view.Sites
        from reference in site.References
        where reference.Number == Instruction.None && !reference.Optional
        select $"{site}: a {reference.Kind.ToString().ToLowerInvariant()} is missing";

    private static IEnumerable<string> BlocksYield(FunctionView view)
    {
        if (view.Function.Body.Yield != Instruction.None)
        {
            yield return "the body yields a value; a function returns it";
        }

        foreach (var site in view.Sites)
        {
            foreach (var (field, block) in site.Blocks)
            {
                if (field.Yields != (block.Yield != Instruction.None))
                {
                    yield return field.Yields ? $"{site}: its block must yield a value" : $"{site}: its block yields a value that nothing takes";
                }
            }
        }
    }

    private static string Word(FieldReference reference) => $"{reference.Kind.ToString().ToLowerInvariant()} {reference.Number}";
}
