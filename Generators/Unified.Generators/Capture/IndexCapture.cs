using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns <c>x[i, .., a..b, ^1]</c> into an Index instruction.</summary>
internal static class IndexCapture
{
    public static Captured Capture(CaptureSession session, IOperation operation, IOperation tensor, ImmutableArray<IOperation>? indices)
    {
        var captured = session.Expressions.Capture(tensor);
        return Items(session, operation, indices) is { } items && !captured.IsMissing
            ? new(session.Writer.Emit(r => new IndexInstruction(r, captured.Register, items, session.Place(operation))), ValueKind.Tensor)
            : Captured.Missing(ValueKind.Tensor);
    }

    /// <summary>The indices as items of an instruction; null after an error.</summary>
    public static ImmutableArray<IndexItem>? Items(CaptureSession session, IOperation operation, ImmutableArray<IOperation>? indices)
    {
        if (indices is null)
        {
            session.Report("UG010", operation.Syntax, Places.OneLine(operation.Syntax.ToString(), 60));
            return null;
        }

        var items = indices.Value.Select(i => Item(session, i)).ToList();
        return items.Contains(null) ? null : [.. items.Select(i => i!)];
    }

    /// <summary>The indices of an indexer call, also where they come as one params array or span; null when that is not written out.</summary>
    public static ImmutableArray<IOperation>? Items(ImmutableArray<IArgumentOperation> arguments)
    {
        var items = ImmutableArray.CreateBuilder<IOperation>();
        foreach (var argument in arguments)
        {
            switch (argument.ArgumentKind, argument.Value)
            {
                case (ArgumentKind.ParamArray, IArrayCreationOperation { Initializer: { } initializer }):
                    items.AddRange(initializer.ElementValues);
                    break;
                case (ArgumentKind.ParamCollection, ICollectionExpressionOperation collection):
                    items.AddRange(collection.Elements);
                    break;
                case (_, { Type: IArrayTypeSymbol or { IsRefLikeType: true } }):
                    return null;
                default:
                    items.Add(argument.Value);
                    break;
            }
        }

        return items.ToImmutable();
    }

    private static IndexItem? Item(CaptureSession session, IOperation index)
    {
        var written = HostReader.Unwrap(index);
        switch (written)
        {
            case IRangeOperation { LeftOperand: null, RightOperand: null }:
            case IMemberReferenceOperation { Member: { Name: "All", IsStatic: true } }:
                return new IndexItem("all");
            case IRangeOperation range:
                return Bound(session, range.LeftOperand) is var (start, startFromEnd, startFailed)
                    && Bound(session, range.RightOperand) is var (end, endFromEnd, endFailed)
                    && !startFailed && !endFailed
                        ? new IndexItem("range", start, end, startFromEnd, endFromEnd)
                        : null;
            case IUnaryOperation { OperatorKind: UnaryOperatorKind.Hat }:
            case { Type.SpecialType: SpecialType.System_Int32 or SpecialType.System_Int64 }:
                var (at, fromEnd, failed) = Bound(session, written);
                return failed ? null : new IndexItem("at", at, StartFromEnd: fromEnd);
            case var tensor when session.Types.IsTensor(tensor.Type):
                var captured = session.Expressions.Capture(tensor);
                return captured.IsMissing ? null : new IndexItem("tensor", captured.Register);
            default:
                session.Report("UG010", written.Syntax, Places.OneLine(written.Syntax.ToString(), 60));
                return null;
        }
    }

    private static (int Register, bool FromEnd, bool Failed) Bound(CaptureSession session, IOperation? bound)
    {
        if (bound is null)
        {
            return (Instruction.None, false, false);
        }

        bound = HostReader.Unwrap(bound);
        var fromEnd = bound is IUnaryOperation { OperatorKind: UnaryOperatorKind.Hat };
        var number = fromEnd ? ((IUnaryOperation)bound).Operand : bound;
        if (number.Type?.SpecialType is not (SpecialType.System_Int32 or SpecialType.System_Int64))
        {
            session.Report("UG010", bound.Syntax, Places.OneLine(bound.Syntax.ToString(), 60));
            return (Instruction.None, false, true);
        }

        var captured = session.Expressions.Capture(number);
        return (captured.Register, fromEnd, captured.IsMissing);
    }
}
