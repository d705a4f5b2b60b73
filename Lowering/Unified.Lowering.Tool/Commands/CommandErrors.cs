using Unified.Ir;
using Unified.Native;
using Unified.Tool.Apps;

namespace Unified.Tool.Commands;

/// <summary>Turns exceptions into lines that MSBuild and editors understand, and into exit codes: 0 all is well, 1 it is not.</summary>
internal static class CommandErrors
{
    /// <param name="place">What the command works on: where no better place is known.</param>
    /// <param name="sources">Finds the files of places in the IR; null where there is no app.</param>
    public static int Guard(string place, SourceFiles? sources, Func<int> run)
    {
        try
        {
            return run();
        }
        catch (GraphCompileException e)
        {
            return Fail(e.Place is not null && sources is not null ? sources.PlaceOf(e.Place) : place, e.Message);
        }
        catch (Exception e) when (e is AppException or ArgumentException or NotSupportedException or NativeLibraryMissingException or InvalidDataException
            or IOException or UnauthorizedAccessException)
        {
            return Fail(place, e.Message);
        }
#pragma warning disable CA1031 // The user's own code threw.
        catch (Exception e)
        {
            return Fail(place, $"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}");
        }
#pragma warning restore CA1031
    }

    public static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static int Fail(string place, string message)
    {
        Console.Error.WriteLine($"{place} : error UG300: {OneLine(message)}");
        return 1;
    }
}
