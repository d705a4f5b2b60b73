using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>An element that is assigned to: what holds it and its indices have been evaluated, once.</summary>
/// <param name="IsMissing">They could not be.</param>
/// <param name="Read">The present value, of this type.</param>
internal sealed record ElementTarget(bool IsMissing, Func<ITypeSymbol?, Captured> Read, Action<Captured> Write);

/// <summary>Turns what stands left of an assignment into elements of lists and of tensors.</summary>
internal sealed class ElementTargets(CaptureSession session)
{
    /// <summary>Null where the target is no element.</summary>
    /// <param name="place">The assignment.</param>
    public ElementTarget? Find(IOperation target, IOperation place)
    {
        if (target is IPropertyReferenceOperation { Instance: { } tensor } element && session.Types.IntrinsicOf(element.Property) == "index")
        {
            return OfTensor(element, tensor, place);
        }

        if (session.Expressions.Dictionaries.Target(target, place) is { } entry)
        {
            return entry;
        }

        return session.Expressions.Lists.Target(target) is var (list, index)
            ? new ElementTarget(
                list.IsMissing || index.IsMissing,
                type => session.Expressions.Reads.ItemAt(list.Register, index.Register, place, type),
                value => session.Expressions.Lists.Set((list, index), value, place))
            : null;
    }

    private ElementTarget OfTensor(IPropertyReferenceOperation element, IOperation tensor, IOperation place)
    {
        if (IsMadeHere(HostReader.Unwrap(tensor)))
        {
            session.Report(
                "UG004", place.Syntax, $"Assigning an element of {ExpressionCapture.Quote(tensor)}, a tensor that nothing else holds,",
                "write all indices in one pair of brackets, as in x[0, 1..] = y, or keep the tensor in a variable and assign to that");
            return Failed();
        }

        var whole = session.Expressions.Capture(tensor);
        if (IndexCapture.Items(session, element, IndexCapture.Items(element.Arguments)) is not { } items || whole.IsMissing)
        {
            return Failed();
        }

        return new ElementTarget(
            false,
            _ => new(session.Writer.Emit(r => new IndexInstruction(r, whole.Register, items, session.Place(element))), ValueKind.Tensor),
            value =>
            {
                if (!value.IsMissing)
                {
                    var updated = session.Writer.Emit(r => new IndexUpdateInstruction(r, whole.Register, items, value.Register, session.Place(place)));
                    session.Writer.Emit(new AssignInstruction(whole.Register, updated, session.Place(place)));
                }
            });
    }

    /// <summary>An operator or view gives a tensor of its own: writing to it would change nothing else.</summary>
    private bool IsMadeHere(IOperation tensor) => tensor switch
    {
        IPropertyReferenceOperation p => session.Types.OpOf(p.Property) is not null || session.Types.IntrinsicOf(p.Property) == "index",
        IInvocationOperation i => session.Types.OpOf(i.TargetMethod) is not null,
        IBinaryOperation or IUnaryOperation => true,
        _ => false,
    };

    private static ElementTarget Failed() => new(true, _ => Captured.Missing(ValueKind.Tensor), _ => { });
}
