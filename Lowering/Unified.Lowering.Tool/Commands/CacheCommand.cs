using System.CommandLine;
using Unified.Lowering.Artifacts;

namespace Unified.Tool.Commands;

/// <summary><c>unified cache</c>: the kernels that this user's compilations have kept.</summary>
internal static class CacheCommand
{
    private const string Pattern = "*.kernel";

    public static Command Create()
    {
        var folder = new Option<string>("--folder") { Description = $"The cache (default: ${KernelStore.FolderVariable}, else the user's)", DefaultValueFactory = _ => KernelStore.DefaultFolder };
        var megabytes = new Option<long>("--max-megabytes") { Description = "Keep the kernels that were used last, up to this size", DefaultValueFactory = _ => 512 };
        var days = new Option<int>("--unused-days") { Description = "Also drop those not used for so long", DefaultValueFactory = _ => int.MaxValue };
        var list = new Command("list", "Show the cache's place, size and age.") { folder, AppArguments.Json };
        list.SetAction(parsed => CommandErrors.Guard("cache", null, () => List(parsed.GetValue(folder)!, parsed.GetValue(AppArguments.Json))));
        var trim = new Command("trim", "Drop kernels. What is needed again is compiled again.") { folder, megabytes, days, AppArguments.Json };
        trim.SetAction(parsed => CommandErrors.Guard(
            "cache", null, () => Trim(parsed.GetValue(folder)!, parsed.GetValue(megabytes), parsed.GetValue(days), parsed.GetValue(AppArguments.Json))));
        return new Command("cache", "Look after the kernels that compilations keep.") { list, trim };
    }

    private static List<FileInfo> Files(string folder) =>
        Directory.Exists(folder) ? [.. new DirectoryInfo(folder).EnumerateFiles(Pattern).OrderByDescending(LastUse)] : [];

    private static DateTime LastUse(FileInfo file) => file.LastAccessTimeUtc > file.LastWriteTimeUtc ? file.LastAccessTimeUtc : file.LastWriteTimeUtc;

    private static int List(string folder, bool isJson)
    {
        var files = Files(folder);
        var (bytes, oldest) = (files.Sum(f => f.Length), files.Count > 0 ? LastUse(files[^1]) : (DateTime?)null);
        if (isJson)
        {
            AppArguments.WriteJson(new { folder, kernels = files.Count, bytes, last_use_of_oldest = oldest });
        }
        else
        {
            Console.WriteLine($"{folder}: {files.Count} kernels, {Text.Bytes(bytes)}{(oldest is { } date ? $", the oldest last used on {date:yyyy-MM-dd}" : "")}");
        }

        return 0;
    }

    private static int Trim(string folder, long megabytes, int days, bool isJson)
    {
        if (megabytes < 0 || days < 0)
        {
            throw new ArgumentException("--max-megabytes and --unused-days cannot be negative");
        }

        var (kept, dropped, freed) = (0L, 0, 0L);
        foreach (var file in Files(folder))
        {
            var isOld = (DateTime.UtcNow - LastUse(file)).TotalDays > days;
            if (!isOld && kept + file.Length <= megabytes << 20)
            {
                kept += file.Length;
                continue;
            }

            freed += file.Length;
            dropped++;
            file.Delete();
        }

        if (isJson)
        {
            AppArguments.WriteJson(new { folder, dropped, freed_bytes = freed, kept_bytes = kept });
        }
        else
        {
            Console.WriteLine($"{folder}: {dropped} kernels dropped, {Text.Bytes(freed)} freed, {Text.Bytes(kept)} kept");
        }

        return 0;
    }
}
