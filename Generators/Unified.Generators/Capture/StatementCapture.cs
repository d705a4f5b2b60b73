using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns statements into instructions: declarations, branches, returns, checks; loops are <see cref="LoopCapture"/>'s.</summary>
internal sealed class StatementCapture
{
    // What cannot be: the construct's name, and what to write instead.
    private static readonly ImmutableDictionary<OperationKind, (string Name, string Instead)> Refused = new Dictionary<OperationKind, (string, string)>
    {
        [OperationKind.Lock] = ("A lock statement", "lock around the call of the static graph"),
        [OperationKind.YieldReturn] = ("yield return", "return a list"),
        [OperationKind.YieldBreak] = ("yield break", "return a list"),
        [OperationKind.Stop] = ("Stop", "leave it out"),
        [OperationKind.End] = ("End", "leave it out"),
    }.ToImmutableDictionary();

    private readonly CaptureSession _session;
    private readonly ImmutableDictionary<OperationKind, Action<IOperation>> _rows;

    private readonly SwitchCapture _switches;
    private readonly LabelCapture _labels;

    public StatementCapture(CaptureSession session)
    {
        _session = session;
        Loops = new LoopCapture(session);
        Usings = new UsingCapture(session);
        _switches = new SwitchCapture(session);
        _labels = new LabelCapture(session);
        _rows = new Dictionary<OperationKind, Action<IOperation>>
        {
            [OperationKind.Block] = o => Usings.Block(() => Each(((IBlockOperation)o).Operations)),
            [OperationKind.Using] = o => Usings.Statement((IUsingOperation)o),
            [OperationKind.UsingDeclaration] = o => Usings.Declaration((IUsingDeclarationOperation)o),
            [OperationKind.VariableDeclarationGroup] = o => Each(((IVariableDeclarationGroupOperation)o).Declarations),
            [OperationKind.VariableDeclaration] = o => Declaration((IVariableDeclarationOperation)o),
            [OperationKind.ExpressionStatement] = o => Effect(((IExpressionStatementOperation)o).Operation),
            [OperationKind.Return] = o => Return((IReturnOperation)o),
            [OperationKind.Conditional] = o => If((IConditionalOperation)o),
            [OperationKind.Loop] = o => Loops.Capture((ILoopOperation)o),
            [OperationKind.Try] = o => TryCapture.Capture(_session, (ITryOperation)o),
            [OperationKind.Labeled] = o => Each([o]),
            [OperationKind.Switch] = o => _switches.Capture((ISwitchOperation)o),
            [OperationKind.Branch] = o => Branch((IBranchOperation)o),
            [OperationKind.Throw] = o => _session.Expressions.Capture(o),
            [OperationKind.Empty] = _ => { },
            [OperationKind.LocalFunction] = o => _session.Functions.Declare((ILocalFunctionOperation)o),
        }.ToImmutableDictionary();
    }

    public LoopCapture Loops { get; }

    public UsingCapture Usings { get; }

    public void Capture(IOperation statement)
    {
        _session.Cancellation.ThrowIfCancellationRequested();
        if (_rows.TryGetValue(statement.Kind, out var row))
        {
            row(statement);
        }
        else if (Refused.TryGetValue(statement.Kind, out var why))
        {
            _session.Report("UG001", statement.Syntax, why.Name, why.Instead);
        }
        else
        {
            _session.Report("UG001", statement.Syntax, ExpressionCapture.Quote(statement), "move it out of the static graph");
        }
    }

    /// <summary>An expression evaluated for what it does: an assignment, or a call of a static graph.</summary>
    public void Effect(IOperation operation)
    {
        var isCall = operation is IInvocationOperation or IConditionalAccessOperation or IObjectCreationOperation or IDynamicInvocationOperation;
        if (isCall && _session.Hosts.Read(operation).IsPure && _session.Patterns.Declared(operation).IsEmpty)
        {
            _session.Report("UG006", operation.Syntax, Places.OneLine(operation.Syntax.ToString(), 60));
            return;
        }

        if (operation is IInvocationOperation call
            && !_session.Hosts.BelongsToGraph(call, call.Syntax.Span)
            && !_session.Hosts.HasTensors(call)
            && _session.Patterns.Declared(call).IsEmpty)
        {
            _session.Report("UG006", operation.Syntax, Places.OneLine(operation.Syntax.ToString(), 60));
            return;
        }

        _session.Expressions.Capture(operation);
    }

    private void Each(IEnumerable<IOperation> statements)
    {
        ImmutableArray<IOperation> all = [.. statements];
        if (all.IndexOf(all.FirstOrDefault(s => s is ILabeledOperation)!) is >= 0 and var label)
        {
            _labels.Capture(all, label, Each);
            return;
        }

        for (var i = 0; i < all.Length; i++)
        {
            if (all[i] is IUsingDeclarationOperation && Usings.Policy(all[i]) is { } policy)
            {
                var rest = all.Skip(i + 1);
                Usings.Precision(policy, () => Each(rest));
                return;
            }

            Capture(all[i]);
        }
    }

    private void Declaration(IVariableDeclarationOperation declaration)
    {
        foreach (var declarator in declaration.Declarators)
        {
            if ((declarator.Initializer ?? declaration.Initializer) is not { } initializer)
            {
                _session.Expressions.Assignments.Declare(declarator.Symbol, Captured.Missing(_session.Types.KindOf(declarator.Symbol.Type)), declarator);
                continue;
            }

            if (declarator.Symbol.Type.TypeKind == TypeKind.Delegate && _session.Functions.Find(initializer.Value) is { } function)
            {
                _session.Writer.DeclareFunction(declarator.Symbol, function);
                continue;
            }

            var value = _session.Expressions.Capture(initializer.Value);
            _session.Expressions.Assignments.Declare(declarator.Symbol, value, declarator);
        }
    }

    private void Return(IReturnOperation operation)
    {
        var handsBack = _session.HandsBack && !_session.Functions.IsInlining;
        if (operation.ReturnedValue is not { } returned)
        {
            Usings.Leave(isLoop: false);
            if (handsBack)
            {
                HandBack(null, operation);
                return;
            }

            _session.Writer.Emit(new ReturnInstruction(Instruction.None, _session.Place(operation)));
            return;
        }

        var value = _session.Expressions.Capture(returned);
        if (!value.IsMissing)
        {
            Usings.Leave(isLoop: false);
            if (handsBack)
            {
                HandBack(value.Register, operation);
                return;
            }

            _session.Functions.NoteReturn(value.Kind);
            _session.Writer.Emit(new ReturnInstruction(value.Register, _session.Place(operation)));
        }
    }

    /// <summary>Returns the result, if there is one, together with the variables that the caller gets back.</summary>
    public void HandBack(int? result, IOperation place)
    {
        var variables = _session.Method.Parameters.Where(ArgumentParts.IsHandedBack).Select(p => _session.Writer.Load(_session.Writer.Find(p)!.Value));
        ImmutableArray<int> items = result is { } value ? [value, .. variables] : [.. variables];
        var all = _session.Writer.Emit(r => new ListInstruction(r, items, _session.Place(place)));
        _session.Writer.Emit(new ReturnInstruction(all, _session.Place(place)));
    }

    private void If(IConditionalOperation operation)
    {
        var condition = _session.Expressions.Conditionals.Condition(operation.Condition);
        var then = _session.Writer.InBlock(() => Capture(operation.WhenTrue));
        var other = _session.Writer.InBlock(() =>
        {
            if (operation.WhenFalse is { } otherwise)
            {
                Capture(otherwise);
            }
        });
        if (condition != Instruction.None)
        {
            _session.Writer.Emit(new IfInstruction(condition, then, other, _session.Place(operation.Condition)));
        }
    }

    private void Branch(IBranchOperation operation)
    {
        switch (operation.BranchKind)
        {
            case BranchKind.Break:
                Usings.Leave(isLoop: true);
                _session.Writer.Emit(new BreakInstruction());
                return;
            case BranchKind.Continue:
                Usings.Leave(isLoop: true);
                _session.Writer.Emit(new ContinueInstruction());
                return;
            default:
                if (!_switches.GoTo(operation))
                {
                    _labels.GoTo(operation);
                }

                return;
        }
    }
}
