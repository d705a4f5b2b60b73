using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Schedule;
using Unified.Lowering.Tests.X64;
using Block = Unified.Lowering.Tests.X64.Block;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>Runs the programs of a scheduled module with compiled kernels, on memory of its own for each buffer.</summary>
internal sealed unsafe class NativePrograms(ScheduledModule module, IReadOnlyDictionary<string, long> dims) : IDisposable
{
    private readonly List<Block> _blocks = [];

    public Array[] Run(IReadOnlyList<Array> inputs)
    {
        var program = module.Programs[0];
        Block[] memories = [.. program.Inputs.Zip(inputs, (type, array) => New(type.DType, array.Data.Length).Fill(i => array.Data[i]))];
        Block[] outputs = [.. program.Outputs.Select((type, i) => program.Donations.FirstOrDefault(d => d.Output == i) is { } donation
            ? memories[donation.Input]
            : New(type.DType, Size(type.Shape.Size)))];
        Run(0, [.. memories.Select(m => (nint)m.Data)], [.. outputs.Select(m => (nint)m.Data)]);
        _blocks.ForEach(b => b.CheckGuard());
        return [.. program.Outputs.Zip(outputs, (type, block) => new Array(type.DType, [.. type.Shape.Select(Size)], block.ToArray()))];
    }

    public void Dispose() => _blocks.ForEach(b => b.Dispose());

    private void Run(int number, ImmutableArray<nint> inputs, ImmutableArray<nint> outputs)
    {
        var program = module.Programs[number];
        nint[] memory = [.. program.Buffers.Select(plan => plan.Kind switch
        {
            BufferKind.Input => inputs[plan.Index],
            BufferKind.Output => outputs[plan.Index],
            BufferKind.Temporary => (nint)New(DType.U8, Size(plan.Bytes)).Data,
            _ => 0,
        })];
        foreach (var (plan, i) in program.Buffers.Select((b, i) => (b, i)).Where(p => p.b.Over >= 0).OrderBy(p => p.b.FirstStep))
        {
            memory[i] = memory[plan.Over];
        }

        nint At(BufferRef place) => memory[place.Buffer] + (nint)Size(place.ByteOffset);
        foreach (var step in program.Steps)
        {
            if (step is CallStep call)
            {
                Assert.True(call.GetType() == typeof(CallStep), "branches and loops are run by the runtime's own tests");
                Run(call.Program, [.. call.Inputs.Select(At)], [.. call.Outputs.Select(At)]);
                continue;
            }

            var launch = (LaunchStep)step;
            var entry = (delegate* unmanaged<byte**, long*, long, long, byte*, long*, void>)KernelRunner.Compile(module.Kernels[launch.Kernel]);
            nint[] buffers = [.. launch.Buffers.Select(At)];
            var numbers = launch.NumbersFor(dims);
            long[] parameters = [.. numbers.Parameters];
            var scratch = New(DType.U8, numbers.ScratchBytes + 64);
            long status = 0;
            var (units, grain) = (numbers.Units, numbers.Grain);
            fixed (nint* b = buffers)
            fixed (long* p = parameters)
            {
                for (long begin = 0; begin < units; begin += grain)
                {
                    entry((byte**)b, p, begin, Math.Min(units, begin + grain), scratch.Data, &status);
                }
            }

            Assert.Equal(0, status);
        }
    }

    private long Size(Dim dim) => dim.Evaluate(dims);

    private Block New(DType type, long count)
    {
        _blocks.Add(new Block(type, count));
        return _blocks[^1];
    }
}
