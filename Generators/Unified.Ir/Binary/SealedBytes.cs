using System.Security.Cryptography;
using Google.Protobuf;

namespace Unified.Ir;

/// <summary>Turns a message into bytes that begin with a mark and end with the SHA-256 of all before it, and back.</summary>
internal static class SealedBytes
{
    private const int HashBytes = 32;

    public static byte[] Seal(byte[] mark, IMessage message)
    {
        var size = message.CalculateSize();
        var bytes = new byte[mark.Length + size + HashBytes];
        mark.CopyTo(bytes, 0);
        message.WriteTo(bytes.AsSpan(mark.Length, size));
        Hash(bytes, mark.Length + size).CopyTo(bytes, mark.Length + size);
        return bytes;
    }

    /// <summary>The message's own bytes.</summary>
    /// <exception cref="InvalidDataException">The mark or the hash is not there.</exception>
    public static ReadOnlySpan<byte> Open(byte[] mark, ReadOnlySpan<byte> bytes, string what)
    {
        var end = bytes.Length - HashBytes;
        if (end < mark.Length || !bytes.StartsWith(mark))
        {
            throw new InvalidDataException($"these bytes are no {what}");
        }

        return bytes[end..].SequenceEqual(Hash(bytes.ToArray(), end))
            ? bytes[mark.Length..end]
            : throw new InvalidDataException($"the {what} is damaged or cut off: its content does not have the hash it ends with");
    }

    private static byte[] Hash(byte[] bytes, int count)
    {
        using var sha = SHA256.Create();
        return sha.ComputeHash(bytes, 0, count);
    }
}
