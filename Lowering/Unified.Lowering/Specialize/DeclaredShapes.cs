using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Holds tensors to what <c>[Shape(…)]</c> says of them: constants are checked, names mean one size per call.</summary>
internal static class DeclaredShapes
{
    public static void Check(Frame frame, string what, Shape declared, Shape actual)
    {
        if (declared.Rank != actual.Rank)
        {
            throw Error();
        }

        foreach (var (expected, dim) in declared.Zip(actual))
        {
            if (expected.Name is { } name && frame.DeclaredDims.TryAdd(name, dim))
            {
                continue;
            }

            var difference = expected.Substitute(frame.DeclaredDims.GetValueOrDefault) - dim;
            if (Dim.ProvablyDiffer(difference, 0))
            {
                throw Error();
            }

            frame.Require(difference, Message());
            frame.Require(difference * -1, Message());
        }

        string Message() => $"{frame.Function.Key}: {what} is declared with shape {declared} and has shape {actual}";

        GraphCompileException Error() => (frame.Caller ?? frame).Fail(Message());
    }
}
