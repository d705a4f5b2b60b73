using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Artifacts;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.Artifacts;

public sealed class KernelStoreTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"unified-store-{Guid.NewGuid():N}", "kernels");

    private static ImmutableArray<LoopKernel> Kernels { get; } = [new ScatterKernel(DType.F32, DType.I64), new PackKernel(DType.F32, 1, MatrixOrder.KInner)];

    public void Dispose()
    {
        if (Directory.Exists(Path.GetDirectoryName(_folder)))
        {
            Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);
        }
    }

    [Fact]
    public void A_kernel_is_compiled_once_and_then_comes_from_memory_and_from_disk()
    {
        var emitter = new CountingEmitter();
        var store = new KernelStore(_folder);
        var (code, cached) = store.GetOrEmit([.. Kernels, Kernels[0]], emitter, 2);
        Assert.Equal((2, 0), (emitter.Calls, cached));
        Assert.Equal(code[0], code[2]);
        Assert.NotEqual(code[0].Key, code[1].Key);
        Assert.Equal(2, store.GetOrEmit(Kernels, emitter, 2).FromCache);

        var (again, fromDisk) = new KernelStore(_folder).GetOrEmit(Kernels, emitter, 2);
        Assert.Equal((2, 2), (emitter.Calls, fromDisk));
        Assert.Equal(code[0].Object.AsSpan(), again[0].Object.AsSpan());
        Assert.Equal(code[0].Symbol, again[0].Symbol);
    }

    [Fact]
    public void Another_target_has_other_code()
    {
        var store = new KernelStore(_folder);
        var here = store.GetOrEmit(Kernels, new CountingEmitter(), 1).Code;
        var other = new CountingEmitter { Target = "another" };
        Assert.NotEqual(here[0].Key, store.GetOrEmit(Kernels, other, 1).Code[0].Key);
        Assert.Equal(2, other.Calls);
    }

    [Fact]
    public void A_damaged_file_is_compiled_and_written_anew()
    {
        var emitter = new CountingEmitter();
        var code = new KernelStore(_folder).GetOrEmit([Kernels[0]], emitter, 1).Code[0];
        var file = Directory.GetFiles(_folder).Single();
        var good = File.ReadAllBytes(file);
        var calls = emitter.Calls;
        for (var at = 0; at < good.Length; at++)
        {
            var bad = good.ToArray();
            bad[at] ^= 0x10;
            Check(bad);
        }

        for (var length = 0; length < good.Length; length++)
        {
            Check(good[..length]);
        }

        Check([.. good, 0]);

        void Check(byte[] bytes)
        {
            File.WriteAllBytes(file, bytes);
            var (result, cached) = new KernelStore(_folder).GetOrEmit([Kernels[0]], emitter, 1);
            Assert.Equal((++calls, 0), (emitter.Calls, cached));
            Assert.Equal(code.Object.AsSpan(), result[0].Object.AsSpan());
            Assert.Equal(good, File.ReadAllBytes(file));
        }
    }

    [Fact]
    public void Only_the_user_may_enter_the_folder_and_nothing_else_is_left_in_it()
    {
        _ = new KernelStore(_folder).GetOrEmit(Kernels, new CountingEmitter(), 2);
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
        }
    }

    [Fact]
    public void Code_is_not_read_from_a_folder_that_others_can_write_to()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Unix modes");
            return;
        }

        var emitter = new CountingEmitter();
        _ = new KernelStore(_folder).GetOrEmit(Kernels, emitter, 1);
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherWrite);
        Assert.Equal(0, new KernelStore(_folder).GetOrEmit(Kernels, emitter, 1).FromCache);
        Assert.Equal(4, emitter.Calls);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_done_without()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder)!);
        File.WriteAllText(_folder, "a file in its place");
        var emitter = new CountingEmitter();
        Assert.Equal(2, new KernelStore(_folder).GetOrEmit(Kernels, emitter, 1).Code.Length);
        Assert.Equal(2, emitter.Calls);
    }

    [Fact]
    public void What_the_emitter_throws_is_what_the_caller_gets()
    {
        var e = Assert.Throws<NotSupportedException>(() => new KernelStore(_folder).GetOrEmit(Kernels, new CountingEmitter { Fails = true }, 2));
        Assert.Equal("no code", e.Message);
    }

    /// <summary>Every part of a kernel is part of its key.</summary>
    [Fact]
    public void Kernels_that_differ_anywhere_have_different_keys()
    {
        static RowKernel Row(double constant = 1, int parameters = 2, OpCode op = OpCode.Add, int operand = 1, Stride? stride = null, OpCode fold = OpCode.Sum, DType type = DType.F32, int folded = 2) => new(
            [new(type, false), new(type, true)], parameters, 2,
            [
                new LoadNode(type, 0, [stride ?? Stride.Of(1), Stride.One]), new ConstantNode(type, constant), new ComputeNode(type, op, [0, operand]),
                new ReducedNode(type, 0, 0),
            ],
            [new Stage([new Reduction(fold, folded)], [new Store(1, [Stride.One, Stride.Zero], 3)])]);
        LoopKernel[] kernels =
        [
            Row(), Row(constant: 2), Row(constant: -0.0), Row(constant: 0.0), Row(constant: double.NaN), Row(parameters: 3), Row(op: OpCode.Sub), Row(operand: 0), Row(stride: Stride.One),
            Row(stride: Stride.Of(0)), Row(fold: OpCode.ReduceMax), Row(type: DType.F64), Row(folded: 0), .. Kernels, new ScatterKernel(DType.F32, DType.I32),
            new PackKernel(DType.F32, 1, MatrixOrder.KOuter), new PackKernel(DType.F32, 2, MatrixOrder.KInner),
        ];
        var code = new KernelStore(_folder).GetOrEmit([.. kernels], new CountingEmitter(), 2).Code;
        Assert.Equal(kernels.Length, code.Select(c => c.Key).Distinct().Count());
        Assert.Equal(code[0].Key, new KernelStore(_folder).GetOrEmit([Row()], new CountingEmitter(), 1).Code[0].Key);
    }

    private sealed class CountingEmitter : IKernelEmitter
    {
        private int _calls;

        public int Calls => _calls;

        public bool Fails { get; init; }

        public string Target { get; init; } = "test";

        public string EmitText(LoopKernel kernel, string symbol) => symbol;

        public byte[] Emit(LoopKernel kernel, string symbol)
        {
            Interlocked.Increment(ref _calls);
            return Fails ? throw new NotSupportedException("no code") : System.Text.Encoding.UTF8.GetBytes(symbol + kernel.GetType().Name);
        }
    }
}
