using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a kernel's outline into a function of the kernel ABI: its arguments as values, and structured control flow over an
/// <see cref="LlvmBuilder"/>. All blocks come in order, so that what is made before a loop can be used inside and after it.
/// </summary>
internal sealed class KernelBuilder : IDisposable
{
    /// <summary>Lanes of every vector value; wider types take several registers.</summary>
    public const int Lanes = 16;

    /// <summary>Bytes of a cache line.</summary>
    public const int Line = 64;

    /// <summary>Vectors of f32 that may be written down.</summary>
    public const int MostNoted = 4;

    /// <summary>The caches that <see cref="Prefetch"/> brings a line to.</summary>
    public const int FirstLevel = 3, SecondLevel = 2;

    private readonly LoopKernel _kernel;
    private readonly LlvmFunction _function;
    private readonly LlvmValue[] _buffers;
    private readonly LlvmValue[] _parameters;
    private readonly LlvmBlock _exit;
    private readonly LlvmValue _lanes, _noted;
    private readonly Dictionary<object, LlvmValue> _tables = new(ReferenceEqualityComparer.Instance);
    private int _globals;

    public KernelBuilder(LlvmContext context, LlvmModule module, TargetCpu cpu, LoopKernel kernel, string symbol)
    {
        (Context, Module, Cpu, B, _kernel) = (context, module, cpu, context.CreateBuilder(), kernel);
        (HasAvx512, HasFma, HasF16C, HasSse41) = (cpu.CanRun(TargetCpu.X64V4), cpu.Has("fma"), cpu.Has("f16c"), cpu.Has("sse4.1"));
        LlvmType ptr = context.Ptr, i64 = context.I64;
        _function = module.AddFunction(symbol, context.Function(context.Void, ptr, ptr, i64, i64, ptr, ptr));
        _function.SetTarget(cpu);
        _function.AddAttribute("nounwind");
        foreach (var (parameter, name) in ((int, string)[])[(0, "noalias"), (0, "readonly"), (1, "noalias"), (1, "readonly"), (4, "noalias"), (5, "noalias")])
        {
            _function.AddParameterAttribute(parameter, name);
        }

        var entry = _function.AppendBlock("entry");
        var body = _function.AppendBlock("units");
        _exit = _function.AppendBlock("exit");
        B.PositionAtEnd(entry);
        _lanes = B.Alloca(context.Int(8).Array(Lanes * sizeof(double)), Line);
        _noted = B.Alloca(context.F32.Array(Lanes * MostNoted), Line);
        _buffers = [.. Enumerable.Range(0, kernel.Buffers.Length).Select(i => B.Load(ptr, B.Gep(ptr, _function.Parameter(0), I64(i))))];
        _parameters = [.. Enumerable.Range(0, kernel.ParameterCount).Select(i => B.Load(i64, B.Gep(i64, _function.Parameter(1), I64(i))))];
        (Begin, End, Scratch, Status) = (_function.Parameter(2), _function.Parameter(3), _function.Parameter(4), _function.Parameter(5));
        B.CondBr(B.ICmp(LlvmIntPredicate.Slt, Begin, End), body, _exit);
        B.PositionAtEnd(body);
        B.FastMath = LlvmFastMath.Contract;
    }

    public LlvmContext Context { get; }

    public LlvmModule Module { get; }

    public TargetCpu Cpu { get; }

    public LlvmBuilder B { get; }

    /// <summary>The first unit; below <see cref="End"/>.</summary>
    public LlvmValue Begin { get; }

    public LlvmValue End { get; }

    public LlvmValue Scratch { get; }

    public LlvmValue Status { get; }

    /// <summary>Bytes of the widest registers that floats and integers alike are computed in.</summary>
    public int RegisterBytes => HasAvx512 ? 64 : Cpu.Has("avx2") ? 32 : 16;

    /// <summary>F, BW, CD, DQ and VL.</summary>
    public bool HasAvx512 { get; }

    public bool HasFma { get; }

    public bool HasF16C { get; }

    public bool HasSse41 { get; }

    /// <summary>Whether lanes of elements in memory are left alone by an instruction.</summary>
    public bool HasMasks(LlvmType element) => Numbers.Bytes(element) >= 4 ? Cpu.Has("avx") : HasAvx512;

    /// <summary>Memory that can always be read: eight bytes or more.</summary>
    public LlvmValue ParameterBlock => _function.Parameter(1);

    public LlvmValue Buffer(int index) => _buffers[index];

    /// <summary>The memory type of a buffer's elements.</summary>
    public LlvmType ElementOf(int buffer) => Numbers.Memory(Context, _kernel.Buffers[buffer].Type);

    public LlvmValue Parameter(int index) => _parameters[index];

    /// <summary>Memory of the call's own for sixteen f32.</summary>
    /// <param name="index">Which of them, less than <see cref="MostNoted"/>.</param>
    public LlvmValue Noted(int index) => B.Gep(Context.F32, _noted, I64(index * Lanes));

    public LlvmValue I64(long value) => Context.I64.Int(value);

    /// <summary>Ends the function.</summary>
    public void Finish()
    {
        B.Br(_exit);
        B.PositionAtEnd(_exit);
        B.RetVoid();
    }

    public void Dispose() => B.Dispose();

    /// <summary>for (i = begin; i &lt; end; i += step), with values carried from one round to the next; gives their last state.</summary>
    public LlvmValue[] Loop(LlvmValue begin, LlvmValue end, long step, LlvmValue[] carried, Func<LlvmValue, LlvmValue[], LlvmValue[]> body)
    {
        var before = B.Block;
        var head = _function.AppendBlock("loop");
        var after = _function.AppendBlock("after");
        B.CondBr(B.ICmp(LlvmIntPredicate.Slt, begin, end), head, after);

        B.PositionAtEnd(head);
        var index = B.Phi(Context.I64);
        LlvmPhi[] inside = [.. carried.Select(v => B.Phi(v.Type))];
        var results = body(index, [.. inside.Select(p => (LlvmValue)p)]);
        var next = B.Add(index, I64(step), LlvmWrap.NoSigned);
        B.CondBr(B.ICmp(LlvmIntPredicate.Slt, next, end), head, after);
        var latch = B.Block;
        index.AddIncoming(begin, before);
        index.AddIncoming(next, latch);

        B.PositionAtEnd(after);
        var last = new LlvmValue[carried.Length];
        for (var i = 0; i < carried.Length; i++)
        {
            inside[i].AddIncoming(carried[i], before);
            inside[i].AddIncoming(results[i], latch);
            var phi = B.Phi(carried[i].Type);
            phi.AddIncoming(carried[i], before);
            phi.AddIncoming(results[i], latch);
            last[i] = phi;
        }

        return last;
    }

    public void Loop(LlvmValue begin, LlvmValue end, long step, Action<LlvmValue> body) => Loop(begin, end, step, [], (i, _) =>
    {
        body(i);
        return [];
    });

    /// <summary>
    /// Makes pieces of code that have nothing to do with each other, and lets their instructions take turns: a processor looks only so far ahead, and of a long chain it sees little but what waits.
    /// </summary>
    public void Interleave(int count, Action<int> piece)
    {
        var block = B.Block;
        var at = block.Instructions.Count;
        List<LlvmValue[]> pieces = [];
        for (var i = 0; i < count; i++)
        {
            piece(i);
            LlvmValue[] made = B.Block == block ? [.. block.Instructions.Skip(at)] : [];
            pieces.Add(made);
            at += made.Length;
        }

        // Code with branches stays as it is, and pieces of which one needs another's values.
        var owner = pieces.SelectMany((made, i) => made.Select(m => (m, i))).ToDictionary(p => p.m, p => p.i);
        bool IsAlone(LlvmValue made) => Enumerable.Range(0, made.OperandCount).All(o => !owner.TryGetValue(made.Operand(o), out var other) || other == owner[made]);
        var longest = B.Block == block && owner.Keys.All(IsAlone) ? pieces.Max(p => p.Length) : 0;
        for (var i = 0; i < longest; i++)
        {
            foreach (var made in pieces.Where(p => i < p.Length))
            {
                B.Move(made[i]);
            }
        }
    }

    /// <summary>do { values = body(values) } while (more).</summary>
    public LlvmValue[] Repeat(LlvmValue[] carried, Func<LlvmValue[], (LlvmValue[] Values, LlvmValue More)> body)
    {
        var before = B.Block;
        var head = _function.AppendBlock("repeat");
        var after = _function.AppendBlock("done");
        B.Br(head);
        B.PositionAtEnd(head);
        LlvmPhi[] inside = [.. carried.Select(v => B.Phi(v.Type))];
        var (results, more) = body([.. inside.Select(p => (LlvmValue)p)]);
        B.CondBr(more, head, after);
        for (var i = 0; i < carried.Length; i++)
        {
            inside[i].AddIncoming(carried[i], before);
            inside[i].AddIncoming(results[i], B.Block);
        }

        B.PositionAtEnd(after);
        return results;
    }

    public void If(LlvmValue condition, Action then, Action? otherwise = null) => _ = If(
        condition,
        () =>
        {
            then();
            return [];
        },
        () =>
        {
            otherwise?.Invoke();
            return [];
        });

    public LlvmValue[] If(LlvmValue condition, Func<LlvmValue[]> then, Func<LlvmValue[]> otherwise)
    {
        var yes = _function.AppendBlock("then");
        var no = _function.AppendBlock("else");
        var join = _function.AppendBlock("join");
        B.CondBr(condition, yes, no);
        var (a, fromYes) = Arm(yes, then, join);
        var (b, fromNo) = Arm(no, otherwise, join);
        B.PositionAtEnd(join);
        var results = new LlvmValue[a.Length];
        for (var i = 0; i < a.Length; i++)
        {
            var phi = B.Phi(a[i].Type);
            phi.AddIncoming(a[i], fromYes);
            phi.AddIncoming(b[i], fromNo);
            results[i] = phi;
        }

        return results;
    }

    /// <summary>Where the matrix with these indices begins: their strides are consecutive parameters.</summary>
    public LlvmValue Start(int buffer, ReadOnlySpan<LlvmValue> indices, int firstStride, LlvmType element)
    {
        var offset = I64(0);
        for (var axis = 0; axis < indices.Length; axis++)
        {
            offset = Add(offset, Mul(indices[axis], Parameter(firstStride + axis)));
        }

        return B.Gep(element, Buffer(buffer), offset);
    }

    /// <summary>The indices along axes of the given extents of number <paramref name="linear"/> in row-major order.</summary>
    public LlvmValue[] Unravel(LlvmValue linear, IReadOnlyList<LlvmValue> extents)
    {
        var indices = new LlvmValue[extents.Count];
        for (var axis = extents.Count - 1; axis > 0; axis--)
        {
            indices[axis] = B.URem(linear, extents[axis]);
            linear = B.UDiv(linear, extents[axis]);
        }

        if (extents.Count > 0)
        {
            indices[0] = linear;
        }

        return indices;
    }

    public LlvmValue Add(LlvmValue a, LlvmValue b) => B.Add(a, b, LlvmWrap.NoSigned);

    public LlvmValue Mul(LlvmValue a, LlvmValue b) => B.Mul(a, b, LlvmWrap.NoSigned);

    public LlvmValue Min(LlvmValue a, LlvmValue b) => B.Select(B.ICmp(LlvmIntPredicate.Slt, a, b), a, b);

    public LlvmValue CeilDiv(LlvmValue a, long b) => B.UDiv(Add(a, I64(b - 1)), I64(b));

    public LlvmValue CeilDiv(LlvmValue a, LlvmValue b) => B.UDiv(Add(a, B.Sub(b, I64(1))), b);

    /// <summary>The address rounded up to a multiple of 64 bytes.</summary>
    public LlvmValue AlignUp(LlvmValue pointer)
    {
        var address = B.PtrToInt(pointer, Context.I64);
        return B.Gep(Context.I8, pointer, B.And(B.Sub(Context.I64.Zero, address), I64(63)));
    }

    /// <summary>Lanes 0, 1, … as i64, from a first index.</summary>
    public LlvmValue LaneIndices(LlvmValue first) => Add(B.Splat(first, Lanes), B.Iota(Context.I64, Lanes));

    /// <summary>The lanes below <paramref name="count"/>, which may be any number.</summary>
    public LlvmValue LanesBelow(LlvmValue count)
    {
        var small = B.Select(B.ICmp(LlvmIntPredicate.Sgt, count, I64(Lanes)), I64(Lanes), count);
        return B.ICmp(LlvmIntPredicate.Slt, B.Iota(Context.I32, Lanes), B.Splat(B.Trunc(small, Context.I32), Lanes));
    }

    /// <summary>Whether any lane of an i1 vector (or the i1 itself) is set.</summary>
    public LlvmValue Any(LlvmValue mask)
    {
        if (!mask.Type.IsVector)
        {
            return mask;
        }

        var bits = B.BitCast(mask, Context.Int(mask.Type.Lanes));
        return B.ICmp(LlvmIntPredicate.Ne, bits, bits.Type.Zero);
    }

    /// <summary>
    /// An index as i64, counted from the end where negative, and 0 where it is out of range; that sets the status word,
    /// if the lane exists.
    /// </summary>
    public LlvmValue CheckedIndex(LlvmValue index, bool unsigned, LlvmValue extent, LlvmValue? mask)
    {
        var i64 = Context.I64.Like(index.Type);
        var wide = unsigned ? B.ZExt(index, i64) : B.IntCast(index, i64, signed: true);
        var limit = i64.IsVector ? B.Splat(extent, i64.Lanes) : extent;
        wide = B.Select(B.ICmp(LlvmIntPredicate.Slt, wide, i64.Zero), B.Add(wide, limit), wide);
        var good = B.ICmp(LlvmIntPredicate.Ult, wide, limit);
        var bad = B.Not(good);
        If(Any(mask is { } m ? B.And(bad, m) : bad), () => B.Store(I64(1), Status));
        return B.Select(good, wide, i64.Zero);
    }

    public LlvmValue Gather(LlvmType element, LlvmValue pointers, LlvmValue? mask)
    {
        var type = element.Vector(Lanes);
        return B.CallIntrinsic(
            "llvm.masked.gather", [type, pointers.Type], pointers, Context.I32.Int(Numbers.Bytes(element)), mask ?? Context.I1.Vector(Lanes).AllOnes, type.Zero);
    }

    public void Scatter(LlvmValue value, LlvmValue pointers, LlvmValue? mask) => B.CallIntrinsic(
        "llvm.masked.scatter", [value.Type, pointers.Type], value, pointers, Context.I32.Int(Numbers.Bytes(value.Type.Scalar)), mask ?? Context.I1.Vector(Lanes).AllOnes);

    public LlvmValue Load(LlvmType element, LlvmValue pointer, LlvmValue? mask)
    {
        var type = element.Vector(Lanes);
        return mask is not { } m ? B.Load(type, pointer, Numbers.Bytes(element))
            : HasMasks(element) ? B.MaskedLoad(type, pointer, Numbers.Bytes(element), m, type.Zero)
            : LaneByLane.Load(this, element, pointer, m, _lanes);
    }

    public void Store(LlvmValue value, LlvmValue pointer, LlvmValue? mask)
    {
        var alignment = Numbers.Bytes(value.Type.Scalar);
        if (mask is not { } m)
        {
            B.Store(value, pointer, alignment);
        }
        else if (HasMasks(value.Type.Scalar))
        {
            B.MaskedStore(value, pointer, alignment, m);
        }
        else
        {
            LaneByLane.Store(this, value, pointer, m, _lanes);
        }
    }

    /// <summary>Stores 16 elements of a packed stripe.</summary>
    /// <param name="isStreamed">Past the caches; the pointer is then a multiple of <see cref="Line"/>.</param>
    public void StoreStripe(LlvmValue value, LlvmValue pointer, bool isStreamed)
    {
        if (isStreamed)
        {
            B.Store(value, pointer, Line).SetNonTemporal();
        }
        else
        {
            Store(value, pointer, null);
        }
    }

    /// <summary>Asks for a cache line, which need not exist.</summary>
    /// <param name="level"><see cref="FirstLevel"/> or <see cref="SecondLevel"/>.</param>
    public void Prefetch(LlvmValue pointer, bool isWritten, int level)
    {
        const int Data = 1;
        B.CallIntrinsic("llvm.prefetch", [pointer.Type], pointer, Context.I32.Int(isWritten ? 1 : 0), Context.I32.Int(level), Context.I32.Int(Data));
    }

    /// <summary>A constant table in the object's read-only data.</summary>
    public LlvmValue Table(LlvmType element, IReadOnlyList<LlvmValue> values)
    {
        var global = Module.AddGlobal($"table{_globals++}", element.Array((ulong)values.Count));
        global.SetInitializer(element.ConstantArray([.. values]));
        global.SetConstant();
        global.Linkage = LlvmLinkage.Private;
        global.Alignment = 64;
        return global;
    }

    /// <summary>The one constant table of <paramref name="owner"/>.</summary>
    public LlvmValue Table(object owner, LlvmType element, IEnumerable<LlvmValue> values)
    {
        if (!_tables.TryGetValue(owner, out var table))
        {
            table = Table(element, [.. values]);
            _tables[owner] = table;
        }

        return table;
    }

    private (LlvmValue[] Values, LlvmBlock From) Arm(LlvmBlock block, Func<LlvmValue[]> body, LlvmBlock join)
    {
        B.PositionAtEnd(block);
        var values = body();
        var from = B.Block;
        B.Br(join);
        return (values, from);
    }
}
