using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Where a frame was before a loop, and the way back: its variables, tensors, fields set, lists.</summary>
internal sealed class Rollback(Frame frame)
{
    private readonly FrameState _state = frame.Save();
    private readonly Region _region = frame.Region;
    private readonly int _lists = frame.Session.ListChanges.Count;

    /// <summary>Where the frame was when it went back.</summary>
    public sealed record Undone(
        FrameState State, Region Region, ImmutableArray<(AggregateValue List, ListContent Content)> Lists, ImmutableDictionary<Dim, DimRequirement> Requirements);

    /// <summary>Goes back. What was required of sizes since stays: eager code requires it, too.</summary>
    public Undone Undo()
    {
        var (now, region) = (frame.Save(), frame.Region);
        var undone = new Undone(now, region, UndoLists(), frame.Session.SaveRequirements());
        frame.Return(_state, _region);
        return undone;
    }

    /// <summary>Gives the lists that have changed their items back.</summary>
    /// <returns>What they held until now.</returns>
    public ImmutableArray<(AggregateValue List, ListContent Content)> UndoLists()
    {
        var changes = frame.Session.ListChanges;
        var held = changes.Skip(_lists).Select(c => (c.List, c.List.Content)).ToImmutableArray();
        for (var i = changes.Count - 1; i >= _lists; i--)
        {
            changes[i].List.Content = changes[i].Before;
        }

        changes.RemoveRange(_lists, changes.Count - _lists);
        return held;
    }

    /// <summary>Goes forward again to what <see cref="Undo"/> took back, and forgets what came after that.</summary>
    public static void Redo(Frame frame, Undone undone)
    {
        frame.Session.RestoreRequirements(undone.Requirements);
        // What callees required of sizes since then is forgotten, too.
        frame.Session.Calls.Clear();
        foreach (var (list, content) in undone.Lists)
        {
            frame.Session.ListChanges.Add((list, list.Content));
            list.Content = content;
        }

        frame.Return(undone.State, undone.Region);
    }
}
