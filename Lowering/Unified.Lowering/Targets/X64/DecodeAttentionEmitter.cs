using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns attention of few queries into a loop over batches; in each, a loop over blocks of keys: a product of every query with every key, their
/// exponentials, and the values' rows, each times its weight, added up.
/// </summary>
internal sealed class DecodeAttentionEmitter
{
    private const int Lanes = KernelBuilder.Lanes;

    // Vectors that are summed side by side.
    private const int Vectors = 4;
    private const int Span = Vectors * Lanes;

    private static readonly Fold s_sum = new(OpCode.Sum, DType.F32);

    private readonly KernelBuilder _k;
    private readonly DecodeAttentionKernel _kernel;
    private readonly LlvmValue[] _extents;
    private readonly LlvmValue _queries;
    private readonly LlvmValue _scores;
    private readonly LlvmValue _sums;
    private readonly LlvmValue _sumsOfRow;
    private readonly SoftmaxBlocks _softmax;

    private DecodeAttentionEmitter(KernelBuilder k, DecodeAttentionKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        _extents = [.. Enumerable.Range(kernel.BatchAxes, kernel.SharedAxes + 1).Select(k.Parameter)];
        _queries = _extents.Aggregate(k.Mul);
        _scores = k.AlignUp(k.Scratch);
        _sums = At(_scores, k.I64(_kernel.Plan.KeyBlock));
        _sumsOfRow = k.Mul(k.CeilDiv(Width, Span), k.I64(Span));
        _softmax = new SoftmaxBlocks(k, kernel.Scale, Depth, At(_sums, k.Mul(_queries, _sumsOfRow)), _queries);
    }

    private int Batch => _kernel.BatchAxes;

    private int Shared => _kernel.SharedAxes;

    private LlvmType F32 => _k.Context.F32;

    private LlvmValue Keys => _k.Parameter(Batch + Shared + 1);

    private LlvmValue Depth => _k.Parameter(Batch + Shared + 2);

    private LlvmValue Width => _k.Parameter(Batch + Shared + 3);

    public static void Emit(KernelBuilder k, DecodeAttentionKernel kernel) => new DecodeAttentionEmitter(k, kernel).Emit();

    private LlvmValue At(LlvmValue address, LlvmValue elements) => _k.B.Gep(F32, address, elements);

    // Of queries, keys, values and the result.
    private LlvmValue Place(LlvmValue address, LlvmValue elements) => _k.B.Gep(_k.ElementOf(0), address, elements);

    private LlvmValue Read(LlvmValue address, LlvmValue? mask) => Numbers.FromMemory(_k, _k.Load(_k.ElementOf(0), address, mask), _kernel.Type);

    private void Emit()
    {
        var b = _k.B;
        var strideQ = Batch + Shared + 4;
        var (strideK, rowsOfQ) = (strideQ + Batch + Shared + 1, strideQ + Batch);
        var strideV = strideK + Batch + 1;
        var strideO = strideV + Batch + 1;
        var (rowsOfO, strideOfLengths) = (strideO + Batch, strideO + Batch + Shared + 1);
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var indices = _k.Unravel(unit, [.. Enumerable.Range(0, Batch).Select(_k.Parameter)]);
            LlvmValue Start(int buffer, int firstStride) => _k.Start(buffer, indices, firstStride, _k.ElementOf(buffer));
            LlvmValue query = Start(0, strideQ), keys = Start(1, strideK), values = Start(2, strideV), output = Start(3, strideO);
            var counted = _kernel.Length is null ? Keys : KeyCount.Emit(_k, 4, Start(4, strideOfLengths), _kernel.IsCausal ? _extents[^1] : _k.I64(1), Keys);
            _softmax.Begin();
            _k.Loop(_k.I64(0), _k.Mul(_queries, _sumsOfRow), Lanes, at => _k.Store(F32.Vector(Lanes).Zero, At(_sums, at), null));
            _k.Loop(_k.I64(0), counted, _kernel.Plan.KeyBlock, block =>
            {
                var count = _k.Min(_k.I64(_kernel.Plan.KeyBlock), b.Sub(counted, block));
                _k.Loop(_k.I64(0), _queries, 1, row =>
                {
                    var place = _k.Unravel(row, _extents);
                    EmitScores(Row(query, place, rowsOfQ), Place(keys, _k.Mul(block, _k.Parameter(strideK + Batch))), _k.Parameter(strideK + Batch), count);

                    // Query t sees keys 0 … S − T + t.
                    LlvmValue? limit = _kernel.IsCausal ? _k.Add(b.Sub(counted, _extents[^1]), _k.Add(place[^1], _k.I64(1))) : null;
                    _softmax.Emit(row, _k.CeilDiv(count, Lanes), vector => At(_scores, _k.Mul(vector, _k.I64(Lanes))), block, limit, counted);
                    EmitSums(row, Place(values, _k.Mul(block, _k.Parameter(strideV + Batch))), _k.Parameter(strideV + Batch), count);
                });
            });
            _k.Loop(_k.I64(0), _queries, 1, row => EmitRow(row, Row(output, _k.Unravel(row, _extents), rowsOfO)));
        });
    }

    private LlvmValue Row(LlvmValue start, LlvmValue[] place, int firstStride)
    {
        for (var axis = 0; axis < place.Length; axis++)
        {
            start = Place(start, _k.Mul(place[axis], _k.Parameter(firstStride + axis)));
        }

        return start;
    }

    private void EmitScores(LlvmValue query, LlvmValue keys, LlvmValue stride, LlvmValue count)
    {
        var whole = _k.Mul(_k.B.UDiv(Depth, _k.I64(Span)), _k.I64(Span));
        _k.Loop(_k.I64(0), count, 1, key =>
        {
            var line = Place(keys, _k.Mul(key, stride));
            LlvmValue Step(LlvmValue sum, LlvmValue at, LlvmValue? mask) =>
                _k.MultiplyAdd(Read(Place(query, at), mask), Read(Place(line, at), mask), sum);
            var sums = _k.Loop(_k.I64(0), whole, Span, [.. Enumerable.Repeat(F32.Vector(Lanes).Zero, Vectors)], (at, state) =>
                [.. state.Select((sum, v) => Step(sum, _k.Add(at, _k.I64(v * Lanes)), null))]);
            var rest = _k.Loop(whole, Depth, Lanes, [sums[0]], (at, state) => [Step(state[0], at, _k.LanesBelow(_k.B.Sub(Depth, at)))]);
            _ = _k.B.Store(s_sum.Across(_k, _k.B.FAdd(_k.B.FAdd(rest[0], sums[1]), _k.B.FAdd(sums[2], sums[3]))), At(_scores, key));
        });
    }

    private void EmitSums(LlvmValue row, LlvmValue values, LlvmValue stride, LlvmValue count)
    {
        var factor = _k.B.Splat(_softmax.Factor(row), Lanes);
        _k.Loop(_k.I64(0), Width, Span, first =>
        {
            var sums = At(_sums, _k.Add(_k.Mul(row, _sumsOfRow), first));
            var left = _k.B.Sub(Width, first);
            void Add(LlvmValue?[] masks)
            {
                LlvmValue Sum(int v) => At(sums, _k.I64(v * Lanes));
                var total = _k.Loop(_k.I64(0), count, 1, [.. Enumerable.Range(0, Vectors).Select(v => _k.B.FMul(_k.Load(F32, Sum(v), null), factor))], (key, state) =>
                {
                    var weight = _k.B.Splat(_k.B.Load(F32, At(_scores, key)), Lanes);
                    var line = Place(values, _k.Add(_k.Mul(key, stride), first));
                    return [.. state.Select((sum, v) => _k.MultiplyAdd(weight, Read(Place(line, _k.I64(v * Lanes)), masks[v]), sum))];
                });
                for (var v = 0; v < Vectors; v++)
                {
                    _k.Store(total[v], Sum(v), null);
                }
            }

            _k.If(
                _k.B.ICmp(LlvmIntPredicate.Sge, left, _k.I64(Span)),
                () => Add(new LlvmValue?[Vectors]),
                () => Add([.. Enumerable.Range(0, Vectors).Select(v => (LlvmValue?)_k.LanesBelow(_k.B.Sub(left, _k.I64(v * Lanes))))]));
        });
    }

    private void EmitRow(LlvmValue row, LlvmValue output)
    {
        var inverse = _k.B.Splat(_softmax.Inverse(row, Keys), Lanes);
        _k.Loop(_k.I64(0), Width, Lanes, at => _k.Store(
            Numbers.ToMemory(_k, _k.B.FMul(_k.Load(F32, At(_sums, _k.Add(_k.Mul(row, _sumsOfRow), at)), null), inverse), _kernel.Type),
            Place(output, at), _k.LanesBelow(_k.B.Sub(Width, at))));
    }
}
