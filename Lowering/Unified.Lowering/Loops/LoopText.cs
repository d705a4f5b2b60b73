using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>Turns a kernel into its canonical text: equal texts mean equal kernels, so the text is the key of the code cache.</summary>
public static class LoopText
{
    public static string Print(LoopKernel kernel)
    {
        var text = new StringBuilder();
        text.Append(kernel switch
        {
            RowKernel r => $"row axes={r.Axes}",
            ColumnKernel c => $"column axes={c.Axes}",
            ScatterKernel s => $"scatter {s.Type.Text()} by {s.IndexType.Text()}",
            PackKernel p => $"pack {p.Type.Text()} batch={p.BatchAxes} {p.Order}",
            ContractionKernel c => $"contraction {c.Type.Text()} batch={c.BatchAxes} {c.OrderA}",
            _ => throw new InvalidOperationException($"{kernel.GetType().Name} has no text form"),
        });
        text.Append(CultureInfo.InvariantCulture, $" parameters={kernel.ParameterCount}");
        text.Append(" buffers(").AppendJoin(", ", kernel.Buffers.Select(b => (b.IsWritten ? "out " : "") + b.Type.Text())).Append(")\n");
        switch (kernel)
        {
            case RowKernel r:
                Nodes(text, r.Nodes);
                foreach (var (i, stage) in r.Stages.Index())
                {
                    text.Append(CultureInfo.InvariantCulture, $"stage {i}\n");
                    Reductions(text, stage.Reductions);
                    Stores(text, stage.Stores);
                }

                break;
            case ColumnKernel c:
                Nodes(text, c.Nodes);
                Reductions(text, c.Reductions);
                Stores(text, c.Stores);
                break;
            case ContractionKernel c:
                Nodes(text, c.Epilogue);
                Stores(text, c.Stores);
                break;
        }

        return text.ToString();
    }

    private static void Nodes(StringBuilder text, ImmutableArray<ScalarNode> nodes)
    {
        foreach (var (i, node) in nodes.Index())
        {
            text.Append(CultureInfo.InvariantCulture, $"  %{i}: {node.Type.Text()} = {Node(node)}\n");
        }
    }

    private static string Node(ScalarNode node) => node switch
    {
        ConstantNode c => "constant " + c.Value.ToString("R", CultureInfo.InvariantCulture) + (double.IsNegative(c.Value) && c.Value == 0 ? " negative" : ""),
        ParameterNode p => $"parameter p{p.Parameter}",
        IndexNode x => $"index {x.Axis}",
        LoadNode l => $"load b{l.Buffer}{Strides(l.Strides)}",
        GatherNode g => $"gather b{g.Buffer}{Strides(g.Strides)} at %{g.Index} by {g.IndexStride} of p{g.Extent}",
        ComputeNode c => $"{OpTable.Get(c.Op).Name}({string.Join(", ", c.Operands.Select(o => $"%{o}"))})",
        UniformNode u => $"uniform(%{u.Seed}, %{u.Offset}, %{u.Counter})",
        ReducedNode r => $"reduced {r.Stage}.{r.Reduction}",
        AccumulatorNode => "accumulator",
        _ => throw new InvalidOperationException($"{node.GetType().Name} has no text form"),
    };

    private static void Reductions(StringBuilder text, ImmutableArray<Reduction> reductions)
    {
        foreach (var reduction in reductions)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {OpTable.Get(reduction.Op).Name} %{reduction.Node}\n");
        }
    }

    private static void Stores(StringBuilder text, ImmutableArray<Store> stores)
    {
        foreach (var store in stores)
        {
            text.Append(CultureInfo.InvariantCulture, $"  store b{store.Buffer}{Strides(store.Strides)} = %{store.Node}\n");
        }
    }

    private static string Strides(ImmutableArray<Stride> strides) => $"[{string.Join(",", strides)}]";
}
