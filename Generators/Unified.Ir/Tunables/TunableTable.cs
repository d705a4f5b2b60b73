using System.Collections.Immutable;
using static Unified.Ir.KernelFamily;

namespace Unified.Ir;

/// <summary>The tunables, a row each. Defaults were measured on Zen 4 with AVX-512; none depends on the number of threads.</summary>
public static class TunableTable
{
    private static readonly ImmutableArray<KernelFamily> s_products = [Product, Dots, Scaled];

    /// <summary>Few enough for two threads to share a small product evenly, and to stay in a cache.</summary>
    public static Tunable RowsPerUnit { get; } = new("rows_per_unit", "most rows that one unit of work packs and multiplies; a multiple of 12", 48, [12, 24, 48, 96, 192], s_products);

    public static Tunable PackedElements { get; } = new("packed_elements", "most elements of the left operand that one unit packs, above 12 rows", 1 << 20, [1 << 12, 1 << 16, 1 << 18, 1 << 20, 1 << 22], s_products);

    public static Tunable FewRows { get; } = new("few_rows", "fewest rows, beyond whole units, that are worth a unit of their own", 3, [1, 3, 6, 12], s_products);

    /// <summary>Enough for threads to end together: neighbouring units share their packed rows, so that more of them cost little.</summary>
    public static Tunable EnoughUnits { get; } = new("enough_units", "with fewer blocks of rows than this the columns are divided too", 64, [1, 4, 16, 64, 256], s_products);

    /// <summary>A unit transforms its tiles itself.</summary>
    public static Tunable EnoughTiles { get; } = new("enough_tiles", "with fewer blocks of tiles than this the columns are divided too", 16, [1, 4, 16, 64, 256], [Winograd]);

    /// <summary>Pieces that are worth packing the rows for.</summary>
    public static Tunable FewestColumns { get; } = new("fewest_columns", "fewest columns of a unit; a multiple of 32", 256, [32, 128, 256, 512, 2048], s_products);

    /// <summary>As many as one row is multiplied with at once: threads share a matrix of 768 columns evenly.</summary>
    public static Tunable FewRowsColumns { get; } = new("few_rows_columns", "columns of a unit of at most four rows; a multiple of 32", 128, [32, 64, 128, 256, 1024], s_products);

    public static Tunable Unroll { get; } = new("unroll", "steps of the summed axis in one turn of the innermost loop", 4, [1, 2, 4, 8], [.. s_products, Attention, AttentionGradient]);

    /// <summary>A sum is a chain, and those of one panel are too few to hide what a step takes.</summary>
    public static Tunable LowPanels { get; } = new("low_panels", "panels of 32 columns that one row is multiplied with at once; two to four rows are with half as many", 4, [1, 2, 4], s_products);

    /// <summary>Two pages, beyond which the machine does not look ahead by itself.</summary>
    public static Tunable PanelsAhead { get; } = new("panels_ahead", "bytes of the packed right operand that more than four rows ask for ahead of their use; 0: none", 8192, [0, 2048, 4096, 8192, 16384], [Product, Dots]);

    public static Tunable EpilogueAhead { get; } = new("epilogue_ahead", "1: what follows a product asks for its memory while the sums are computed", 1, [0, 1], [.. s_products, Winograd]);

    /// <summary>
    /// The divider works beside multiply-adds, but a processor does not look far enough ahead to begin the next tile's while it divides. Adam's update after a product of depth 64: 101 cycles for 16 elements, 87 so, of
    /// which the sums are 64. What multiplies and adds itself gains nothing: tanh's polynomials lost 2 %.
    /// </summary>
    public static Tunable BesideCost { get; } = new(
        "beside_cost", "from so many instructions of roots (6) and divisions (6) on, what follows a product takes turns with the sums of the next tile", 10, [1, 10, 1000], [Product]);

    /// <summary>Two pages, as above, where the arithmetic between two reads is too long for the machine to look so far by itself: a third less time with 4 bits than without. One row of 8 bits would lose.</summary>
    public static Tunable FewRowsAhead { get; } = new("few_rows_ahead", "bytes of weights of 4 bits, or of 8 for more than one row, that at most four rows ask for ahead of their use; 0: none", 8192, [0, 2048, 4096, 8192, 16384], s_products);

    /// <summary>
    /// Where panels are read side by side the machine looks too little ahead by itself: with one thread a fifth less time from memory. Where all weights lie in the last cache it costs 7 %, and with two threads a fifth.
    /// Twice as far would lose a quarter of weights as large as that cache. Where more is computed of a line (two to four rows, numbers that are widened or multiplied digit by digit) nothing was gained.
    /// </summary>
    public static Tunable OneRowAhead { get; } = new("one_row_ahead", "bytes of each panel that one row asks for ahead of their use; 0: none", 1024, [0, 512, 1024, 2048, 4096], [Dots]);

    /// <summary>
    /// Smaller ones are read from the second-level caches. Of larger ones all threads have read what lay at the place before: writing there asks each line back from the others, at a tenth
    /// of the speed (measured: 9 GB/s instead of 110 where another core has read the lines, 25 past the caches).
    /// </summary>
    public static Tunable StreamedPanels { get; } = new("streamed_panels", "bytes from which on a packed operand is written past the caches", 2 << 20, [1 << 12, 1 << 18, 2 << 20, 32 << 20, int.MaxValue], [Packing]);

    /// <summary>The machine does not look beyond a page by itself.</summary>
    public static Tunable PackedRowsAhead { get; } = new("packed_rows_ahead", "rows that are asked for ahead while neighbouring columns are packed; 0: none", 8, [0, 4, 8, 16], [Product, Packing]);

    /// <summary>They stay in the second-level cache beside a place's weights.</summary>
    public static Tunable UnitBytes { get; } = new("unit_bytes", "bytes of transformed tiles and their products in one unit", 640 << 10, [64 << 10, 256 << 10, 640 << 10, 1280 << 10], [Winograd]);

    public static Tunable TileColumns { get; } = new("tile_columns", "fewest output channels of a unit; a multiple of 32", 64, [32, 64, 128, 512], [Winograd]);

    /// <summary>Two pages, beyond which the machine does not look ahead by itself: of a small batch each place's weights come from memory.</summary>
    public static Tunable WeightsAhead { get; } = new("weights_ahead", "transformed weights that are asked for ahead of their use; 0: none", 2048, [0, 512, 1024, 2048, 4096, 8192], [Winograd]);

    /// <summary>What a step of the direct sum loses to reading windows.</summary>
    public static Tunable DirectCost { get; } = new("direct_cost", "cost of a step of the direct sum, in hundredths of a step of a matrix product: above it, tiles are taken more often", 110, [50, 80, 110, 150, 300], [Convolutions])
    {
        ChangesRounding = true,
    };

    /// <summary>Their scores for one row tile stay in the first-level cache.</summary>
    public static Tunable KeyBlock { get; } = new("key_block", "keys whose weights are summed up before the sums are scaled; a multiple of 32", 128, [32, 64, 128, 256, 512], [Attention])
    {
        ChangesRounding = true,
    };

    /// <summary>More are worth packing keys and values for.</summary>
    public static Tunable DecodeQueries { get; } = new("decode_queries", "queries of the same keys, those of all heads of a group, up to which keys and values are not packed", 8, [0, 4, 8, 16, 32], [DecodeAttention])
    {
        ChangesRounding = true,
    };

    /// <summary>Their scores are a few registers, and they and their values stay in the first-level cache.</summary>
    public static Tunable DecodeKeys { get; } = new("decode_keys", "keys whose weights are summed up before the sums are scaled; a multiple of 16", 64, [16, 32, 64, 128, 256], [DecodeAttention])
    {
        ChangesRounding = true,
    };

    /// <summary>Forwards, a block of keys and values is read from a far cache once for all of them. Backwards, enough that what is added to dK and dV is worth the way to memory, few enough that weights of 4,096 keys stay in a cache.</summary>
    public static Tunable QueryRows { get; } = new("query_rows", "queries of a block; a multiple of 12", 48, [12, 24, 48, 96], [Attention, AttentionGradient]);

    public static Tunable Grain { get; } = new("grain", "elements that are worth handing to a thread", 4096, [256, 1024, 4096, 16384, 65536], [Rows]);

    /// <summary>Beyond this much a written line is not read from a cache again.</summary>
    public static Tunable StreamedBytes { get; } = new("streamed_bytes", "bytes from which on a result is written past the caches", 32 << 20, [1 << 16, 1 << 23, 32 << 20, 1 << 27, int.MaxValue], [Rows]);

    /// <summary>Longer rows would not stay in a cache.</summary>
    public static Tunable RememberedRow { get; } = new("remembered_row", "longest row, in elements, of which what was dear to compute is remembered for the next pass over it", 1 << 16, [0, 1 << 12, 1 << 16, 1 << 18], [Rows])
    {
        ChangesRounding = true,
    };

    /// <summary>Reading back costs a store and a load.</summary>
    public static Tunable RememberedCost { get; } = new("remembered_cost", "fewest instructions of an operation that is remembered", 8, [1, 8, 32, 1000], [Rows])
    {
        ChangesRounding = true,
    };

    public static Tunable RowUnroll { get; } = new("row_unroll", "vectors of a row in one turn of its loop, and sums kept apart; larger bodies have a half or a quarter", 4, [1, 2, 4, 8], [Rows])
    {
        ChangesRounding = true,
    };

    public static Tunable RowAhead { get; } = new("row_ahead", "1: rows to come are asked for while others are computed", 1, [0, 1], [Rows]);

    public static Tunable ColumnBlock { get; } = new("column_block", "columns of a unit; a multiple of 16", 64, [16, 32, 64, 128], [Columns, Scatter]);

    /// <summary>Keeps the error of long sums small.</summary>
    public static Tunable ColumnRun { get; } = new("column_run", "elements of a column that are summed up before they are joined to the total", 128, [16, 64, 128, 512, 2048], [Columns])
    {
        ChangesRounding = true,
    };

    public static Tunable CopyGrain { get; } = new("copy_grain", "rows that are worth handing to a thread", 16, [1, 4, 16, 64, 256], [Copies]);

    /// <summary>A kernel stays of a size to compile in milliseconds; a chain over every parameter of a deep model becomes several equal ones.</summary>
    public static Tunable KernelNodes { get; } = new("kernel_nodes", "most ops of a kernel", 48, [1, 4, 16, 48, 256], [Fusion])
    {
        ChangesRounding = true,
    };

    /// <summary>All of them.</summary>
    public static ImmutableArray<Tunable> All { get; } =
    [
        RowsPerUnit, PackedElements, FewRows, EnoughUnits, EnoughTiles, FewestColumns, FewRowsColumns, Unroll, LowPanels, PanelsAhead, EpilogueAhead, BesideCost, FewRowsAhead, OneRowAhead,
        StreamedPanels, PackedRowsAhead, UnitBytes, TileColumns, WeightsAhead, DirectCost, KeyBlock, DecodeQueries, DecodeKeys, QueryRows,
        Grain, StreamedBytes, RememberedRow, RememberedCost, RowUnroll, RowAhead, ColumnBlock, ColumnRun, CopyGrain, KernelNodes,
    ];

    /// <summary>The row of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Tunable Get(string name) => All.FirstOrDefault(t => t.Name == name)
        ?? throw new ArgumentException($"'{name}' is no tunable; there are {string.Join(", ", All.Select(t => t.Name))}");

    /// <summary>The rows that act on a family's kernels.</summary>
    public static IEnumerable<Tunable> Of(KernelFamily family) => All.Where(t => t.Families.Contains(family));
}
