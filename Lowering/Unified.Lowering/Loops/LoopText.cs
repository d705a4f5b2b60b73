using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Unified.Lowering.Loops;

/// <summary>Turns a kernel into its canonical text. Equal texts mean equal kernels: the text is the kernel's identity in the code cache.</summary>
public static class LoopText
{
    private static readonly Dictionary<Type, Action<StringBuilder, LoopKernel>> Kinds = new()
    {
        [typeof(RowKernel)] = (text, k) => Print(text, (RowKernel)k),
        [typeof(ColumnKernel)] = (text, k) => Print(text, (ColumnKernel)k),
        [typeof(ContractionKernel)] = (text, k) => Print(text, (ContractionKernel)k),
        [typeof(PackKernel)] = (text, k) => Print(text, (PackKernel)k),
        [typeof(WinogradPackKernel)] = (text, k) => Head(text, k, $"winograd pack side {((WinogradPackKernel)k).Side}"),
        [typeof(WinogradKernel)] = (text, k) => Print(text, (WinogradKernel)k),
        [typeof(AttentionKernel)] = (text, k) => Print(text, (AttentionKernel)k),
        [typeof(DecodeAttentionKernel)] = (text, k) => Print(text, (DecodeAttentionKernel)k),
        [typeof(AttentionGradientKernel)] = (text, k) => Print(text, (AttentionGradientKernel)k),
        [typeof(ScatterKernel)] = (text, k) => Head(text, k, $"scatter {((ScatterKernel)k).Type} index {((ScatterKernel)k).IndexType}"),
    };

    public static string Print(LoopKernel kernel)
    {
        var text = new StringBuilder();
        Kinds[kernel.GetType()](text, kernel);
        return text.ToString();
    }

    /// <summary>One node without its number: <c>f32 add %0 %1</c>.</summary>
    public static string Print(ScalarNode node) => $"{node.Type} " + node switch
    {
        ConstantNode c => $"constant {c.Value.ToString("R", CultureInfo.InvariantCulture)}",
        ParameterNode p => $"parameter p{p.Parameter}",
        IndexNode i => $"index a{i.Axis}",
        LoadNode l => $"load b{l.Buffer}{List(l.Strides)}",
        GatherNode g => $"gather b{g.Buffer}{List(g.Strides)} at %{g.Index}*{g.IndexStride} of p{g.Extent}",
        ComputeNode c => $"{c.Op} {string.Join(' ', c.Operands.Select(o => $"%{o}"))}",
        UniformNode u => $"uniform %{u.Seed} %{u.Offset} %{u.Counter}",
        ReducedNode r => $"reduced {r.Stage}.{r.Reduction}",
        AccumulatorNode => "accumulator",
        _ => throw new NotSupportedException($"no text form for {node.GetType().Name}"),
    };

    /// <summary>How a kernel is written, as it stands in its text; the empty text where there is nothing to choose.</summary>
    public static string PlanOf(LoopKernel kernel) => kernel switch
    {
        RowKernel { Plan: var p } => Numbers(("unroll", p.Unroll), ("ahead", p.NextRowAhead ? 1 : 0), ("streamed", p.StreamedBytes), ("remembered", p.LongestRemembered), ("cost", p.RememberedCost)),
        ColumnKernel { Plan: var p } => Numbers(("block", p.Block), ("run", p.Run)),
        ScatterKernel k => Numbers(("block", k.Block)),
        PackKernel { Plan: var p } => Numbers(("streamed", p.StreamedBytes), ("ahead", p.RowsAhead)),
        ContractionKernel { Plan: var p } k => Numbers(
            ("unroll", p.Unroll), ("low", p.LowPanels), ("ahead", p.PanelsAhead), ("few", p.FewRowsAhead), ("one", p.OneRowAhead), ("epilogue", p.EpilogueAhead ? 1 : 0), ("beside", p.BesideCost), ("rows", p.RowsAhead)),
        WinogradKernel { Plan: var p } => Numbers(("ahead", p.WeightsAhead), ("epilogue", p.EpilogueAhead ? 1 : 0)),
        AttentionKernel { Plan: var p } => Numbers(("keys", p.KeyBlock), ("rows", p.QueryRows), ("unroll", p.Unroll)),
        DecodeAttentionKernel { Plan: var p } => Numbers(("keys", p.KeyBlock)),
        AttentionGradientKernel { Plan: var p } => Numbers(("rows", p.Rows), ("unroll", p.Unroll)),
        _ => "",
    };

    private static string Numbers(params ReadOnlySpan<(string Name, int Value)> numbers)
    {
        var text = new StringBuilder("plan");
        foreach (var (name, value) in numbers)
        {
            _ = text.Append(CultureInfo.InvariantCulture, $" {name} {value}");
        }

        return text.Append('\n').ToString();
    }

    private static void Head(StringBuilder text, LoopKernel kernel, string what) => text.Append(CultureInfo.InvariantCulture, $"{what} parameters {kernel.ParameterCount}")
        .Append(CultureInfo.InvariantCulture, $"\nbuffers {string.Join(", ", kernel.Buffers.Select((b, i) => $"b{i}: {(b.IsWritten ? "out " : "")}{b.Type}"))}\n").Append(PlanOf(kernel));

    private static void Print(StringBuilder text, RowKernel kernel)
    {
        Head(text, kernel, $"rows axes {kernel.Axes}");
        Nodes(text, kernel.Nodes);
        foreach (var stage in kernel.Stages)
        {
            _ = text.Append("stage\n");
            Reductions(text, stage.Reductions);
            Stores(text, stage.Stores);
        }
    }

    private static void Print(StringBuilder text, ColumnKernel kernel)
    {
        Head(text, kernel, $"columns axes {kernel.Axes}");
        Nodes(text, kernel.Nodes);
        Reductions(text, kernel.Reductions);
        Stores(text, kernel.Stores);
    }

    private static void Print(StringBuilder text, ContractionKernel kernel)
    {
        var rows = kernel.RowAxes == 1 ? "" : $" rows {kernel.RowAxes}";
        var group = kernel.Group == 1 ? "" : $" group {kernel.Group}";
        var windows = kernel.Windows is { } w ? $" windows {w.Rows} {w.Depth}" : "";
        var scaled = kernel.Scaled is { } s ? $" scaled {s.PerByte}" : "";
        var count = kernel.Rows switch { RowCount.Few => " few", RowCount.Many => " many", _ => "" };
        var whole = kernel.HasWholeGroups ? " whole" : "";
        Head(text, kernel, $"contraction {kernel.Type} batch {kernel.BatchAxes}{rows}{count}{windows}{group}{whole}{scaled} {kernel.OrderA}");
        Nodes(text, kernel.Epilogue);
        Stores(text, kernel.Stores);
    }

    private static void Print(StringBuilder text, WinogradKernel kernel)
    {
        Head(text, kernel, $"winograd side {kernel.Side}");
        Nodes(text, kernel.Epilogue);
        Stores(text, kernel.Stores);
    }

    private static void Print(StringBuilder text, PackKernel kernel) =>
        Head(text, kernel, $"pack {kernel.Type}{(kernel.From is { } from ? $" from {from}" : "")} batch {kernel.BatchAxes}{(kernel.DepthAxes == 1 ? "" : $" depth {kernel.DepthAxes}")}{(kernel.Group == 1 ? "" : $" group {kernel.Group}")} {kernel.Order}");

    private static void Print(StringBuilder text, AttentionKernel kernel) => Head(
        text, kernel, string.Create(CultureInfo.InvariantCulture, $"attention{(kernel.IsCausal ? " causal" : "")} batch {kernel.BatchAxes} scale {kernel.Scale:R} {kernel.OrderQ}"));

    private static void Print(StringBuilder text, DecodeAttentionKernel kernel) => Head(text, kernel, string.Create(
        CultureInfo.InvariantCulture,
        $"decode attention{(kernel.IsCausal ? " causal" : "")} batch {kernel.BatchAxes} shared {kernel.SharedAxes} scale {kernel.Scale:R}"));

    private static void Print(StringBuilder text, AttentionGradientKernel kernel) => Head(text, kernel, string.Create(
        CultureInfo.InvariantCulture,
        $"attention_gradient{(kernel.IsCausal ? " causal" : "")} batch {kernel.BatchAxes} scale {kernel.Scale:R} {kernel.OrderQ} {kernel.OrderK} {kernel.OrderV} {kernel.OrderDy}"));

    private static void Nodes(StringBuilder text, ImmutableArray<ScalarNode> nodes)
    {
        for (var i = 0; i < nodes.Length; i++)
        {
            _ = text.Append(CultureInfo.InvariantCulture, $"  %{i} = {Print(nodes[i])}\n");
        }
    }

    private static void Reductions(StringBuilder text, ImmutableArray<Reduction> reductions)
    {
        foreach (var reduction in reductions)
        {
            _ = text.Append(CultureInfo.InvariantCulture, $"  fold {reduction.Op} %{reduction.Node}\n");
        }
    }

    private static void Stores(StringBuilder text, ImmutableArray<Store> stores)
    {
        foreach (var store in stores)
        {
            _ = text.Append(CultureInfo.InvariantCulture, $"  store b{store.Buffer}{List(store.Strides)} %{store.Node}\n");
        }
    }

    private static string List(ImmutableArray<Stride> strides) => $"[{string.Join(' ', strides)}]";
}
