using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>What the rule of an op says about operands of which not all is known.</summary>
/// <param name="Results">Null where nothing can be said.</param>
/// <param name="Fault">The rule is broken whatever the unknown may be.</param>
internal sealed record OpOutcome(ImmutableArray<TensorFact>? Results, ShapeException? Fault)
{
    public static OpOutcome Nothing { get; } = new(null, null);
}

/// <summary>
/// Asks the op's own rule about every world that the known leaves open: ranks and element types are tried, unknown sizes are names. The call
/// is wrong when it is in each of them, and a result's axis is known when it is the same in each.
/// </summary>
internal static class OpWorlds
{
    private const int OpenOperandsLimit = 2;
    private const int UnknownTypesLimit = 3;

    // Two axes first: the message about a wrong call speaks of the usual case.
    private static readonly ImmutableArray<int> s_ranks = [2, 1, 3, 0, 4, 5, 6];

    private static readonly ImmutableArray<int> s_ranksOfTwo = [2, 1, 3, 0, 4];

    private static readonly ImmutableArray<DType> s_types = [DType.F32, DType.I64, DType.Bool, DType.I32, DType.U8, DType.I8];

    private static readonly ImmutableArray<DType> s_others = [DType.F64, DType.I32, DType.Bool, DType.F32];

    public static OpOutcome Ask(Op op, ImmutableArray<TensorFact> operands, Attributes attributes, UnknownSizes unknown)
    {
        var open = operands.Count(o => o.IsOpen);
        if (open > OpenOperandsLimit || (open > 0 && operands.All(o => o.SaysNothing)))
        {
            return OpOutcome.Nothing;
        }

        var results = new List<ImmutableArray<TensorType>>();
        var faults = new List<ShapeException>();
        var worlds = 0;
        foreach (var extra in Choices(open, open > 1 ? s_ranksOfTwo : s_ranks))
        {
            var before = results.Count;
            if (!AskTypes(op, operands, Extend(operands, extra, unknown), attributes, results, faults))
            {
                return OpOutcome.Nothing;
            }

            worlds += results.Count > before ? 1 : 0;
        }

        if (results.Count > 0)
        {
            return new OpOutcome([.. Enumerable.Range(0, results[0].Length).Select(i => Common([.. results.Select(r => r[i])], worlds > 1, unknown))], null);
        }

        return new OpOutcome(null, faults.FirstOrDefault(f => !f.IsAboutDType) ?? faults.FirstOrDefault());
    }

    /// <summary>Adds a result, or the fault. False where neither is sure.</summary>
    private static bool AskTypes(
        Op op, ImmutableArray<TensorFact> operands, ImmutableArray<Shape> shapes, Attributes attributes, List<ImmutableArray<TensorType>> results, List<ShapeException> faults)
    {
        var unknown = operands.Count(o => o.DType is null && !o.IsNumber);
        var candidates = s_types.Union(operands.Select(o => o.DType).OfType<DType>()).ToImmutableArray();
        var choices = unknown <= UnknownTypesLimit ? Choices(unknown, candidates) : candidates.Select(t => Enumerable.Repeat(t, unknown).ToImmutableArray());
        var mine = new List<ShapeException>();
        foreach (var choice in choices)
        {
            var types = Types(operands, shapes, choice);
            var (result, fault) = Try(op, types, attributes);
            if (result is { } known)
            {
                results.Add(known);
                if (results.Count == 1 && unknown > 0)
                {
                    AskOther(op, operands, shapes, attributes, choice, results);
                }

                return true;
            }

            if (fault is null || HoldsForSomeSizes(op, types, attributes))
            {
                return false;
            }

            mine.Add(fault);
        }

        // Of many operands not all mixtures of types were tried.
        if (unknown > UnknownTypesLimit && mine.All(f => f.IsAboutDType))
        {
            return false;
        }

        faults.AddRange(mine);
        return true;
    }

    /// <summary>The result's element type is known only if another choice of the operands' gives the same.</summary>
    private static void AskOther(
        Op op, ImmutableArray<TensorFact> operands, ImmutableArray<Shape> shapes, Attributes attributes, ImmutableArray<DType> first, List<ImmutableArray<TensorType>> results)
    {
        var others = Enumerable.Range(0, first.Length).SelectMany(i => s_others.Select(t => first.SetItem(i, t)))
            .Concat(s_others.Select(t => Enumerable.Repeat(t, first.Length).ToImmutableArray()));
        foreach (var choice in others)
        {
            if (Try(op, Types(operands, shapes, choice), attributes).Result is { } result)
            {
                results.Add(result);
                if (result[0].DType != results[0][0].DType)
                {
                    return;
                }
            }
        }
    }

    /// <summary>A number of the host takes the type of the first tensor of numbers.</summary>
    private static ImmutableArray<TensorType> Types(ImmutableArray<TensorFact> operands, ImmutableArray<Shape> shapes, ImmutableArray<DType> choice)
    {
        var next = 0;
        ImmutableArray<DType?> types = [.. operands.Select(o => o.IsNumber ? (DType?)null : o.DType ?? choice[next++])];
        var numbers = types.FirstOrDefault(t => t is { } type && type.IsNumeric()) ?? DType.F32;
        return [.. types.Zip(shapes, (t, s) => new TensorType(t ?? numbers, s))];
    }

    private static (ImmutableArray<TensorType>? Result, ShapeException? Fault) Try(Op op, ImmutableArray<TensorType> types, Attributes attributes)
    {
        try
        {
            return (op.InferTypes(types, ref attributes), null);
        }
        catch (ShapeException fault)
        {
            return (null, fault.IsProvable ? fault : null);
        }
        catch (Exception e) when (e is InvalidOperationException or ArithmeticException or KeyNotFoundException)
        {
            // The rule wants the value of something that is not known.
            return (null, null);
        }
    }

    /// <summary>A second look at what the rule calls impossible: some sizes in place of the names satisfy it after all.</summary>
    private static bool HoldsForSomeSizes(Op op, ImmutableArray<TensorType> types, Attributes attributes)
    {
        var dims = types.SelectMany(t => t.Shape).Concat(attributes.Items.SelectMany(DimsOf)).ToList();
        if (dims.All(d => d.IsConstant))
        {
            return false;
        }

        return dims.Where(d => d.IsConstant && d.Value > 0).Select(d => d.Value).Concat([1, 2, 3]).Distinct().Any(size =>
        {
            Shape At(Shape shape) => shape.Substitute(_ => size);
            var sized = attributes.Items.Aggregate(attributes, (all, item) => item.Value switch
            {
                DimAttribute dim => all.With(item.Key, dim.Value.Substitute(_ => size)),
                DimsAttribute list => all.With(item.Key, (IEnumerable<Dim>)At(new Shape(list.Value)).Dims),
                _ => all,
            });
            return Try(op, [.. types.Select(t => t with { Shape = At(t.Shape) })], sized).Result is not null;
        });
    }

    private static IEnumerable<Dim> DimsOf(KeyValuePair<string, AttributeValue> attribute) => attribute.Value switch
    {
        DimAttribute dim => [dim.Value],
        DimsAttribute list => list.Value,
        _ => [],
    };

    private static ImmutableArray<Shape> Extend(ImmutableArray<TensorFact> operands, ImmutableArray<int> extra, UnknownSizes unknown)
    {
        var next = 0;
        return [.. operands.Select(o => o.IsOpen
            ? new Shape([.. Enumerable.Range(0, extra[next++]).Select(_ => unknown.Next()), .. o.Dims])
            : o.Dims)];
    }

    private static IEnumerable<ImmutableArray<T>> Choices<T>(int count, ImmutableArray<T> of) => count == 0
        ? [[]]
        : Choices(count - 1, of).SelectMany(rest => of.Select(first => rest.Insert(0, first)));

    /// <summary>The last axes that all the results share.</summary>
    private static TensorFact Common(ImmutableArray<TensorType> results, bool isManyWorlds, UnknownSizes unknown)
    {
        var rank = results.Min(r => r.Rank);
        var isOpen = isManyWorlds && results.Any(r => r.Rank != rank);
        var dims = new List<Dim>();
        for (var fromEnd = 1; fromEnd <= rank; fromEnd++)
        {
            var sizes = results.Select(r => r.Shape[r.Rank - fromEnd]).Distinct().ToList();
            if (sizes.Count > 1 && isOpen)
            {
                break;
            }

            dims.Insert(0, sizes.Count == 1 ? sizes[0] : unknown.Next());
        }

        DType? dtype = results.Select(r => r.DType).Distinct().Count() == 1 ? results[0].DType : null;
        return new TensorFact(new Shape([.. dims]), isOpen, dtype, "");
    }
}
