using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns what changes, copies and queries lists of graph values into ListStep instructions and loops.</summary>
internal sealed class ListCapture
{
    // Method → operator, of List<T>. The list changes in place.
    private static readonly ImmutableDictionary<string, string> Changes = new Dictionary<string, string>
    {
        ["Add"] = "add",
        ["AddRange"] = "add_range",
        ["Insert"] = "insert",
        ["RemoveAt"] = "remove_at",
        ["Clear"] = "clear",
    }.ToImmutableDictionary();

    // The list itself, seen through another type.
    private static readonly HashSet<string> Views = new(StringComparer.Ordinal) { "AsReadOnly", "AsEnumerable" };

    private static readonly HashSet<string> Copies = new(StringComparer.Ordinal) { "ToArray", "ToList", "ToImmutableArray" };

    private readonly CaptureSession _session;
    private readonly ImmutableDictionary<(string, int), Func<IInvocationOperation, Captured, IOperation[], Captured>> _queries;

    public ListCapture(CaptureSession session)
    {
        _session = session;

        // Method and the number of its arguments after the list → what it gives.
        _queries = new Dictionary<(string, int), Func<IInvocationOperation, Captured, IOperation[], Captured>>
        {
            [("Select", 1)] = Select,
            [("Where", 1)] = Where,
            [("Aggregate", 1)] = (call, list, a) => Aggregate(call, list, null, a[0]),
            [("Aggregate", 2)] = (call, list, a) => Aggregate(call, list, a[0], a[1]),
            [("Concat", 1)] = (call, list, a) => New(call, "concat", list, _session.Expressions.Aggregates.Argument(a[0])),
            [("Append", 1)] = (call, list, a) => New(call, "concat", list, _session.Expressions.Aggregates.List([a[0]], call)),
            [("Prepend", 1)] = (call, list, a) => New(call, "concat", _session.Expressions.Aggregates.List([a[0]], call), list),
            [("Skip", 1)] = (call, list, a) => New(call, "range", list, Clamped(call, list, a[0]), Count(call, list)),
            [("Take", 1)] = (call, list, a) => New(call, "range", list, Number(0), Clamped(call, list, a[0])),
            [("Reverse", 0)] = (call, list, _) => Reversed(call, list),
            [("First", 0)] = (call, list, _) => _session.Expressions.Reads.ItemAt(list.Register, Number(0).Register, call, call.Type),
            [("Last", 0)] = (call, list, _) => _session.Expressions.Reads.ItemAt(list.Register, Host(call, "sub", Count(call, list), Number(1)).Register, call, call.Type),
            [("Count", 0)] = (call, list, _) => Count(call, list),
        }.ToImmutableDictionary();
    }

    /// <summary>A method of the class library on a list of the graph, or a query whose function computes with tensors; null if it is neither.</summary>
    public Captured? Invocation(IInvocationOperation call)
    {
        var receiver = Receiver(call);
        if (!TypeClassifier.IsSystem(call.TargetMethod) || receiver is null || !(_session.Hosts.IsAggregateOfGraph(receiver) || _session.Hosts.IsGraphQuery(call)))
        {
            return null;
        }

        if (_session.Expressions.Dictionaries.Call(call, receiver) is { } ofDictionary)
        {
            return ofDictionary;
        }

        var name = call.TargetMethod.Name;
        var arguments = call.Arguments.OrderBy(a => a.Parameter!.Ordinal).Select(a => HostReader.Unwrap(a.Value)).Skip(call.Instance is null ? 1 : 0).ToArray();
        if (call.Instance is not null && (Changes.TryGetValue(name, out var change) || (name == "Reverse" && arguments.Length == 0)))
        {
            return Change(call, change ?? "reverse", receiver, arguments);
        }

        if (arguments.Length == 0 && (Views.Contains(name) || Copies.Contains(name)))
        {
            var list = List(receiver);
            return Views.Contains(name) ? list : New(call, "copy", list);
        }

        if (!_queries.TryGetValue((name, arguments.Length), out var query))
        {
            return _session.Refuse("UG002", call, $"'{name}' on a list of the graph", "use a collection expression, its items, or foreach");
        }

        if (IsLazy(call) && !IsUsedAtOnce(call))
        {
            return _session.Refuse("UG002", call, $"The query {ExpressionCapture.Quote(call)}, which runs when it is used,", "add .ToArray(), or use it where it stands");
        }

        var source = List(receiver);
        return source.IsMissing ? Captured.Missing(_session.Types.KindOf(call.Type)) : query(call, source, arguments);
    }

    /// <summary><c>new List&lt;Tensor&gt;(…) { … }</c>.</summary>
    public Captured NewList(IObjectCreationOperation creation)
    {
        var source = creation.Arguments.FirstOrDefault()?.Value;
        var isCapacity = source?.Type?.SpecialType == SpecialType.System_Int32;
        var list = source is null || isCapacity
            ? _session.Expressions.Aggregates.List([], creation)
            : New(creation, "copy", _session.Expressions.Aggregates.Argument(source));
        foreach (var item in creation.Initializer?.Initializers ?? [])
        {
            if (item is not IInvocationOperation { Arguments: [var added] })
            {
                return _session.Refuse("UG002", item, ExpressionCapture.Quote(item), "call Add");
            }

            var value = _session.Expressions.Capture(added.Value);
            if (value.IsMissing || list.IsMissing)
            {
                return Captured.Missing(ValueKind.Aggregate);
            }

            Emit(creation, "add", list, value);
        }

        return list;
    }

    /// <summary><c>new Tensor[n]</c>: nulls, to be set.</summary>
    public Captured NewArray(IArrayCreationOperation creation) => creation.DimensionSizes.Length == 1
        ? New(creation, "fill", _session.Expressions.Capture(creation.DimensionSizes[0]))
        : _session.Refuse("UG002", creation, "An array of several dimensions", "use an array of arrays");

    /// <summary><c>[.. a, b]</c>.</summary>
    public Captured Spread(ICollectionExpressionOperation collection)
    {
        var list = default(Captured?);
        var items = new List<IOperation>();
        foreach (var element in collection.Elements)
        {
            if (element is ISpreadOperation spread)
            {
                Join(Pending());
                Join(List(HostReader.Unwrap(spread.Operand)));
            }
            else
            {
                items.Add(element);
            }
        }

        Join(Pending());
        return list is { } result ? New(collection, "copy", result) : _session.Expressions.Aggregates.List([], collection);

        Captured? Pending()
        {
            if (items.Count == 0)
            {
                return null;
            }

            var written = _session.Expressions.Aggregates.List(items, collection);
            items.Clear();
            return written;
        }

        void Join(Captured? part)
        {
            if (part is { } next)
            {
                list = list is { } before ? New(collection, "concat", before, next) : next;
            }
        }
    }

    /// <summary>A list element as a target: the list and the index, evaluated before the value as C# does. Null where it is none of the graph.</summary>
    public (Captured List, Captured Index)? Target(IOperation target)
    {
        var (list, index) = Element(target);
        if (list is null || !_session.Hosts.IsAggregateOfGraph(list))
        {
            return null;
        }

        if (!IsOwn(list, target))
        {
            return (Captured.Missing(ValueKind.Aggregate), Captured.Missing(ValueKind.Host));
        }

        var captured = List(list);
        return captured.IsMissing ? (captured, captured) : (captured, _session.Expressions.Reads.Position(index!, () => Count(target, captured).Register));
    }

    public void Set((Captured List, Captured Index) target, Captured value, IOperation operation)
    {
        if (!target.List.IsMissing && !target.Index.IsMissing && !value.IsMissing)
        {
            Emit(operation, "set", target.List, target.Index, value);
        }
    }

    public Captured Range(IOperation operation, Captured list, IRangeOperation range)
    {
        Captured Bound(IOperation? bound, Func<Captured> open) => bound is null ? open() : _session.Expressions.Reads.Position(bound, () => Count(operation, list).Register);
        var start = Bound(range.LeftOperand, () => Number(0));
        var end = Bound(range.RightOperand, () => Count(operation, list));
        return New(operation, "range", list, start, end);
    }

    public static IOperation? Receiver(IInvocationOperation call) =>
        (call.Instance ?? (call.TargetMethod.IsExtensionMethod ? call.Arguments.FirstOrDefault(a => a.Parameter?.Ordinal == 0)?.Value : null)) is { } receiver
            ? HostReader.Unwrap(receiver)
            : null;

    private static (IOperation? List, IOperation? Index) Element(IOperation target) => target switch
    {
        IArrayElementReferenceOperation { Indices: [var index] } a => (HostReader.Unwrap(a.ArrayReference), index),
        IPropertyReferenceOperation { Instance: { } list, Arguments: [var index] } => (HostReader.Unwrap(list), index.Value),
        IImplicitIndexerReferenceOperation i => (HostReader.Unwrap(i.Instance), i.Argument),
        _ => (null, null),
    };

    /// <summary>A list that came in as a parameter is the caller's.</summary>
    public bool IsOwn(IOperation list, IOperation operation)
    {
        if (list is IParameterReferenceOperation parameter && SymbolEqualityComparer.Default.Equals(parameter.Parameter.ContainingSymbol, _session.Method))
        {
            _session.Report("UG004", operation.Syntax, $"Changing the list '{parameter.Parameter.Name}' of the caller", "make a list of your own: [.. list]");
            return false;
        }

        return true;
    }

    private Captured Change(IInvocationOperation call, string change, IOperation receiver, IOperation[] arguments)
    {
        var nothing = Captured.Missing(ValueKind.Void);
        if (!IsOwn(receiver, call))
        {
            return nothing;
        }

        Captured[] operands = [List(receiver), .. arguments.Select(_session.Expressions.Aggregates.Argument)];
        if (operands.All(o => !o.IsMissing))
        {
            Emit(call, change, operands);
        }

        return nothing;
    }

    // The result is collected item by item: the function is inlined in the loop.
    private Captured Select(IInvocationOperation call, Captured list, IOperation[] arguments) => Each(call, list, arguments[0], (result, item, value) =>
        Emit(call, "add", result, value));

    private Captured Where(IInvocationOperation call, Captured list, IOperation[] arguments) => Each(call, list, arguments[0], (result, item, value) =>
    {
        var then = _session.Writer.InBlock(() => Emit(call, "add", result, new(_session.Writer.Load(item), _session.Writer[item].Type.Kind)));
        _session.Writer.Emit(new IfInstruction(value.Register, then, Block.Empty, _session.Place(call)));
    });

    private Captured Each(IInvocationOperation call, Captured list, IOperation argument, Action<Captured, int, Captured> add)
    {
        if (_session.Functions.Find(argument) is not { } function || function.Method.Parameters.Length is not (1 or 2))
        {
            return _session.Refuse("UG002", argument, "A function that is not known here", "write a lambda");
        }

        var result = _session.Expressions.Aggregates.List([], call);
        var item = _session.Writer.DeclareTemporary(_session.Types.Of(function.Method.Parameters[0].Type, ItemKind(function.Method.Parameters[0].Type, list)));
        var position = _session.Writer.DeclareTemporary(_session.Types.Of(_session.Model.Compilation.GetSpecialType(SpecialType.System_Int32)));
        _session.Writer.Emit(new StoreInstruction(position, Number(0).Register));
        var failed = false;
        var body = _session.Writer.InBlock(() =>
        {
            var at = new Captured(_session.Writer.Load(position), ValueKind.Host);
            var value = new Captured(_session.Writer.Load(item), _session.Writer[item].Type.Kind);
            var given = _session.Functions.Call(function, call, function.Method.Parameters.Length == 2 ? [value, at] : [value]);
            failed = given.IsMissing;
            if (!failed)
            {
                add(result, item, given);
            }

            _session.Writer.Emit(new StoreInstruction(position, Host(call, "add", at, Number(1)).Register));
        });
        if (failed)
        {
            return Captured.Missing(ValueKind.Aggregate);
        }

        _session.Writer.Emit(new ForEachInstruction(item, list.Register, body, _session.Place(call)));
        return result;
    }

    private Captured Aggregate(IInvocationOperation call, Captured list, IOperation? seed, IOperation argument)
    {
        var kind = _session.Types.KindOf(call.Type);
        var first = seed is null
            ? _session.Expressions.Reads.ItemAt(list.Register, Number(0).Register, call, call.Type)
            : _session.Expressions.Capture(seed);
        if (first.IsMissing || _session.Functions.Find(argument) is not { Method.Parameters.Length: 2 } function)
        {
            return first.IsMissing ? Captured.Missing(kind) : _session.Refuse("UG002", argument, "A function that is not known here", "write a lambda");
        }

        var sum = _session.Writer.DeclareTemporary(_session.Types.Of(call.Type));
        var item = _session.Writer.DeclareTemporary(_session.Types.Of(function.Method.Parameters[1].Type, ItemKind(function.Method.Parameters[1].Type, list)));
        _session.Writer.Emit(new StoreInstruction(sum, first.Register));
        var rest = seed is null ? New(call, "range", list, Number(1), Count(call, list)) : list;
        var failed = false;
        var body = _session.Writer.InBlock(() =>
        {
            var value = _session.Functions.Call(
                function, call, [new(_session.Writer.Load(sum), kind), new(_session.Writer.Load(item), _session.Writer[item].Type.Kind)]);
            failed = value.IsMissing;
            if (!failed)
            {
                _session.Writer.Emit(new StoreInstruction(sum, value.Register));
            }
        });
        if (failed)
        {
            return Captured.Missing(kind);
        }

        _session.Writer.Emit(new ForEachInstruction(item, rest.Register, body, _session.Place(call)));
        return new(_session.Writer.Load(sum), kind);
    }

    private ValueKind ItemKind(ITypeSymbol type, Captured list) => list.Kind == ValueKind.Host ? ValueKind.Host : _session.Types.KindOf(type);

    private Captured Reversed(IInvocationOperation call, Captured list)
    {
        var copy = New(call, "copy", list);
        Emit(call, "reverse", copy);
        return copy;
    }

    /// <summary>A list of the graph, or one of the host whose length is then part of what is specialized on.</summary>
    private Captured List(IOperation list)
    {
        var captured = _session.Expressions.Aggregates.Argument(list);
        if (!captured.IsMissing)
        {
            _session.Statements.Loops.GuardCount(list);
        }

        return captured;
    }

    private Captured Number(int number) => new(_session.Writer.Literal(number), ValueKind.Host);

    private Captured Count(IOperation place, Captured list) => new(_session.Writer.Emit(r => new CountInstruction(r, list.Register, _session.Place(place))), ValueKind.Host);

    // Skip and Take accept more than there is, and less than nothing.
    private Captured Clamped(IOperation place, Captured list, IOperation number)
    {
        var captured = _session.Expressions.Capture(number);
        return captured.IsMissing ? captured : Host(place, "min", Host(place, "max", captured, Number(0)), Count(place, list));
    }

    private Captured Host(IOperation place, string name, Captured left, Captured right) =>
        new(_session.Writer.Emit(r => new HostInstruction(r, name, "int", [left.Register, right.Register], _session.Place(place))), ValueKind.Host);

    private Captured New(IOperation place, string name, params Captured[] operands) => operands.Any(o => o.IsMissing)
        ? Captured.Missing(ValueKind.Aggregate)
        : new(_session.Writer.Emit(r => new ListStepInstruction(r, name, [.. operands.Select(o => o.Register)], _session.Place(place))), ValueKind.Aggregate);

    private void Emit(IOperation place, string name, params Captured[] operands) =>
        _session.Writer.Emit(new ListStepInstruction(Instruction.None, name, [.. operands.Select(o => o.Register)], _session.Place(place)));

    private static bool IsLazy(IInvocationOperation call) => call.Type is INamedTypeSymbol { Name: "IEnumerable" };

    private static bool IsUsedAtOnce(IOperation query) => query.Parent switch
    {
        IConversionOperation { IsImplicit: true } conversion => IsUsedAtOnce(conversion),
        IArgumentOperation { Parent: IInvocationOperation call } => !TypeClassifier.IsSystem(call.TargetMethod) || !IsLazy(call) || IsUsedAtOnce(call),
        IForEachLoopOperation or ISpreadOperation => true,
        _ => false,
    };
}
