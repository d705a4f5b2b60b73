using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>What some instructions do with the locals of their function.</summary>
/// <param name="Written">The locals that are stored to.</param>
/// <param name="Loads">How often each is loaded.</param>
/// <param name="SetFirst">Those stored to before anything else could load them: they bring no value in.</param>
internal sealed record LocalUses(ImmutableHashSet<int> Written, ImmutableDictionary<int, int> Loads, ImmutableHashSet<int> SetFirst)
{
    private static readonly ConditionalWeakTable<Function, LocalUses> s_known = [];

    public static LocalUses Of(Function function) => s_known.GetValue(function, f => Of(f.Body.Instructions));

    public static LocalUses Of(IEnumerable<Instruction> instructions)
    {
        var (written, loads, setFirst, met) = (new HashSet<int>(), new Dictionary<int, int>(), new HashSet<int>(), new HashSet<int>());
        foreach (var instruction in instructions)
        {
            Visit(instruction, isCertain: true);
        }

        return new LocalUses([.. written], loads.ToImmutableDictionary(), [.. setFirst]);

        void Visit(Instruction instruction, bool isCertain)
        {
            switch (instruction)
            {
                case LoadInstruction load:
                    loads[load.Local] = loads.GetValueOrDefault(load.Local) + 1;
                    met.Add(load.Local);
                    break;
                case StoreInstruction store:
                    Store(store.Local, isCertain);
                    break;
                case ForEachInstruction each:
                    Store(each.Local, isCertain: false);
                    break;
                case IfInstruction branch when isCertain:
                    // Whichever side runs sets it.
                    setFirst.UnionWith(Of(branch.Then.Instructions).SetFirst.Intersect(Of(branch.Else.Instructions).SetFirst).Where(l => !met.Contains(l)));
                    break;
            }

            foreach (var inner in InstructionBlocks.Of(instruction).SelectMany(b => b.Instructions))
            {
                Visit(inner, isCertain: false);
            }
        }

        void Store(int local, bool isCertain)
        {
            written.Add(local);
            if (met.Add(local) && isCertain)
            {
                setFirst.Add(local);
            }
        }
    }

    /// <summary>Instructions of which one path or another runs. What stands on several paths stands in the function once.</summary>
    public static LocalUses OfPaths(params IReadOnlyList<IEnumerable<Instruction>> paths)
    {
        var all = paths.Select(Of).ToList();
        var written = all.SelectMany(u => u.Written).ToImmutableHashSet();
        return new LocalUses(
            written,
            Of(paths.SelectMany(p => p).Distinct<Instruction>(ReferenceEqualityComparer.Instance)).Loads,
            [.. written.Where(l => all.TrueForAll(u => u.SetFirst.Contains(l) || !(u.Written.Contains(l) || u.Loads.ContainsKey(l))))]);
    }

    /// <summary>The local's value is wanted after the instructions, or by a later run of them.</summary>
    public bool IsWantedLater(int local, Function function) =>
        Of(function).Loads.GetValueOrDefault(local) > Loads.GetValueOrDefault(local) || !SetFirst.Contains(local);
}
