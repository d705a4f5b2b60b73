using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>That a tensor stands for one example of many, and where all of them are.</summary>
/// <param name="All">The values of all examples, their axis first.</param>
internal sealed record Mapping(Tensor All, MapScope Scope);

/// <summary>A <see cref="Ops.Vmap(Func{Tensor, Tensor}, Tensor, int, int)"/> under way on this thread.</summary>
[StackTraceHidden]
internal sealed class MapScope : IDisposable
{
    public const string NoSingleValue =
        "inside of Vmap a value that differs between examples has no single value: it cannot decide an if or a loop, or be read; use Select(condition, a, b)";

    [ThreadStatic]
    private static Stack<MapScope>? t_open;

    public MapScope()
    {
        t_open ??= new Stack<MapScope>();
        Level = t_open.Count == 0 ? 1 : t_open.Peek().Level + 1;
        t_open.Push(this);
    }

    /// <summary>Compiled graphs do not know of examples: inside, calls run eagerly.</summary>
    public static bool IsActive => t_open is { Count: > 0 };

    /// <summary>1 for the outermost.</summary>
    public int Level { get; }

    public bool IsOver { get; private set; }

    /// <summary>How many examples there are; -1 before the first is taken.</summary>
    public int Size { get; private set; } = -1;

    public void Dispose()
    {
        t_open!.Pop();
        IsOver = true;
    }

    /// <summary>One example of <paramref name="all"/> along an axis.</summary>
    public Tensor Example(Tensor all, int axis)
    {
        var from = axis < 0 ? axis + all.Rank : axis;
        if (from < 0 || from >= all.Rank)
        {
            throw new ShapeException($"Vmap: axis {axis} is out of range for {all.Type}");
        }

        var size = all.Dims[from];
        if (Size >= 0 && size != Size)
        {
            throw new ShapeException($"Vmap: one tensor has {Size} examples, another, {all.Type} along axis {axis}, has {size}");
        }

        Size = size;
        return new Tensor(new Mapping(Move(all, from, 0), this));
    }

    /// <summary>All examples of a result, their axis at <paramref name="axis"/>.</summary>
    public Tensor Collect(Tensor result, int axis)
    {
        var to = axis < 0 ? axis + result.Rank + 1 : axis;
        if (to < 0 || to > result.Rank)
        {
            throw new ShapeException($"Vmap: axis {axis} is out of range for results {result.Type}");
        }

        if (result.Mapping is { } mapping && mapping.Scope == this)
        {
            return Move(mapping.All, 0, to);
        }

        using var all = Ops.BroadcastTo(result, [Size, .. result.Dims]);
        return Move(all, 0, to);
    }

    /// <summary>The value for each example of the innermost map that one of <paramref name="others"/> belongs to.</summary>
    public static Tensor Cover(Tensor value, IEnumerable<Tensor> others)
    {
        var scope = others.Append(value).Select(t => t.Mapping?.Scope).OfType<MapScope>().MaxBy(m => m.Level);
        return scope is null || value.Mapping?.Scope == scope ? value : new Tensor(new Mapping(Ops.BroadcastTo(value, [scope.Size, .. value.Dims]), scope));
    }

    /// <summary>All examples, where the tensor is one of this map.</summary>
    public Tensor All(Tensor tensor) => tensor.Mapping is { } mapping && mapping.Scope == this ? mapping.All : tensor;

    /// <summary>Runs a way back, written for one example, for all: what is the same for all examples gets the cotangents of all of them.</summary>
    public IReadOnlyList<Tensor> MapBack(Func<Tensor, IReadOnlyList<Tensor>> backward, Tensor cotangents, IReadOnlyList<Tensor> wrt)
    {
        var wasOver = IsOver;
        (t_open ??= new Stack<MapScope>()).Push(this);
        IsOver = false;
        try
        {
            return
            [
                .. backward(new Tensor(new Mapping(cotangents.Alias(), this))).Zip(wrt, (g, w) =>
                {
                    var all = All(Cover(g, [new Tensor(new Mapping(cotangents.Alias(), this))]));
                    return w.Mapping?.Scope == this ? all : Ops.Sum(all, 0);
                }),
            ];
        }
        finally
        {
            t_open.Pop();
            IsOver = wasOver;
        }
    }

    /// <summary>Applies an op to operands of which some stand for examples, at once to all examples of the innermost map among them.</summary>
    public static Tensor Apply(Op op, ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        MapScope? scope = null;
        foreach (var operand in operands)
        {
            if (operand.Mapping is { } mapping && mapping.Scope.Level > (scope?.Level ?? 0))
            {
                scope = mapping.Scope;
            }
        }

        if (scope!.IsOver)
        {
            throw new InvalidOperationException($"{op.Name}: the tensor stands for an example of a Vmap that has ended; return it from the function");
        }

        using var builder = new EagerBuilder();
        var values = ImmutableArray.CreateBuilder<OpValue>(operands.Length);
        var batched = ImmutableArray.CreateBuilder<bool>(operands.Length);
        foreach (var operand in operands)
        {
            var isOfScope = operand.Mapping?.Scope == scope;
            batched.Add(isOfScope);
            values.Add(builder.Wrap(isOfScope ? operand.Mapping!.All : operand));
        }

        var (result, isBatched) = Batching.Apply(builder, new BatchInputs(op, values.MoveToImmutable(), batched.MoveToImmutable(), scope.Size, attributes));
        var all = builder.Take(result);
        return isBatched ? new Tensor(new Mapping(all, scope)) : all;
    }

    private static Tensor Move(Tensor x, int from, int to)
    {
        var order = Enumerable.Range(0, x.Rank).ToList();
        order.RemoveAt(from);
        order.Insert(to, from);
        return Ops.Transpose(x, [.. order]);
    }
}
