namespace Unified.Native;

/// <content>Lanes of vectors and fields of aggregates.</content>
public sealed unsafe partial class LlvmBuilder
{
    public LlvmValue ExtractElement(LlvmValue vector, LlvmValue lane, string name = "") =>
        LlvmApi.LLVMBuildExtractElement(_builder, vector, lane, name);

    public LlvmValue ExtractElement(LlvmValue vector, int lane, string name = "") => ExtractElement(vector, Context.I32.Int(lane), name);

    public LlvmValue InsertElement(LlvmValue vector, LlvmValue element, LlvmValue lane, string name = "") =>
        LlvmApi.LLVMBuildInsertElement(_builder, vector, element, lane, name);

    public LlvmValue InsertElement(LlvmValue vector, LlvmValue element, int lane, string name = "") =>
        InsertElement(vector, element, Context.I32.Int(lane), name);

    /// <summary>Lanes picked from two vectors of one type.</summary>
    /// <param name="first">Lanes 0 to n − 1.</param>
    /// <param name="second">Lanes n to 2n − 1.</param>
    /// <param name="lanes">For each lane of the result the lane it comes from, or −1 for any value.</param>
    public LlvmValue Shuffle(LlvmValue first, LlvmValue second, params ReadOnlySpan<int> lanes)
    {
        LlvmType i32 = Context.I32;
        LlvmValue[] mask = new LlvmValue[lanes.Length];
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = lanes[i] < 0 ? i32.Poison : i32.Int(lanes[i]);
        }

        return LlvmApi.LLVMBuildShuffleVector(_builder, first, second, LlvmValue.ConstantVector(mask), string.Empty);
    }

    /// <summary>Lanes picked from one vector.</summary>
    public LlvmValue Permute(LlvmValue vector, params ReadOnlySpan<int> lanes) => Shuffle(vector, vector.Type.Poison, lanes);

    /// <summary>A scalar in every lane.</summary>
    public LlvmValue Splat(LlvmValue scalar, int lanes)
    {
        LlvmType type = scalar.Type.Vector(lanes);
        return scalar.IsConstant
            ? scalar.Splat(type)
            : Permute(InsertElement(type.Poison, scalar, 0), new int[lanes]);
    }

    /// <summary>0, 1, 2 … as a constant vector of an integer type.</summary>
    public LlvmValue Iota(LlvmType element, int lanes)
    {
        LlvmValue[] all = new LlvmValue[lanes];
        for (int i = 0; i < lanes; i++)
        {
            all[i] = element.Int(i);
        }

        return LlvmValue.ConstantVector(all);
    }

    /// <summary>All lanes of a vector joined by a reduction such as "add", "smax", "fmax" (the name after "llvm.vector.reduce.").</summary>
    /// <remarks>"fadd" and "fmul" take a start value, and are a chain in lane order unless <see cref="FastMath"/> has <c>Reassociate</c>.</remarks>
    public LlvmValue Reduce(string operation, LlvmValue vector, LlvmValue? start = null) =>
        start is { } first
            ? CallIntrinsic("llvm.vector.reduce." + operation, [vector.Type], first, vector)
            : CallIntrinsic("llvm.vector.reduce." + operation, [vector.Type], vector);

    /// <summary>A field of a struct or array value.</summary>
    public LlvmValue ExtractValue(LlvmValue aggregate, int field, string name = "") =>
        LlvmApi.LLVMBuildExtractValue(_builder, aggregate, checked((uint)field), name);

    public LlvmValue InsertValue(LlvmValue aggregate, LlvmValue value, int field, string name = "") =>
        LlvmApi.LLVMBuildInsertValue(_builder, aggregate, value, checked((uint)field), name);
}
