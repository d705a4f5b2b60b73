using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// Turns calls of local functions that call themselves, or each other, into one body for the outermost call and Recurse instructions in it.
/// Arguments wait in locals of their own until the body has begun.
/// </summary>
internal sealed class RecursionCapture(CaptureSession session, FunctionCapture functions)
{
    private readonly Dictionary<IBlockOperation, (ImmutableArray<int> Arguments, int First)> _open = [];
    private readonly Dictionary<IBlockOperation, bool> _known = [];

    public bool IsRecursive(FunctionValue function)
    {
        if (function is not { Method.MethodKind: MethodKind.LocalFunction, Body: { } body })
        {
            return false;
        }

        if (!_known.TryGetValue(body, out var known))
        {
            _known[body] = known = Reaches(body, body, []);
        }

        return known;
    }

    public Captured Call(FunctionValue function, IOperation call, ImmutableArray<IArgumentOperation> arguments)
    {
        var (method, body) = (function.Method, function.Body!);
        if (method.IsAsync || method.IsGenericMethod || arguments.Any(a => a.Parameter!.RefKind is RefKind.Ref or RefKind.Out || a.Parameter.Type.TypeKind == TypeKind.Delegate)
            || body.Descendants().Any(o => o.Kind is OperationKind.YieldReturn or OperationKind.YieldBreak))
        {
            return session.Refuse("UG008", call, $"The recursive function '{method.Name}' that is generic, async, an iterator, or takes references or functions");
        }

        var values = new Captured[arguments.Length];
        foreach (var argument in arguments)
        {
            values[argument.Parameter!.Ordinal] = session.Expressions.Aggregates.Argument(argument.Value);
        }

        if (values.Any(v => v.IsMissing))
        {
            return Captured.Missing(session.Types.KindOf(call.Type));
        }

        return _open.TryGetValue(body, out var open) ? Again(method, call, values, open.Arguments, open.First) : First(function, call, values);
    }

    private Captured First(FunctionValue function, IOperation call, Captured[] values)
    {
        var method = function.Method;
        ImmutableArray<int> waiting = [.. values.Select((v, i) => session.Writer.DeclareTemporary(session.Types.Of(method.Parameters[i].Type, v.Kind)))];
        Wait(waiting, values);
        var first = session.Writer.Locals.Length;
        _open[function.Body!] = (waiting, first);
        var result = functions.Within(function, () => functions.Returning(function.Body!, session.Types.KindOf(method.ReturnType), call, () =>
        {
            // Also where it takes nothing: the body is known by its first local.
            var start = session.Writer.DeclareTemporary(session.Types.Of(session.Model.Compilation.ObjectType));
            session.Writer.Emit(new StoreInstruction(start, session.Writer.Literal(null)));
            for (var i = 0; i < waiting.Length; i++)
            {
                var local = session.Writer.Declare(method.Parameters[i], session.Writer[waiting[i]].Type);
                session.Writer.Emit(new StoreInstruction(local, session.Writer.Load(waiting[i])));
            }
        }));
        _open.Remove(function.Body!);
        return result;
    }

    private Captured Again(IMethodSymbol method, IOperation call, Captured[] values, ImmutableArray<int> waiting, int first)
    {
        if (values.Zip(waiting, (v, w) => v.Kind != session.Writer[w].Type.Kind).Any(differs => differs))
        {
            return session.Refuse("UG008", call, $"The recursive function '{method.Name}' that is given a value of the graph where it was given one of the host, or the other way around,");
        }

        Wait(waiting, values);
        var kind = session.Types.KindOf(method.ReturnType);
        var result = kind == ValueKind.Void ? Captured.Missing(kind) : new(session.Writer.Emit(r => new RecurseInstruction(r, first, session.Place(call))), kind);
        if (kind == ValueKind.Void)
        {
            session.Writer.Emit(new RecurseInstruction(Instruction.None, first, session.Place(call)));
        }

        // What it sets of its surroundings is seen here as if it stood here.
        foreach (var local in _open.Keys.SelectMany(Assigned).Select(session.Writer.Find).OfType<int>().Where(l => l < first).Distinct())
        {
            session.Writer.Emit(new StoreInstruction(local, session.Writer.Load(local)));
        }

        return result;
    }

    private void Wait(ImmutableArray<int> waiting, Captured[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            session.Writer.Emit(new StoreInstruction(waiting[i], values[i].Register));
        }
    }

    private bool Reaches(IBlockOperation from, IBlockOperation to, HashSet<IBlockOperation> seen)
    {
        foreach (var called in from.Descendants().OfType<IInvocationOperation>().Where(i => i.TargetMethod.MethodKind == MethodKind.LocalFunction))
        {
            if (functions.BodyOf(called.TargetMethod) is { } body && (body == to || (seen.Add(body) && Reaches(body, to, seen))))
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<ISymbol> Assigned(IBlockOperation body) => body.Descendants()
        .SelectMany(o => o switch
        {
            IAssignmentOperation a => a.Target.DescendantsAndSelf(),
            IIncrementOrDecrementOperation i => i.Target.DescendantsAndSelf(),
            IArgumentOperation { Parameter.RefKind: RefKind.Ref or RefKind.Out } r => r.Value.DescendantsAndSelf(),
            _ => [],
        })
        .Select(o => o switch { ILocalReferenceOperation l => (ISymbol)l.Local, IParameterReferenceOperation p => p.Parameter, _ => null }).OfType<ISymbol>();
}
