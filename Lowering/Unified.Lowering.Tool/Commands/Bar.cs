using Spectre.Console;

namespace Unified.Tool.Commands;

/// <summary>A progress bar on a terminal. On standard error, so that results can go elsewhere; where that is no terminal there is none.</summary>
internal static class Bar
{
    public static bool IsShown => !Console.IsErrorRedirected;

    /// <param name="steps">How many steps there are; null: nobody knows.</param>
    /// <param name="work">Told what to call with what goes on, and with how many steps are done.</param>
    public static T Over<T>(int? steps, Func<Action<string, int>, T> work)
    {
        if (!IsShown)
        {
            return work((_, _) => { });
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        ProgressColumn[] columns = [new TaskDescriptionColumn(), new ProgressBarColumn(), .. steps is null ? Array.Empty<ProgressColumn>() : [new PercentageColumn()]];
        return console.Progress().AutoClear(true).Columns(columns).Start(context =>
        {
            var task = context.AddTask("starting", maxValue: steps ?? 1);
            task.IsIndeterminate = steps is null;
            return work((says, done) => (task.Description, task.Value) = (Markup.Escape(says), steps is null ? 0 : done));
        });
    }
}
