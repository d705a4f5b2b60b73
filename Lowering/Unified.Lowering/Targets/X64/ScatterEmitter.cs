using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns a scatter kernel into loops over blocks of columns, which add the updates, row by row in order.</summary>
internal sealed class ScatterEmitter
{
    private readonly KernelBuilder _k;
    private readonly ScatterKernel _kernel;
    private readonly Fold _sum;

    private ScatterEmitter(KernelBuilder k, ScatterKernel kernel) => (_k, _kernel, _sum) = (k, kernel, new Fold(OpCode.Sum, kernel.Type));

    private int Vectors => _kernel.Block / KernelBuilder.Lanes;

    public static void Emit(KernelBuilder k, ScatterKernel kernel) => new ScatterEmitter(k, kernel).Emit();

    private void Emit()
    {
        var columns = _k.Parameter(1);
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var first = _k.Mul(unit, _k.I64(_kernel.Block));
            var left = _k.B.Sub(columns, first);
            _k.If(
                _k.B.ICmp(LlvmIntPredicate.Sge, left, _k.I64(_kernel.Block)),
                () => EmitBlock(first, new LlvmValue?[Vectors]),
                () => EmitBlock(first, [.. Enumerable.Range(0, Vectors).Select(v =>
                    (LlvmValue?)_k.LanesBelow(_k.B.Sub(left, _k.I64(v * KernelBuilder.Lanes))))]));
        });
    }

    private void EmitBlock(LlvmValue first, LlvmValue?[] masks)
    {
        var b = _k.B;
        var element = _k.ElementOf(2);
        LlvmValue rows = _k.Parameter(0), extent = _k.Parameter(2);
        LlvmValue Address(int buffer, LlvmValue row, int stride, int vector) =>
            b.Gep(element, _k.Buffer(buffer), _k.Add(_k.Mul(row, _k.Parameter(stride)), _k.Add(first, _k.I64(vector * KernelBuilder.Lanes))));

        // With no rows in the table there is nothing to add to; an index is out of range then, whatever it is.
        var some = b.ICmp(LlvmIntPredicate.Sgt, extent, _k.I64(0));
        _k.Loop(_k.I64(0), rows, 1, row =>
        {
            var index = b.Load(_k.ElementOf(0), b.Gep(_k.ElementOf(0), _k.Buffer(0), _k.Mul(row, _k.Parameter(3))));
            var target = _k.CheckedIndex(index, Numbers.IsUnsigned(_kernel.IndexType), extent, null);
            _k.If(some, () =>
            {
                for (var v = 0; v < Vectors; v++)
                {
                    var at = Address(2, target, 5, v);
                    var sum = _sum.Step(_k, Read(at, masks[v]), Read(Address(1, row, 4, v), masks[v]));
                    _k.Store(Numbers.ToMemory(_k, sum, _kernel.Type), at, masks[v]);
                }
            });
        });
    }

    private LlvmValue Read(LlvmValue address, LlvmValue? mask) => Numbers.FromMemory(_k, _k.Load(_k.ElementOf(2), address, mask), _kernel.Type);
}
