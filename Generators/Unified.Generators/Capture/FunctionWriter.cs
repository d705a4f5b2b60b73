using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Unified.Ir;
using ValueType = Unified.Ir.ValueType;

namespace Unified.Generators;

/// <summary>What names mean at one place of the source: the locals, and the variables that hold a known function.</summary>
internal sealed record NameScope(ImmutableDictionary<ISymbol, int> Locals, ImmutableDictionary<ISymbol, FunctionValue> Functions)
{
    public static NameScope Empty { get; } = new(
        ImmutableDictionary.Create<ISymbol, int>(SymbolEqualityComparer.Default), ImmutableDictionary.Create<ISymbol, FunctionValue>(SymbolEqualityComparer.Default));
}

/// <summary>Turns a sequence of emitted instructions into blocks, and numbers the registers, locals, thunks and callees of a function.</summary>
internal sealed class FunctionWriter
{
    private readonly Stack<ImmutableArray<Instruction>.Builder> _blocks = new();
    private readonly ImmutableArray<Local>.Builder _locals = ImmutableArray.CreateBuilder<Local>();
    private readonly ImmutableArray<Thunk>.Builder _thunks = ImmutableArray.CreateBuilder<Thunk>();
    private readonly ImmutableArray<ThunkSource>.Builder _thunkSources = ImmutableArray.CreateBuilder<ThunkSource>();
    private readonly ImmutableArray<CalleeSource>.Builder _callees = ImmutableArray.CreateBuilder<CalleeSource>();
    private int _registers;
    private int _temporaries;

    /// <summary>What names mean now. An inlined function has the names of the place where it is written.</summary>
    public NameScope Scope { get; set; } = NameScope.Empty;

    public int RegisterCount => _registers;

    public ImmutableArray<Local> Locals => _locals.ToImmutable();

    public ImmutableArray<Thunk> Thunks => _thunks.ToImmutable();

    public ImmutableArray<ThunkSource> ThunkSources => _thunkSources.ToImmutable();

    public ImmutableArray<CalleeSource> Callees => _callees.ToImmutable();

    public int NewRegister() => _registers++;

    public void Emit(Instruction instruction) => _blocks.Peek().Add(instruction);

    /// <summary>Emits what <paramref name="make"/> builds around a new register, and gives the register.</summary>
    public int Emit(Func<int, Instruction> make)
    {
        var register = NewRegister();
        Emit(make(register));
        return register;
    }

    /// <summary>What <paramref name="write"/> emits, as a block of its own that yields the register it returns.</summary>
    public Block InBlock(Func<int> write)
    {
        _blocks.Push(ImmutableArray.CreateBuilder<Instruction>());
        var yield = write();
        return new Block(_blocks.Pop().ToImmutable(), yield);
    }

    public Block InBlock(Action write) => InBlock(() =>
    {
        write();
        return Instruction.None;
    });

    public int Literal(object? value) => Emit(r => new LiteralInstruction(r, value));

    public int Load(int local) => Emit(r => new LoadInstruction(r, local));

    public int Declare(ISymbol symbol, ValueType type)
    {
        Alias(symbol, _locals.Count);
        return Declare(symbol.Name, type);
    }

    /// <summary>Another name for a local: a parameter by reference.</summary>
    public void Alias(ISymbol symbol, int local) => Scope = new(Scope.Locals.SetItem(symbol, local), Scope.Functions.Remove(symbol));

    /// <summary>The symbol is a variable that holds this function.</summary>
    public void DeclareFunction(ISymbol symbol, FunctionValue function) => Scope = new(Scope.Locals.Remove(symbol), Scope.Functions.SetItem(symbol, function));

    public FunctionValue? FindFunction(ISymbol symbol) => Scope.Functions.TryGetValue(symbol, out var function) ? function : null;

    public int Declare(string name, ValueType type)
    {
        _locals.Add(new Local(name, type));
        return _locals.Count - 1;
    }

    /// <summary>A local that the user did not write.</summary>
    public int DeclareTemporary(ValueType type) => Declare($"__t{_temporaries++}", type);

    public Local this[int local] => _locals[local];

    /// <summary>Corrects the kind of a local once its first value is known.</summary>
    public void Retype(int local, ValueKind kind) => _locals[local] = _locals[local] with { Type = _locals[local].Type with { Kind = kind } };

    public int? Find(ISymbol symbol) => Scope.Locals.TryGetValue(symbol, out var local) ? local : null;

    /// <summary>The number of the thunk; the same text over the same parameters is one thunk.</summary>
    public int AddThunk(Thunk thunk, string expression, string resultType, EquatableArray<ThunkParameter> parameters, bool isSetter, bool isStatic)
    {
        var source = new ThunkSource(0, expression, resultType, parameters, isSetter, isStatic);
        for (var i = 0; i < _thunkSources.Count; i++)
        {
            if ((_thunkSources[i] with { Number = 0 }) == source)
            {
                return i;
            }
        }

        _thunks.Add(thunk);
        _thunkSources.Add(source with { Number = _thunkSources.Count });
        return _thunkSources.Count - 1;
    }

    public int AddCallee(CalleeSource callee)
    {
        for (var i = 0; i < _callees.Count; i++)
        {
            if ((_callees[i] with { Number = 0 }) == (callee with { Number = 0 }))
            {
                return i;
            }
        }

        _callees.Add(callee with { Number = _callees.Count });
        return _callees.Count - 1;
    }
}
