using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>A kind of kernel whose numbers are chosen apart from those of others.</summary>
/// <param name="Name">As settings and profiles say it.</param>
/// <param name="Meaning">Which kernels these are.</param>
/// <param name="Small">Which of them are small. Null: no difference is made.</param>
public sealed record KernelFamily(string Name, string Meaning, string? Small = null)
{
    /// <summary>Products whose sums are kept number by number.</summary>
    public static KernelFamily Product { get; } = new("product", "matrix products, and convolutions as products of their windows", "at most 12 rows");

    /// <summary>Products by instructions that add up groups.</summary>
    public static KernelFamily Dots { get; } = new("dots", "products of bf16, and of u8 and i8, whose right operand is packed in groups", "at most 12 rows");

    /// <summary>Products with weights of 4 and 8 bits.</summary>
    public static KernelFamily Scaled { get; } = new("scaled", "products with weights of 4 or 8 bits and scales", "at most 12 rows");

    /// <summary>What brings right operands into the order in which products read them.</summary>
    public static KernelFamily Packing { get; } = new("packing", "packing of the right operands of products, where these are not packed ahead of time");

    /// <summary>Convolutions by tiles.</summary>
    public static KernelFamily Winograd { get; } = new("winograd", "convolutions by Winograd's algorithm", "at most 64 tiles");

    /// <summary>How convolutions are computed.</summary>
    public static KernelFamily Convolutions { get; } = new("convolutions", "which convolutions are computed by Winograd's algorithm");

    /// <summary>Attention forwards.</summary>
    public static KernelFamily Attention { get; } = new("attention", "attention", "at most 12 queries");

    /// <summary>Attention of few queries.</summary>
    public static KernelFamily DecodeAttention { get; } = new("decode_attention", "attention of few queries, as in decoding: keys and values are read where they lie");

    /// <summary>Attention backwards.</summary>
    public static KernelFamily AttentionGradient { get; } = new("attention_gradient", "the gradient of attention", "at most 256 keys");

    /// <summary>Fused loops over rows.</summary>
    public static KernelFamily Rows { get; } = new("rows", "elementwise work and reductions along rows", "rows of at most 1,024 elements");

    /// <summary>Reductions down columns.</summary>
    public static KernelFamily Columns { get; } = new("columns", "reductions down columns", "at most 64 columns");

    /// <summary>Additions by index.</summary>
    public static KernelFamily Scatter { get; } = new("scatter", "rows added by index");

    /// <summary>Parts of tensors that are copied.</summary>
    public static KernelFamily Copies { get; } = new("copies", "copies into parts of a tensor");

    /// <summary>What becomes one kernel.</summary>
    public static KernelFamily Fusion { get; } = new("fusion", "which ops become one kernel");

    /// <summary>All of them.</summary>
    public static ImmutableArray<KernelFamily> All { get; } =
        [Product, Dots, Scaled, Packing, Winograd, Convolutions, Attention, DecodeAttention, AttentionGradient, Rows, Columns, Scatter, Copies, Fusion];

    public override string ToString() => Name;
}

/// <summary>A family of kernels, and whether those are meant that are small in its sense. A size that is not known when the graph is compiled counts as large.</summary>
public readonly record struct KernelClass(KernelFamily Family, bool IsSmall)
{
    private const string SmallEnding = "/small", LargeEnding = "/large";

    /// <summary>The classes of a family: the large one, then, if there is one, the small one.</summary>
    public static ImmutableArray<KernelClass> Of(KernelFamily family) =>
        family.Small is null ? [new KernelClass(family, false)] : [new KernelClass(family, false), new KernelClass(family, true)];

    /// <summary>The class of a size, which is small where it is known and at most <paramref name="most"/>.</summary>
    public static KernelClass Of(KernelFamily family, Dim size, long most) => new(family, family.Small is not null && size.IsConstant && size.Value <= most);

    /// <summary>The classes of a text: one of <c>product/small</c>, both of <c>product</c>.</summary>
    /// <exception cref="ArgumentException">There is no such family, or no such class of it.</exception>
    public static ImmutableArray<KernelClass> Parse(string text)
    {
        bool? isSmall = text.EndsWith(SmallEnding, StringComparison.Ordinal) ? true : text.EndsWith(LargeEnding, StringComparison.Ordinal) ? false : null;
        var name = isSmall is null ? text : text[..^SmallEnding.Length];
        var family = KernelFamily.All.FirstOrDefault(f => f.Name == name)
            ?? throw new ArgumentException($"'{name}' is no family of kernels; there are {string.Join(", ", KernelFamily.All.Select(f => f.Name))}");
        return isSmall is not { } small ? Of(family)
            : family.Small is null ? throw new ArgumentException($"kernels of '{name}' have no classes of size: write '{name}'")
            : [new KernelClass(family, small)];
    }

    /// <summary><c>product/small</c>, or the family's name where it has one class.</summary>
    public override string ToString() => Family.Small is null ? Family.Name : Family.Name + (IsSmall ? SmallEnding : LargeEnding);
}
