using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>
/// A <c>[Shape]</c> as a promise between a method and its callers. A name that is a parameter of the type's constructor means that
/// parameter's value; any other name means the same size wherever it stands in one call.
/// </summary>
/// <param name="IsOpen">It starts with <c>".."</c>: any axes before the stated ones.</param>
/// <param name="Items">An int, a name, or null for any size.</param>
internal sealed record ShapeContract(bool IsOpen, ImmutableArray<object?> Items)
{
    public static ShapeContract? Of(IEnumerable<AttributeData> attributes, TypeClassifier types)
    {
        if (types.ShapeAnnotation(attributes) is not { ConstructorArguments: [{ Kind: TypedConstantKind.Array, IsNull: false } argument] })
        {
            return null;
        }

        var values = argument.Values.Select(v => v.Value is "?" ? null : v.Value).ToImmutableArray();
        var isOpen = values.FirstOrDefault() is "..";
        return new ShapeContract(isOpen, isOpen ? values.RemoveAt(0) : values);
    }

    /// <summary>The sizes it states, as far as they are known: null for any.</summary>
    public ImmutableArray<Dim?> Sizes(ContractScope scope) =>
    [
        .. Items.Select(i => i switch
        {
            int size => size,
            long size => size,
            string name => scope.Find(name),
            _ => null,
        }),
    ];

    /// <summary><c>[.., 512]</c>, with what names are known to mean.</summary>
    public string Text(ContractScope scope) => "[" + string.Join(", ", (IsOpen ? new[] { ".." } : []).Concat(
        Items.Zip(Sizes(scope), (item, size) => size is null ? item?.ToString() ?? "?" : ShapeWords.Clean(size.ToString())))) + "]";

    /// <summary>What a tensor that keeps the contract is known to be.</summary>
    public TensorFact Tensor(ContractScope scope, UnknownSizes unknown, string from)
    {
        var sizes = Items.Zip(Sizes(scope), (item, size) => size ?? scope.Bind(item as string, unknown.Next()));
        return IsOpen && scope.Before is { } before
            ? new TensorFact(new Shape([.. before, .. sizes]), scope.BeforeIsOpen, null, from)
            : new TensorFact(new Shape([.. sizes]), IsOpen, null, from);
    }

    /// <summary>Whether no tensor that is as the fact says can keep the contract. Binds names that have no value yet.</summary>
    public bool IsBrokenBy(TensorFact tensor, ContractScope scope)
    {
        if ((!tensor.IsOpen && (IsOpen ? tensor.Dims.Rank < Items.Length : tensor.Dims.Rank != Items.Length))
            || (tensor.IsOpen && !IsOpen && tensor.Dims.Rank > Items.Length))
        {
            return true;
        }

        var broken = false;
        for (var fromEnd = 1; fromEnd <= Math.Min(Items.Length, tensor.Dims.Rank); fromEnd++)
        {
            var actual = tensor.Dims[tensor.Dims.Rank - fromEnd];
            var item = Items[Items.Length - fromEnd];
            var expected = Sizes(scope)[Items.Length - fromEnd];
            broken |= expected is not null && Dim.ProvablyDiffer(expected, actual);
            if (expected is null)
            {
                scope.Bind(item as string, actual);
            }
        }

        if (IsOpen && scope.Before is null && tensor.Dims.Rank >= Items.Length)
        {
            scope.Before = [.. tensor.Dims.Take(tensor.Dims.Rank - Items.Length)];
            scope.BeforeIsOpen = tensor.IsOpen;
        }

        return broken;
    }
}

/// <summary>What the names of contracts mean in one call.</summary>
internal sealed class ContractScope(ObjectFact? receiver)
{
    private readonly Dictionary<string, Dim> _bound = new(StringComparer.Ordinal);

    /// <summary>The axes that <c>".."</c> stands for.</summary>
    public ImmutableArray<Dim>? Before { get; set; }

    public bool BeforeIsOpen { get; set; }

    public Dim? Find(string name) =>
        receiver is not null && receiver.Arguments.TryGetValue(name, out var argument) ? (argument as SizeFact)?.Value
        : _bound.TryGetValue(name, out var dim) ? dim : null;

    public Dim Bind(string? name, Dim dim)
    {
        if (name is not null && Find(name) is null)
        {
            _bound[name] = dim;
        }

        return dim;
    }
}
