using System.Text.RegularExpressions;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.X64;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

/// <summary>Code for any x86-64 is made of what every x86-64 has: SSE2, and no function of a library.</summary>
public sealed partial class OldMachineTests
{
    private static readonly X64Emitter s_emitter = new(TargetCpu.X64);

    public static TheoryData<DType> Types { get; } = new(DTypes.All);

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_elementwise_op_and_cast_is_of_old_instructions(DType type)
    {
        var ops = OpTable.All.Where(o => o.Has(OpTraits.Elementwise) && Elementwise.HasRow(o.Code, type)).ToList();
        Assert.True(ops.Count > 8);
        Check([.. ops.Select(o => Pointwise(type, type, o.Code, o.Operands.Length)), .. DTypes.All.Select(to => Pointwise(type, to, OpCode.Cast, 1))]);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_product_and_every_other_kernel_is_of_old_instructions(DType type)
    {
        List<LoopKernel> kernels = [new ColumnKernel(
            [new(type, false), new(type, true)], 2, 2, [new LoadNode(type, 0, [Stride.Of(1), Stride.One]), new ReducedNode(type, 0, 0)],
            [new Reduction(OpCode.ReduceMax, 0)], [new Store(1, [Stride.Zero, Stride.One], 1)])];
        if (type is not (DType.Bool or DType.I64))
        {
            kernels.AddRange(Enum.GetValues<MatrixOrder>().Select(o => ContractionTests.Plain(type, 1, o)));
            kernels.AddRange(Enum.GetValues<MatrixOrder>().Select(o => new PackKernel(type, 1, o) { Group = Tile.GroupOf(type, type) }));
        }

        if (type != DType.Bool)
        {
            kernels.Add(new ScatterKernel(type, DType.I64));
        }

        if (type.IsFloat())
        {
            kernels.Add(new RowKernel(
                [new(type, true)], 4, 1,
                [new ParameterNode(DType.I64, 1), new ParameterNode(DType.I64, 2), new IndexNode(0), new UniformNode(type, 0, 1, 2)],
                [new Stage([], [new Store(0, [Stride.One], 3)])]));
        }

        if (type == DType.F32)
        {
            kernels.Add(new AttentionKernel(1, IsCausal: true, 0, MatrixOrder.KInner));
            kernels.Add(new AttentionGradientKernel(1, IsCausal: true, 0, MatrixOrder.KOuter, MatrixOrder.KInner, MatrixOrder.Strided, MatrixOrder.KInner));
        }

        Check(kernels);
    }

    /// <summary>Eight sums for four k, and no stack in between.</summary>
    [Theory]
    [InlineData(DType.F32, "mulps", "addps")]
    [InlineData(DType.F64, "mulpd", "addpd")]
    public void The_matrix_product_keeps_its_sums_in_registers(DType type, string multiply, string add)
    {
        var (products, sums, best) = (0, 0, 0);
        foreach (var line in Lines(s_emitter.EmitText(ContractionTests.Plain(type, 0, MatrixOrder.KOuter), "gemm")))
        {
            var ends = line.Contains("(%rsp)", StringComparison.Ordinal) || line.StartsWith('j');
            products = ends ? 0 : line.StartsWith(multiply, StringComparison.Ordinal) ? products + 1 : products;
            sums = ends ? 0 : line.StartsWith(add, StringComparison.Ordinal) ? sums + 1 : sums;
            best = Math.Max(best, Math.Min(products, sums));
        }

        Assert.True(best >= 32, $"only {best} products and sums in a row without the stack or a jump");
    }

    [Fact]
    public void What_a_library_would_have_to_do_is_refused()
    {
        // f32 remainder is a function of the C library for LLVM.
        using var context = LlvmContext.Create();
        using var machine = LlvmTargetMachine.CreateX64(TargetCpu.X64);
        var module = context.CreateModule("outside");
        module.SetTarget(machine);
        var function = module.AddFunction("rest", context.Function(context.F32, context.F32, context.F32));
        using var b = context.CreateBuilder();
        b.PositionAtEnd(function.AppendBlock("entry"));
        b.Ret(b.FRem(function.Parameter(0), function.Parameter(1)));
        Assert.Equal(["fmodf"], OutsideSymbols.Of(machine.EmitObject(module)));
        Assert.Empty(OutsideSymbols.Of(s_emitter.Emit(Pointwise(DType.F32, DType.F32, OpCode.Remainder, 2), "rest")));
    }

    private static void Check(IReadOnlyList<LoopKernel> kernels) => Parallel.ForEach(kernels, kernel =>
    {
        Assert.All(Lines(s_emitter.EmitText(kernel, "kernel")), line => Assert.False(Newer().IsMatch(line), $"{line} in\n{LoopText.Print(kernel)}"));
    });

    private static IEnumerable<string> Lines(string assembly) => assembly.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '.' && l[0] != '#');

    private static RowKernel Pointwise(DType from, DType to, OpCode op, int operands)
    {
        var select = op == OpCode.Select;
        DType[] types = [.. Enumerable.Range(0, operands).Select(i => select && i == 0 ? DType.Bool : from)];
        var result = op == OpCode.Cast ? to : IsComparison(op) ? DType.Bool : from;
        return new RowKernel(
            [.. types.Select(t => new KernelBuffer(t, false)), new KernelBuffer(result, true)], 1, 1,
            [.. types.Select((t, i) => (ScalarNode)new LoadNode(t, i, [Stride.One])), new ComputeNode(result, op, [.. Enumerable.Range(0, operands)])],
            [new Stage([], [new Store(operands, [Stride.One], operands)])]);
    }

    private static bool IsComparison(OpCode op) =>
        op is OpCode.Equal or OpCode.NotEqual or OpCode.Less or OpCode.LessEqual or OpCode.Greater or OpCode.GreaterEqual;

    /// <summary>Calls leave the object. Every instruction of AVX and later begins with v; then those of SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT, LZCNT, BMI and MOVBE.</summary>
    [GeneratedRegex(
        @"^(call|v|addsub|hadd|hsub|movs[hl]dup|movddup|lddqu|pabs|palignr|phadd|phsub|pmaddubsw|pmulhrsw|pshufb|psign|blend|dpp[sd]|extractps|insertps|movntdqa|mpsadbw"
        + @"|packusdw|pblend|pcmpeqq|pcmpgtq|pcmp[ei]str|pextr[bdq]|pinsr[bdq]|phminpos|pmaxs[bd]|pmaxu[wd]|pmins[bd]|pminu[wd]|pmov[sz]x|pmuldq|pmulld|ptest|round[ps][sd]"
        + @"|crc32|popcnt|[lt]zcnt|andn[lq]|bextr|bls|bzhi|mulx|pdep|pext[lq]|rorx|s[ahl][lr]x|movbe|.*[yz]mm)")]
    private static partial Regex Newer();
}
