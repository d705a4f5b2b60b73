using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Settings of several shapes, to match on.</summary>
public abstract record Rescale;

public sealed record Factor(int By, string? Name = null) : Rescale;

public sealed record Offset(float By) : Rescale;

/// <summary>Switches and patterns over host values in static graphs.</summary>
public sealed partial class HostChoices : Module
{
    private readonly Dictionary<string, int> _sizes = new() { ["wide"] = 3 };
    private readonly int? _factor = 3;
    private readonly Tensor? _none = null;

    public Parameter? Weight { get; } = new(Tensor.From<float>([1, -2, 3, 4], 4));

    [StaticGraph]
    public Tensor ByConstant(Tensor x, int n)
    {
        switch (n)
        {
            case 0:
            case 1:
                x = x + 1f;
                break;
            default:
                x = -x;
                break;
            case 2:
            {
                x = x * 2f;
                break;
            }

            case > 5 and < 8:
                return x * n;
        }

        return x - 1f;
    }

    [StaticGraph]
    public Tensor BySize(Tensor x)
    {
        switch (x.Shape[0])
        {
            case 4:
                return x * 4f;
            case 5:
                return x * 5f;
        }

        return x;
    }

    [StaticGraph]
    public Tensor ByType(Tensor x, Rescale rescale, int limit)
    {
        switch (rescale)
        {
            case Factor { By: > 2, Name: { Length: var length } name } when name != "no" && limit > length:
                return x * length;
            case Factor f when f.By > limit:
                return x / f.By;
            case Offset(var by):
                x = x + by;
                break;
            case null:
                throw new ArgumentNullException(nameof(rescale));
        }

        return x * 10f;
    }

    [StaticGraph]
    public Tensor InLoop(Tensor x, string letters)
    {
        foreach (var letter in letters)
        {
            switch (letter)
            {
                case 'a':
                    if (letters.Length > 3)
                    {
                        break;
                    }

                    x = x + 1f;
                    break;
                case 'b':
                    x = x * 2f;
                    continue;
                case 'q':
                    return x;
            }

            x = x + 100f;
        }

        return -x;
    }

    [StaticGraph]
    public Tensor Expression(Tensor x, Rescale rescale) => rescale switch
    {
        Factor { By: var by, Name: null } when by > 1 => x * by,
        Factor { By: var by } => x + by,
        Offset o => x - o.By,
        _ => x,
    };

    [StaticGraph]
    public Tensor Patterns(Tensor x, object? thing, string? key)
    {
        if (_factor is { } factor && factor > 2)
        {
            x = x * factor;
        }

        if (thing is not int n)
        {
            n = -1;
        }

        if (!(thing is string { Length: > 1 } text) || text[0] != 'x')
        {
            x = x + n;
        }
        else
        {
            x = x + text.Length;
        }

        if (key is null || !_sizes.TryGetValue(key, out var size))
        {
            size = 7;
        }

        return x - size;
    }

    [StaticGraph]
    public Tensor Tensors(Tensor x, Tensor? mask)
    {
        if (Weight is { } weight && mask is not null)
        {
            x = x * weight;
        }

        if (mask is not { } given)
        {
            return x;
        }

        if (_none is { } none)
        {
            x = x + none;
        }

        return x + given;
    }

    private Tensor Scaled
    {
        get
        {
            if (_factor is { } f and > 5)
            {
                return Weight! * f;
            }

            return Weight! * 2f;
        }
    }

    private Tensor Both => Scaled + Weight!;

    [StaticGraph]
    public Tensor Computed(Tensor x) => x * Both + Scaled;

    [StaticGraph]
    public Tensor Counted(Tensor x, byte small, Tensor? other)
    {
        small += 250;
        small++;
        decimal exact = 1;
        exact *= 2.5m;
        short narrow = 7;
        narrow <<= 2;
        narrow--;
        var text = "a";
        text += small;
        string? name = null;
        name ??= text + "b";
        other ??= x * 3f;
        int? maybe = null;
        maybe ??= 4;
        return x * small + (float)exact + narrow + name.Length + other + maybe.Value;
    }

    [StaticGraph]
    public Tensor Parsed(Tensor x, string number)
    {
        _ = int.TryParse(number, out var n);
        var found = _sizes.TryGetValue("wide", out var wide);
        return found ? x * n + wide : x;
    }
}

[Collection("graphs")]
public class HostChoiceTests
{
    private static readonly HostChoices s_model = new();

    private static Tensor X => Tensor.From<float>([0.5f, -1, 2, 4], 4);

    public static TheoryData<Rescale> Rescales => [new Factor(3, "abc"), new Factor(3, "no"), new Factor(1), new Factor(2), new Factor(9), new Offset(2.5f)];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void A_switch_over_constants(int n) => BothModes.Agree(() => s_model.ByConstant(X, n));

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_switch_over_a_size(int n) => BothModes.Agree(() => s_model.BySize(Tensor.Ones([n])));

    [Theory]
    [MemberData(nameof(Rescales))]
    public void A_switch_over_types(Rescale rescale) => BothModes.Agree(() => s_model.ByType(X, rescale, 4));

    [Theory]
    [InlineData("ab")]
    [InlineData("abab")]
    [InlineData("bzqb")]
    [InlineData("")]
    public void Break_continue_and_return_in_a_switch_in_a_loop(string letters) => BothModes.Agree(() => s_model.InLoop(X, letters));

    [Theory]
    [MemberData(nameof(Rescales))]
    public void A_switch_expression_with_variables(Rescale rescale) => BothModes.Agree(() => s_model.Expression(X, rescale));

    [Theory]
    [InlineData(5, "wide")]
    [InlineData("xyz", null)]
    [InlineData("abc", "thin")]
    [InlineData(null, "wide")]
    public void Pattern_variables(object? thing, string? key) => BothModes.Agree(() => s_model.Patterns(X, thing, key));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pattern_variables_of_tensors(bool masked) => BothModes.Agree(() => s_model.Tensors(X, masked ? X + 1f : null));

    [Fact]
    public void Out_variables() => BothModes.Agree(() => s_model.Parsed(X, "12"));

    [Fact]
    public void A_computed_property_is_captured() => BothModes.Agree(() => s_model.Computed(X));

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    public void Compound_assignments_of_every_host_type(byte small)
    {
        BothModes.Agree(() => s_model.Counted(X, small, X));
        BothModes.Agree(() => s_model.Counted(X, small, null));
    }
}
