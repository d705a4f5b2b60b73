using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// Turns assignments to tensor fields into Rebind instructions. The runtime sets the field after the graph has run, so a thunk
/// that reads it within a larger expression after the assignment would see the old tensor: that is found and reported.
/// </summary>
internal sealed class StateWrites(CaptureSession session)
{
    private readonly List<(ISymbol Member, SyntaxNode Syntax, int Moment, ImmutableStack<int> Loops)> _writes = [];
    private readonly List<(ISymbol Member, SyntaxNode Syntax, int Moment, ImmutableStack<int> Loops)> _reads = [];
    private ImmutableStack<int> _loops = [];
    private int _moment;

    /// <summary>Captures a loop: what stands in it can run before and after everything else in it.</summary>
    public void InLoop(Action capture)
    {
        var outer = _loops;
        _loops = outer.Push(_moment++);
        capture();
        _loops = outer;
    }

    /// <summary>Assigns a tensor to a field or property of <c>this</c> or of a host object.</summary>
    public void Assign(IMemberReferenceOperation target, Captured value, IOperation assignment)
    {
        if (value.Kind != ValueKind.Tensor || !session.Types.IsTensor(target.Type))
        {
            session.Report(
                "UG004", assignment.Syntax, $"Assigning a list or tuple to '{target.Member.Name}'", "keep each tensor in a field of its own and assign it");
            return;
        }

        if (target is IPropertyReferenceOperation property && (property.Arguments.Length > 0 || !GuardRule.IsAuto(property.Property)))
        {
            session.Report(
                "UG004", assignment.Syntax, $"Setting '{target.Member.Name}'", "assign a field or an auto-property, or overwrite the tensor with Assign(value)");
            return;
        }

        if (value.IsMissing || session.Thunks.MakeSetter(target) is not var (setter, getter, arguments))
        {
            return;
        }

        _writes.Add((target.Member, assignment.Syntax, _moment++, _loops));
        session.Writer.Emit(new RebindInstruction(setter, getter, arguments, value.Register, session.Place(assignment)));
    }

    /// <summary>Remembers the members that a thunk reads, other than by being nothing but the read.</summary>
    public void NoteReads(IOperation thunk)
    {
        foreach (var read in thunk.DescendantsAndSelf().OfType<IMemberReferenceOperation>())
        {
            if (read != thunk && session.Types.IsTensor(read.Type))
            {
                _reads.Add((read.Member, read.Syntax, _moment++, _loops));
            }
        }
    }

    /// <summary>Reports the reads that come after a write of the same member, or in a loop with one.</summary>
    public void CheckReads()
    {
        foreach (var (member, read, moment, loops) in _reads)
        {
            // In the order of the capture, not of the text: a local function runs where it is called.
            if (_writes.Any(w => SymbolEqualityComparer.Default.Equals(w.Member, member) && (moment > w.Moment || loops.Any(w.Loops.Contains))))
            {
                session.Report("UG013", read, member.Name);
            }
        }
    }
}
