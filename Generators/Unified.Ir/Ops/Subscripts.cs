using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>An einsum equation read against its operands: <c>bij,bjk->bik</c>. A label occurs once in each operand.</summary>
internal sealed record Subscripts(ImmutableArray<string> Inputs, string Output, string Summed, ImmutableDictionary<char, Dim> Sizes)
{
    public Shape Result => new([.. Output.Select(c => Sizes[c])]);

    public static Subscripts Of(ImmutableArray<TensorType> operands, Attributes attributes, Func<string, Exception> error)
    {
        var equation = attributes.String("equation").Replace(" ", "");
        var sides = equation.Split(["->"], StringSplitOptions.None);
        ImmutableArray<string> inputs = [.. sides[0].Split(',')];
        if (sides.Length != 2 || (inputs.Concat([sides[1]])).Any(t => t.Any(c => !char.IsLetter(c)) || t.Distinct().Count() != t.Length))
        {
            throw error($"the equation '{equation}' must read like 'ij,jk->ik', each label a letter that occurs once in an operand");
        }

        if (operands.IsEmpty || inputs.Length != operands.Length)
        {
            throw error($"the equation '{equation}' is for {inputs.Length} operands, not {operands.Length}");
        }

        var sizes = ImmutableDictionary.CreateBuilder<char, Dim>();
        for (var i = 0; i < inputs.Length; i++)
        {
            if (!operands[i].DType.IsNumeric() || operands[i].DType != operands[0].DType)
            {
                throw error("the operands must have one numeric dtype");
            }

            if (inputs[i].Length != operands[i].Rank)
            {
                throw error($"'{inputs[i]}' has {inputs[i].Length} labels for an operand of rank {operands[i].Rank}");
            }

            for (var axis = 0; axis < inputs[i].Length; axis++)
            {
                var label = inputs[i][axis];
                if (sizes.TryGetValue(label, out var known) && known != operands[i].Shape[axis])
                {
                    throw error($"label '{label}' has size {known} and size {operands[i].Shape[axis]}");
                }

                sizes[label] = operands[i].Shape[axis];
            }
        }

        var missing = sides[1].Where(c => !sizes.ContainsKey(c)).ToArray();
        return missing.Length > 0
            ? throw error($"the result's label '{missing[0]}' is no operand's")
            : new Subscripts(inputs, sides[1], string.Concat(sizes.Keys.Where(c => !sides[1].Contains(c)).OrderBy(c => c)), sizes.ToImmutable());
    }

    /// <summary>The operand with its axes in the order of <paramref name="order"/>, and size 1 where it has no such label.</summary>
    public OpValue Spread(OpBuilder b, OpValue x, string labels, string order)
    {
        var turned = b.Transpose(x, order.Where(c => labels.Contains(c)).Select(c => labels.IndexOf(c)));
        return b.Reshape(turned, new Shape([.. order.Select(c => labels.Contains(c) ? Sizes[c] : Dim.One)]));
    }

    /// <summary>Two operands, where every summed label is in both, as one matrix product; else null.</summary>
    public OpValue? Product(OpBuilder b, ImmutableArray<OpValue> xs)
    {
        if (Inputs.Length != 2 || Summed.Length == 0 || Summed.Any(c => !Inputs[0].Contains(c) || !Inputs[1].Contains(c)))
        {
            return null;
        }

        var batch = string.Concat(Output.Where(c => Inputs[0].Contains(c) && Inputs[1].Contains(c)));
        var (left, right) = (string.Concat(Inputs[0].Where(c => !Inputs[1].Contains(c))), string.Concat(Inputs[1].Where(c => !Inputs[0].Contains(c))));
        var x = Matrix(b, xs[0], Inputs[0], batch, left, Summed);
        var y = Matrix(b, xs[1], Inputs[1], batch, Summed, right);
        var product = b.Reshape(b.MatMul(x, y), new Shape([.. (batch + left + right).Select(c => Sizes[c])]));
        var order = batch + left + right;
        return order == Output ? product : b.Transpose(product, Output.Select(c => order.IndexOf(c)));
    }

    private OpValue Matrix(OpBuilder b, OpValue x, string labels, string batch, string rows, string columns)
    {
        var turned = b.Transpose(x, (batch + rows + columns).Select(c => labels.IndexOf(c)));
        return b.Reshape(turned, new Shape([.. batch.Select(c => Sizes[c]), Size(rows), Size(columns)]));
    }

    private Dim Size(string labels) => labels.Aggregate(Dim.One, (size, c) => size * Sizes[c]);
}
