using System.Collections.Immutable;
using Unified.Ir;
using Unified.Ir.Tests.Ops;

namespace Unified.Conformance.Tests;

/// <summary>
/// Elementwise functions that ONNX has no operator for, by .NET's own mathematics in double precision: not the definition on the row.
/// </summary>
internal static class DoubleReference
{
    private static readonly ImmutableDictionary<OpCode, Func<double[], Attributes, double>> Rows = DoubleRows.All;

    /// <summary>Null when there is no formula for the op: the reference is ONNX Runtime.</summary>
    public static double[]? Run(Case call, ImmutableArray<double[]> values)
    {
        if (IsOfRoutines(call.Op))
        {
            var builder = new ReferenceBuilder();
            return ((ReferenceValue)builder.Apply(call.Op, [.. call.Sample.Operands.Select((t, i) => builder.Value(t with { DType = DType.F64 }, values[i]))], call.Sample.Attributes)[0]).Data;
        }

        if (!Rows.TryGetValue(call.Op.Code, out var formula) || !call.DType.IsFloat())
        {
            return null;
        }

        var attributes = call.Op.Complete(call.Sample.Attributes);
        attributes = attributes.Find("dtype") is null ? attributes.With("dtype", call.DType) : attributes;
        var shape = call.Sample.Infer()[0].Shape.Select(d => (int)d.Value).ToArray();
        var result = new double[shape.Aggregate(1, (a, b) => a * b)];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = formula([.. values.Select((v, operand) => v[At(i, shape, call.Sample.Operands[operand].Shape)])], attributes);
        }

        return result;
    }

    public static bool Has(Op op) => Rows.ContainsKey(op.Code) || IsOfRoutines(op);

    // The references of factors and scans are methods other than the runtime's; what is made of factors is made of those.
    private static bool IsOfRoutines(Op op) => ReferenceBuilder.RoutineOf(op.Code) is not null || op.Operands.Any(o => o.Domain == InputDomain.DominantDiagonal);

    private static int At(int index, int[] shape, Shape operand)
    {
        var (offset, stride) = (0, 1);
        for (var axis = 0; axis < operand.Rank; axis++)
        {
            var from = shape.Length - 1 - axis;
            var size = (int)operand[operand.Rank - 1 - axis].Value;
            var place = index / shape.Skip(from + 1).Aggregate(1, (a, b) => a * b) % shape[from];
            offset += size == 1 ? 0 : place * stride;
            stride *= size;
        }

        return offset;
    }
}
