using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>Checks what every kernel must keep: numbers in range, operands before their uses, one stride per axis.</summary>
public static class LoopVerifier
{
    private const int Lanes = 16, MostUnroll = 64;

    /// <exception cref="InvalidOperationException">The kernel breaks a rule; the message names it and shows the kernel.</exception>
    public static void Check(LoopKernel kernel)
    {
        var problems = Problems(kernel);
        if (!problems.IsEmpty)
        {
            throw new InvalidOperationException($"a kernel is not legal: {string.Join("; ", problems)}\n{LoopText.Print(kernel)}");
        }
    }

    /// <summary>All rules that the kernel breaks.</summary>
    public static ImmutableArray<string> Problems(LoopKernel kernel) => [.. Structure(kernel), .. HasLegalPlan(kernel) ? [] : (string[])[$"a kernel cannot be written by the {LoopText.PlanOf(kernel).TrimEnd()}"]];

    // What the emitters rely on: whole tiles, whole vectors, powers of two where sums are joined in pairs.
    private static bool HasLegalPlan(LoopKernel kernel) => kernel switch
    {
        RowKernel { Plan: var p } => p is { StreamedBytes: >= 0, LongestRemembered: >= 0, RememberedCost: >= 0 } && IsPowerOfTwo(p.Unroll),
        ColumnKernel { Plan: var p } => IsMultiple(p.Block, Lanes) && p.Run > 0,
        ScatterKernel { Block: var block } => IsMultiple(block, Lanes),
        PackKernel { Plan: var p } => p is { StreamedBytes: >= 0, RowsAhead: >= 0 },
        ContractionKernel { Plan: var p } => IsPowerOfTwo(p.Unroll) && p is { LowPanels: 1 or 2 or 4, PanelsAhead: >= 0, FewRowsAhead: >= 0, OneRowAhead: >= 0, RowsAhead: >= 0 },
        WinogradKernel { Plan: var p } => p.WeightsAhead >= 0,
        AttentionKernel { Plan: var p } => IsMultiple(p.KeyBlock, Tile.Columns) && IsMultiple(p.QueryRows, Tile.Rows) && IsPowerOfTwo(p.Unroll),
        DecodeAttentionKernel { Plan: var p } => IsMultiple(p.KeyBlock, 16),
        AttentionGradientKernel { Plan: var p } => IsMultiple(p.Rows, Tile.Rows) && IsPowerOfTwo(p.Unroll),
        _ => true,
    };

    private static bool IsMultiple(int number, int step) => number > 0 && number % step == 0;

    private static bool IsPowerOfTwo(int number) => number is > 0 and <= MostUnroll && (number & (number - 1)) == 0;

    private static ImmutableArray<string> Structure(LoopKernel kernel) => kernel switch
    {
        RowKernel rows => [.. new Site(rows, rows.Axes, rows.Nodes).Check(rows.Stages)],
        ColumnKernel columns => [.. new Site(columns, columns.Axes, columns.Nodes).Check(
            [new Stage(columns.Reductions, []), new Stage([], columns.Stores)])],
        ContractionKernel product => [.. Shape(product), .. new Site(product, product.Axes, product.Epilogue).Check([new Stage([], product.Stores)])],
        WinogradPackKernel { Side: var side } when !WinogradTransform.Sides.Contains(side) => [$"weights transformed for tiles of {side}"],
        WinogradKernel winograd => [.. Shape(winograd), .. new Site(winograd, WinogradKernel.Axes, winograd.Epilogue).Check([new Stage([], winograd.Stores)])],
        PackKernel { Group: not 1 } pack when pack.DepthAxes != 1 || (pack.Type, pack.Group) is not ((DType.BF16, 2) or (DType.I8 or DType.U8, 4)) => [$"{pack.Type} packed by {pack.Group} over {pack.DepthAxes} axes"],
        PackKernel { From: { } from } pack when (from, pack.Type, pack.Group) is not ((DType.F32, DType.BF16, 2) or (DType.F16 or DType.BF16, DType.F32, 1)) => [$"{from} packed as {pack.Type} by {pack.Group}"],
        AttentionKernel attention when attention.Type is not (DType.F32 or DType.F16 or DType.BF16) => [$"attention of {attention.Type}"],
        DecodeAttentionKernel attention when attention.Type is not (DType.F32 or DType.F16 or DType.BF16) => [$"attention of {attention.Type}"],
        PackKernel { DepthAxes: < 1 } pack => [$"a packed operand with {pack.DepthAxes} summed axes"],
        _ => [],
    };

    private static IEnumerable<string> Shape(ContractionKernel kernel)
    {
        var axesOfA = kernel.Windows is { } w ? 2 * (w.Rows + w.Depth) : 2;
        var least = (3 * kernel.BatchAxes) + kernel.RowAxes + 4 + axesOfA + (kernel.Scaled is null ? 0 : 1);
        if (kernel.RowAxes < 1 || kernel.Windows is { Rows: < 1 } or { Depth: < 1 } || kernel.ParameterCount < least)
        {
            yield return $"a product over {kernel.BatchAxes} + {kernel.RowAxes} axes, with {kernel.Windows}, has {kernel.ParameterCount} parameters of {least} or more";
        }

        var right = kernel.Buffers.Length > 1 ? kernel.RightType : kernel.Type;
        if (right != kernel.Type && !(kernel.Type == DType.F32 && right is DType.I8 or DType.U8 or DType.F16 or DType.BF16) && (kernel.Type, right) != (DType.U8, DType.I8))
        {
            yield return $"a product of {kernel.Type} and {right}";
        }

        if (kernel.Scaled is { } scaled
            && (kernel.Type, right, kernel.Buffers.Length > 2 ? kernel.Buffers[2].Type : kernel.Type) != (DType.F32, scaled.PerByte == 2 ? DType.U8 : DType.I8, DType.F32))
        {
            yield return $"a product of {kernel.Type} and scaled {right}, {scaled.PerByte} a byte";
        }

        if (kernel.HasWholeGroups && kernel.Group == 1)
        {
            yield return "whole groups of 1";
        }

        var group = kernel.Scaled?.Bytes ?? (kernel.Windows is null ? Tile.GroupOf(kernel.Type, right) : 1);
        if (kernel.Group != 1 && kernel.Group != group)
        {
            yield return $"a product of {kernel.Type} and {right} by groups of {kernel.Group}";
        }
    }

    private static IEnumerable<string> Shape(WinogradKernel kernel)
    {
        if (!WinogradTransform.Sides.Contains(kernel.Side) || kernel.ParameterCount < WinogradKernel.LeadingParameters)
        {
            yield return $"a convolution by tiles of {kernel.Side}, with {kernel.ParameterCount} parameters of {WinogradKernel.LeadingParameters} or more";
        }

        if (kernel.Buffers.Length < 2 || kernel.Buffers.Take(2).Any(b => b.Type != DType.F32))
        {
            yield return "a convolution by tiles of something else than f32";
        }
    }

    private sealed record Site(LoopKernel Kernel, int Axes, ImmutableArray<ScalarNode> Nodes)
    {
        public IEnumerable<string> Check(ImmutableArray<Stage> stages)
        {
            if (Axes < 1 || Axes > Kernel.ParameterCount)
            {
                yield return $"{Axes} axes for {Kernel.ParameterCount} parameters";
            }

            foreach (var problem in Enumerable.Range(0, Nodes.Length).SelectMany(CheckNode))
            {
                yield return problem;
            }

            for (var s = 0; s < stages.Length; s++)
            {
                var (reductions, stores) = (stages[s].Reductions, stages[s].Stores);
                if (reductions.Any(r => r.Op is not (OpCode.Sum or OpCode.ReduceMax or OpCode.ReduceMin)))
                {
                    yield return $"stage {s} folds with something else than Sum, ReduceMax or ReduceMin";
                }

                foreach (var root in reductions.Select(r => r.Node).Concat(stores.Select(x => x.Node)))
                {
                    if (root < 0 || root >= Nodes.Length)
                    {
                        yield return $"stage {s} uses node {root} of {Nodes.Length}";
                    }
                    else if (Reach(root).Select(n => Nodes[n]).OfType<ReducedNode>()
                        .Any(r => r.Stage >= s || r.Stage < 0 || r.Reduction >= stages[r.Stage].Reductions.Length))
                    {
                        yield return $"stage {s} uses, by node {root}, a reduction that is not finished";
                    }
                }

                foreach (var store in stores)
                {
                    if (store.Buffer < 0 || store.Buffer >= Kernel.Buffers.Length || !Kernel.Buffers[store.Buffer].IsWritten)
                    {
                        yield return $"a store to buffer {store.Buffer}, which is not written";
                    }
                    else if (store.Node >= 0 && store.Node < Nodes.Length && Kernel.Buffers[store.Buffer].Type != Nodes[store.Node].Type)
                    {
                        yield return $"a store of {Nodes[store.Node].Type} to buffer {store.Buffer} of {Kernel.Buffers[store.Buffer].Type}";
                    }

                    foreach (var problem in CheckStrides("a store", store.Strides))
                    {
                        yield return problem;
                    }
                }
            }
        }

        private IEnumerable<string> CheckNode(int number)
        {
            var node = Nodes[number];
            if (ScalarNodes.Operands(node).Any(o => o < 0 || o >= number))
            {
                yield return $"node {number} uses a node that does not come before it";
            }

            var (buffer, strides, parameter, axis) = node switch
            {
                LoadNode l => (l.Buffer, l.Strides, -1, -1),
                GatherNode g => (g.Buffer, g.Strides.Add(g.IndexStride), g.Extent, -1),
                ParameterNode p => (-1, default, p.Parameter, -1),
                IndexNode i => (-1, default, -1, i.Axis),
                _ => (-1, default(ImmutableArray<Stride>), -1, -1),
            };
            if (buffer >= Kernel.Buffers.Length || (buffer >= 0 && (Kernel.Buffers[buffer].Type != node.Type || Kernel.Buffers[buffer].IsWritten)))
            {
                yield return $"node {number} reads {node.Type} from buffer {buffer}, which is written or of another type";
            }

            if (parameter >= Kernel.ParameterCount || axis >= Axes)
            {
                yield return $"node {number} names parameter {parameter} or axis {axis} out of range";
            }

            if (!strides.IsDefault)
            {
                foreach (var problem in CheckStrides($"node {number}", node is GatherNode ? strides[..^1] : strides))
                {
                    yield return problem;
                }
            }
        }

        private IEnumerable<string> CheckStrides(string who, ImmutableArray<Stride> strides)
        {
            if (strides.Length != Axes || strides.Any(s => s.Kind == StrideKind.Parameter && (s.Parameter < 0 || s.Parameter >= Kernel.ParameterCount)))
            {
                yield return $"{who} has strides [{string.Join(' ', strides)}] for {Axes} axes and {Kernel.ParameterCount} parameters";
            }
        }

        private HashSet<int> Reach(int root)
        {
            var reached = new HashSet<int>();
            var open = new Stack<int>([root]);
            while (open.TryPop(out var node))
            {
                if (reached.Add(node))
                {
                    foreach (var operand in ScalarNodes.Operands(Nodes[node]).Where(o => o >= 0 && o < node))
                    {
                        open.Push(operand);
                    }
                }
            }

            return reached;
        }
    }
}
