using Google.Protobuf;

namespace Unified.Ir;

/// <summary>Turns bytes into protobuf messages, with one kind of exception for all that can be wrong with them.</summary>
internal static class WireFormat
{
    /// <summary>Raised whenever the meaning of a message of functions or graphs changes.</summary>
    public const uint Version = 1;

    public static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes, string what)
        where T : IMessage<T>
    {
        try
        {
            return parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"these bytes are no {what}: {e.Message}", e);
        }
    }

    public static void CheckVersion(uint version, string what)
    {
        if (version != Version)
        {
            throw new InvalidDataException($"the {what} has format {version}, this version reads format {Version}; build it again");
        }
    }
}
