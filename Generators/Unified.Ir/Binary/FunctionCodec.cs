namespace Unified.Ir;

/// <summary>Packs a function into a string constant, two bytes per char, and back.</summary>
public static class FunctionCodec
{
    public static string Pack(Function function) => throw new InvalidOperationException();

    public static Function Unpack(string packed) => throw new InvalidOperationException();
}
