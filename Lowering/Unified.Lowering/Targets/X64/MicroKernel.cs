using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a packed row tile of A and a packed panel of B into one tile of their product, written to scratch row by row. Sums stay in
/// registers over all of k: 12 × 32 at once in f32 with AVX-512, in pieces where there are fewer or shorter registers (6 × 16 with AVX2, 4 × 8 with SSE2). Pairs of bf16 are multiplied and
/// added up by one instruction where the machine has it; elsewhere they are taken apart into f32.
/// </summary>
internal sealed class MicroKernel
{
    /// <summary>The places of elements (r, k + u) of a left operand's rows, from k on.</summary>
    private delegate Func<int, int, LlvmValue> LeftAt(LlvmValue k);

    private readonly KernelBuilder _k;
    private readonly DType _type;
    private readonly LlvmType _sum;
    private readonly int _lanes;
    private readonly int _vectors;
    private readonly int _rows;

    private readonly int _group;
    private readonly DType _right;

    /// <summary>Where the panel's numbers are scaled by groups: how many of them a byte holds, and how many a group.</summary>
    public (int PerByte, LlvmValue Length)? Scaled { get; init; }

    /// <param name="k">Where code goes.</param>
    /// <param name="type">The type of the operands.</param>
    /// <param name="group">How the panel is packed: <see cref="PackKernel.Group"/>.</param>
    /// <param name="right">What the panel is held in; null: <paramref name="type"/>.</param>
    public MicroKernel(KernelBuilder k, DType type, int group = 1, DType? right = null)
    {
        (_k, _type, _sum, _group, _right) = (k, type, SumType(k, type), group, right ?? type);
        _lanes = k.RegisterBytes / Numbers.Bytes(_sum);
        _vectors = 2;

        // Where product and sum are two instructions, the product needs a register, too.
        _rows = k.HasAvx512 ? Tile.Rows : k.HasFma ? Tile.Rows / 2 : Tile.Rows / 3;
    }

    /// <summary>
    /// Elements along k that lie together in a packed row: with 16, rows are packed by blocks of 16 k, row after row in a block, and k is a multiple of 16. 1: k by k.
    /// </summary>
    public int LeftBlock { get; init; } = 1;

    /// <summary>Steps of k in one turn of the loop: a power of 2.</summary>
    public required int Unroll { get; init; }

    /// <summary>Elements of a tile from one row to the next.</summary>
    public int TileStride { get; init; } = Tile.Columns;

    /// <summary>Panels that one row is multiplied with at once: a sum is a chain, and those of one panel are too few to hide what a step takes.</summary>
    public int LowPanels { get; init; } = 1;

    /// <summary>The same of two to <see cref="Tile.FewRows"/> rows, whose sums fill the registers sooner.</summary>
    public int FewPanels => !_k.HasAvx512 ? 1 : Math.Max(1, LowPanels / 2);

    /// <summary>Bytes of panels of 4-bit numbers that few rows ask for ahead of those in use; 0: none.</summary>
    public int FewRowsAhead { get; init; }

    /// <summary>Elements of each panel that one row asks for ahead of those in use, where an instruction multiplies groups. 0: none.</summary>
    public int OneRowAhead { get; init; }

    /// <summary>Elements of the panel that are asked for ahead of those in use: where panels follow each other and come from far away. 0: none. Not of two to four rows: what is asked for by so little work comes as fast by itself.</summary>
    public int PanelsAhead { get; init; }

    private (int Row, int Depth) PackedStrides => LeftBlock == 1 ? (1, Tile.Rows) : (LeftBlock, 1);

    /// <summary>The packed rows hold groups as 32-bit numbers and not numbers of the sum's type.</summary>
    public bool MultipliesGroups => GroupedPiece.HasInstruction(_k, _type, _group);

    /// <summary>What sums are kept in: f32 for the 16-bit floats, i32 for the narrow integers.</summary>
    /// <exception cref="NotSupportedException">bool, or i64, which scratch memory has no room for.</exception>
    public static LlvmType SumType(KernelBuilder k, DType type) => type switch
    {
        DType.F64 => k.Context.F64,
        DType.F16 or DType.BF16 or DType.F32 => k.Context.F32,
        DType.I32 or DType.I16 or DType.I8 or DType.U8 => k.Context.I32,
        _ => throw new NotSupportedException($"x86-64 has no matrix product of {type.Text()}; cast the operands to f32, f64 or i32"),
    };

    /// <summary>Elements in memory as the numbers that are multiplied.</summary>
    public static LlvmValue Factor(KernelBuilder k, LlvmValue value, DType type)
    {
        var number = Numbers.FromMemory(k, value, type);
        return type.IsFloat() ? number : k.B.IntCast(number, SumType(k, type).Like(value.Type), signed: !Numbers.IsUnsigned(type));
    }

    /// <param name="a">The packed rows: <see cref="Tile.Rows"/> elements of the sum's type per k.</param>
    /// <param name="b">The packed panel: <see cref="Tile.Columns"/> elements of the operand's type per k.</param>
    /// <param name="depth">The extent of k.</param>
    /// <param name="tile">Tile.Rows × Tile.Columns elements of the sum's type.</param>
    /// <param name="height">How many of the rows to multiply.</param>
    /// <param name="beside">Of tiles of which <see cref="HasTurns"/> holds.</param>
    public void Emit(LlvmValue a, Panel b, LlvmValue depth, LlvmValue tile, int height, BesideProduct? beside = null) =>
        EmitPieces(Left(a, PackedStrides), [b], depth, tile, height, null, PanelsAhead, beside);

    /// <summary>Whether a tile of this height can have other work done <see cref="BesideProduct">beside it</see>.</summary>
    public bool HasTurns(int height) => height > Tile.FewRows && height <= _rows && _vectors * _lanes == Tile.Columns && Scaled is null && _group == 1 && LeftBlock == 1;

    /// <summary>Whole turns of the loop over k.</summary>
    public LlvmValue Turns(LlvmValue depth) => _k.B.UDiv(depth, _k.I64(Unroll));

    /// <summary>Panels that <paramref name="rows"/> rows, at most <see cref="Tile.FewRows"/>, are multiplied with at once.</summary>
    public LlvmValue PanelsOf(LlvmValue rows) => _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Eq, rows, _k.I64(1)), _k.I64(LowPanels), _k.I64(FewPanels));

    /// <summary>The product of at most <see cref="Tile.FewRows"/> rows with as many panels as <see cref="PanelsOf"/> says, or with one. The sums of the next panel are <see cref="FewPlace"/> further on in the tile.</summary>
    /// <param name="left">Where row r, of the given number, begins, and elements from one k to the next; rows that do not exist repeat one that does.</param>
    public void EmitFew(LlvmValue rows, Func<int, (LlvmValue Start, int Depth)> left, Func<int, Panel> panelAhead, bool isOne, LlvmValue depth, LlvmValue tile)
    {
        void Emit(int height)
        {
            (LlvmValue Start, int Depth)[] starts = [.. Enumerable.Range(0, height).Select(left)];
            var count = isOne ? 1 : height == 1 ? LowPanels : FewPanels;
            EmitPieces(
                _ => k =>
                {
                    LlvmValue[] at = [.. starts.Select(s => _k.B.Gep(_sum, s.Start, _k.Mul(k, _k.I64(s.Depth))))];
                    return (r, u) => _k.B.Gep(_sum, at[r], _k.I64(u * starts[r].Depth));
                },
                [.. Enumerable.Range(0, count).Select(panelAhead)], depth, tile, height, null, ahead: height == 1 && MultipliesGroups ? OneRowAhead : 0);
        }

        // The last panels are few: they do without a tile of two rows.
        _k.If(_k.B.ICmp(LlvmIntPredicate.Eq, rows, _k.I64(1)), () => Emit(1), () =>
        {
            if (isOne)
            {
                Emit(Tile.FewRows);
            }
            else
            {
                _k.If(_k.B.ICmp(LlvmIntPredicate.Eq, rows, _k.I64(2)), () => Emit(2), () => Emit(Tile.FewRows));
            }
        });
    }

    /// <summary>Elements of a tile of few rows from a panel's sums to those of the next.</summary>
    public LlvmValue FewPlace(LlvmValue rows) =>
        _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Eq, rows, _k.I64(1)), _k.I64(Tile.Columns), _k.I64(Tile.FewRows * Tile.Columns));

    /// <summary>Adds the product to the tile, its left operand read where it lies.</summary>
    /// <param name="strides">Elements of A between rows, and from one k to the next.</param>
    public void EmitAdd(LlvmValue a, (int Row, int Depth) strides, LlvmValue b, LlvmValue depth, LlvmValue tile, int height) =>
        EmitPieces(Left(a, strides), [b], depth, tile, height, (_, sum) => sum, PanelsAhead);

    /// <summary>As <see cref="EmitAdd"/>, each row of the tile times its factor first.</summary>
    /// <param name="factor">Where the tile's first row has its factor, an element of the sum's type; those of the others follow.</param>
    public void EmitAddToScaled(LlvmValue a, (int Row, int Depth) strides, LlvmValue b, LlvmValue depth, LlvmValue tile, LlvmValue factor, int height) => EmitPieces(
        Left(a, strides), [b], depth, tile, height, (row, sum) => _k.B.FMul(sum, _k.B.Splat(_k.B.Load(_sum, _k.B.Gep(_sum, factor, row)), _lanes)), PanelsAhead);

    /// <summary>As <see cref="Emit"/>, by the lowest tile that holds <paramref name="rows"/>.</summary>
    public void EmitLowest(LlvmValue rows, LlvmValue a, Panel b, LlvmValue depth, LlvmValue tile) => EmitLowest(rows, height => Emit(a, b, depth, tile, height));

    /// <summary>Emits for the lowest tile that holds <paramref name="rows"/>, which may be any number above 0.</summary>
    public void EmitLowest(LlvmValue rows, Action<int> emit, int choice = 0)
    {
        void Whole() => emit(Tile.Heights[choice]);
        if (choice + 1 == Tile.Heights.Length)
        {
            Whole();
            return;
        }

        _k.If(_k.B.ICmp(LlvmIntPredicate.Sgt, rows, _k.I64(Tile.Heights[choice + 1])), Whole, () => EmitLowest(rows, emit, choice + 1));
    }

    // Element (r, k + u) of the rows from a given one on.
    private Func<LlvmValue, LeftAt> Left(LlvmValue a, (int Row, int Depth) strides) => row =>
    {
        var first = _k.B.Gep(_sum, a, _k.Mul(row, _k.I64(strides.Row)));
        return k =>
        {
            var at = _k.B.Gep(_sum, first, _k.Mul(k, _k.I64(LeftBlock == 1 ? strides.Depth : Tile.Rows)));
            return (r, u) => _k.B.Gep(_sum, at, _k.I64((u * strides.Depth) + (r * strides.Row)));
        };
    };

    private LlvmValue Right(LlvmValue value) => _right == _type || !_type.IsFloat() ? Factor(_k, value, _right) : Casts.Emit(_k, Numbers.FromMemory(_k, value, _right), _right, _type);

    private LlvmType Element => Numbers.Memory(_k.Context, _right);

    // As many rows and columns at once as there are registers for their sums; the pieces' code is the same. Without a beginning, made of a row's number and what lies in the tile, sums begin at zero.
    private void EmitPieces(Func<LlvmValue, LeftAt> left, Panel[] panels, LlvmValue depth, LlvmValue tile, int height, Func<LlvmValue, LlvmValue, LlvmValue>? begin, int ahead, BesideProduct? beside = null)
    {
        var (rows, columns) = (Enumerable.Range(1, _rows).Last(r => height % r == 0), _vectors * _lanes);
        Each(height, rows, row => Each(Tile.Columns, columns, column => EmitPiece(
            left(row), [.. panels.Select(b => FromColumn(b, column))], depth,
            _k.B.Gep(_sum, tile, _k.Add(_k.Mul(row, _k.I64(TileStride)), column)), rows, begin is null ? null : (r, sum) => begin(_k.Add(row, _k.I64(r)), sum), ahead, beside)));

        Panel FromColumn(Panel b, LlvmValue column) => new(
            _k.B.Gep(Element, b.Numbers, _k.Mul(column, _k.I64(_group))), b.Scales is { } scales ? _k.B.Gep(_k.Context.F32, scales, column) : null);

        void Each(int extent, int step, Action<LlvmValue> body)
        {
            if (extent == step)
            {
                body(_k.I64(0));
            }
            else
            {
                _k.Loop(_k.I64(0), _k.I64(extent), step, body);
            }
        }
    }

    private void EmitPiece(LeftAt a, Panel[] panels, LlvmValue depth, LlvmValue tile, int rows, Func<int, LlvmValue, LlvmValue>? begin, int ahead, BesideProduct? beside)
    {
        LlvmValue[] b = [.. panels.Select(p => p.Numbers)];

        // Vector v of a row: those of one panel after those of another.
        var vectors = _vectors * b.Length;
        LlvmValue Place(int r, int v) => _k.B.Gep(_sum, tile, _k.I64((((v / _vectors * (rows == 1 ? 1 : Tile.FewRows)) + r) * TileStride) + (v % _vectors * _lanes)));
        LlvmValue[] start = [.. from r in Enumerable.Range(0, rows) from v in Enumerable.Range(0, vectors)
            select begin is null ? _sum.Vector(_lanes).Zero : begin(r, _k.B.Load(_sum.Vector(_lanes), Place(r, v), Numbers.Bytes(_sum)))];
        if (Scaled is { } scaled)
        {
            StoreSums(new ScaledPiece(_k, scaled.PerByte, scaled.Length, _lanes, _vectors, Unroll, FewRowsAhead).Emit(
                (r, k) => _k.B.Load(_sum, a(k)(r, 0)), panels, depth, start));
            return;
        }

        if (_group > 1)
        {
            StoreSums(new GroupedPiece(_k, _type, _sum, _group, _lanes, _vectors, Unroll, ahead / _group).Emit((r, k) => a(k)(r, 0), b, depth, start));
            return;
        }

        var unroll = Math.Max(Unroll, LeftBlock);
        var whole = _k.B.And(depth, _k.I64(-unroll));
        LlvmValue[] Turn(LlvmValue k, LlvmValue[] state, IReadOnlyList<Action> pieces)
        {
            var (at, bt) = (a(k), PanelAddresses(b, k));
            for (var u = 0; u < unroll; u++)
            {
                foreach (var piece in pieces.Skip(pieces.Count * u / unroll).Take((pieces.Count * (u + 1) / unroll) - (pieces.Count * u / unroll)))
                {
                    piece();
                }

                foreach (var panel in ahead > 0 ? bt : [])
                {
                    for (var line = 0; line < Tile.Columns * Numbers.Bytes(Element); line += KernelBuilder.Line)
                    {
                        _k.Prefetch(_k.B.GepUnchecked(Element, panel, _k.I64((u * Tile.Columns) + ahead + (line / Numbers.Bytes(Element)))), isWritten: false, KernelBuilder.SecondLevel);
                    }
                }

                state = EmitStep(at, bt, u, state);
            }

            return state;
        }

        var (sums, turned) = (start, _k.I64(0));
        if (beside is not null)
        {
            turned = _k.Mul(beside.Turns, _k.I64(unroll));
            sums = _k.Loop(_k.I64(0), turned, unroll, [.. start, .. beside.Carried], (k, state) =>
            {
                var (pieces, next) = beside.Begin(_k.B.UDiv(k, _k.I64(unroll)), state[start.Length..]);
                return [.. Turn(k, state[..start.Length], pieces), .. next];
            })[..start.Length];
        }

        sums = _k.Loop(turned, whole, unroll, sums, (k, state) => Turn(k, state, []));
        if (LeftBlock > 1)
        {
            StoreSums(sums);
            return;
        }

        sums = _k.Loop(whole, depth, 1, sums, (k, state) => EmitStep(a(k), PanelAddresses(b, k), 0, state));
        StoreSums(sums);

        void StoreSums(LlvmValue[] results)
        {
            for (var r = 0; r < rows; r++)
            {
                for (var v = 0; v < vectors; v++)
                {
                    _k.B.Store(results[(r * vectors) + v], Place(r, v), Numbers.Bytes(_sum));
                }
            }
        }
    }

    private LlvmValue[] PanelAddresses(LlvmValue[] b, LlvmValue k) => [.. b.Select(panel => _k.B.Gep(Element, panel, _k.Mul(k, _k.I64(Tile.Columns))))];

    private LlvmValue[] EmitStep(Func<int, int, LlvmValue> a, LlvmValue[] b, int u, LlvmValue[] state)
    {
        var next = new LlvmValue[state.Length];
        LlvmValue[] columns = [.. from panel in b from v in Enumerable.Range(0, _vectors) select Right(
            _k.B.Load(Element.Vector(_lanes), _k.B.Gep(Element, panel, _k.I64((u * Tile.Columns) + (v * _lanes))), Numbers.Bytes(Element)))];
        for (var r = 0; r < state.Length / columns.Length; r++)
        {
            var scalar = _k.B.Splat(_k.B.Load(_sum, a(r, u)), _lanes);
            for (var v = 0; v < columns.Length; v++)
            {
                var i = (r * columns.Length) + v;
                next[i] = _type.IsFloat() ? _k.MultiplyAdd(scalar, columns[v], state[i]) : _k.B.Add(state[i], _k.B.Mul(scalar, columns[v]));
            }
        }

        return next;
    }
}
