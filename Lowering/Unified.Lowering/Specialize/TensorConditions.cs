using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Turns what stands as a condition into a rank-0 bool of the graph, where only the running graph knows it.</summary>
internal static class TensorConditions
{
    /// <summary>Null where the condition is a host value: it is decided now.</summary>
    public static OpValue? TryRead(Frame frame, Value condition)
    {
        switch (condition)
        {
            case ScalarValue { Type: "bool" } scalar:
                return frame.Region.Import(scalar.Tensor);
            case TensorValue or PlaceValue:
                var tensor = frame.Tensor(condition);
                if (!tensor.Shape.Size.Is(1))
                {
                    throw frame.Fail($"a condition has one element, not {tensor.Type}; reduce it, for example by Max", eager: true);
                }

                var single = frame.Builder.Reshape(tensor, Shape.Scalar);
                return tensor.DType == DType.Bool ? single : frame.Builder.Apply(OpCode.NotEqual, single, frame.Builder.ScalarLike(single, 0));
            default:
                return null;
        }
    }
}
