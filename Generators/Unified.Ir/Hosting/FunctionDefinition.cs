using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Unified.Ir;

/// <summary>A tensor as the compiler sees it: only its type. The runtime's tensor implements it; identity is object identity.</summary>
public interface ITensorHandle
{
    TensorType Type { get; }
}

/// <summary>Evaluates a thunk: its number, the receiver (null for a static method), the arguments in order.</summary>
public delegate object? ThunkInvoker(int thunk, object? self, object?[] arguments);

/// <summary>Evaluates a guard and compares it with what specialization saw; allocates nothing.</summary>
public delegate bool GuardChecker(int thunk, object? self, object?[] arguments, object? expected);

/// <summary>
/// The static graph that a call means for this receiver: the most derived annotated override. Null when the receiver's own
/// override is not a static graph; the caller then runs eagerly.
/// </summary>
public delegate FunctionDefinition? CalleeResolver(int callee, object? receiver);

/// <summary>What a generated companion hands out: the function's IR and the way back into the user's code.</summary>
public sealed class FunctionDefinition
{
    private readonly string _packed;
    private Function? _function;
    private string? _hash;

    public FunctionDefinition(string key, string packed, ThunkInvoker invoke, GuardChecker check, CalleeResolver resolve)
    {
        Key = key;
        _packed = packed;
        Invoke = invoke;
        Check = check;
        Resolve = resolve;
    }

    public string Key { get; }

    public ThunkInvoker Invoke { get; }

    public GuardChecker Check { get; }

    public CalleeResolver Resolve { get; }

    /// <summary>Of the IR, as base64: graphs made from other IR are not this function's.</summary>
    public string Hash => _hash ??= HashOf(_packed);

    /// <summary>Decoded on first use from the packed constant.</summary>
    public Function Function => _function ??= FunctionCodec.Unpack(_packed);

    private static string HashOf(string packed)
    {
        var bytes = new byte[2 * packed.Length];
        for (var i = 0; i < packed.Length; i++)
        {
            (bytes[2 * i], bytes[(2 * i) + 1]) = (unchecked((byte)packed[i]), (byte)(packed[i] >> 8));
        }

        using var sha = SHA256.Create();
        return Convert.ToBase64String(sha.ComputeHash(bytes));
    }
}
