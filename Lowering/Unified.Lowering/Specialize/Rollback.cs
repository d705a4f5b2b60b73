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
        FrameState State, Region Region, ImmutableArray<(AggregateValue List, ImmutableArray<Value> Items)> Lists, ImmutableDictionary<Dim, DimRequirement> Requirements);

    /// <summary>Goes back. What was required of sizes since stays: eager code requires it, too.</summary>
    public Undone Undo()
    {
        var changes = frame.Session.ListChanges;
        var undone = new Undone(
            frame.Save(), frame.Region, [.. changes.Skip(_lists).Select(c => (c.List, c.List.Items))], frame.Session.SaveRequirements());
        for (var i = changes.Count - 1; i >= _lists; i--)
        {
            changes[i].List.Items = changes[i].Before;
        }

        frame.Return(_state, _region);
        return undone;
    }

    /// <summary>Goes forward again to what <see cref="Undo"/> took back, and forgets what came after that.</summary>
    public static void Redo(Frame frame, Undone undone)
    {
        frame.Session.RestoreRequirements(undone.Requirements);
        foreach (var (list, items) in undone.Lists)
        {
            list.Items = items;
        }

        frame.Return(undone.State, undone.Region);
    }
}
