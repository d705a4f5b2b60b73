using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Onnx;

/// <summary>
/// Factors and solutions of matrices as loops over columns, or over pairs of them; rows of the op table say what they are, shapes and signs included. Where the managed
/// code throws (not definite, singular), these give NaN or infinities: a model cannot throw.
/// </summary>
internal static class FactorLoops
{
    // By then Jacobi's rotations have converged for every size in use: they do so with the square of the error.
    private const int Sweeps = 12;

    // 0.5^20 / 20! is below the last digit of f64.
    private const int Terms = 20;

    private static Attributes None => Attributes.Empty;

    /// <summary>Column by column, each taken out of what is left (Golub and Van Loan, "Matrix computations", algorithm 4.2.2).</summary>
    public static OpValue Cholesky(LoopBuilder loops, OpValue x)
    {
        var g = loops.Graph;
        var rest = (x + g.SwapLast(x)) * 0.5;
        return loops.Repeat(Count(g, x, 1), [rest, g.ZerosLike(x)], [], static (l, turn, carried, _) =>
        {
            var b = l.Graph;
            var (a, factor) = (carried[0], carried[1]);
            var column = Row(b, a, turn);
            var below = b.Apply(OpCode.GreaterEqual, Places(b, column, 1), turn);
            var scaled = b.Select(below, column / b.Apply(OpCode.Sqrt, Element(b, column, turn)), b.ScalarLike(column, 0));
            return [a - (Down(b, scaled) * Across(b, scaled)), b.Select(At(b, a, 1, turn), Down(b, scaled), factor)];
        })[1];
    }

    public static OpValue TriangularSolve(LoopBuilder loops, OpValue a, OpValue y, Attributes attributes)
    {
        var g = loops.Graph;
        var isLower = attributes.Bool("lower") != attributes.Bool("transposed");
        var isUnit = attributes.Bool("unitDiagonal");
        var matrix = attributes.Bool("transposed") ? g.SwapLast(a) : a;
        var right = Wide(g, a, y);
        return loops.Repeat(Count(g, a, 1), [g.ZerosLike(right)], [matrix, right], (l, turn, carried, arguments) =>
        {
            var b = l.Graph;
            var at = isLower ? turn : Count(b, arguments[0], 1) - turn - 1;
            var row = Row(b, arguments[0], at);
            var known = b.Select(b.Apply(isLower ? OpCode.Less : OpCode.Greater, Places(b, row, 1), at), row, b.ScalarLike(row, 0));
            var rest = Across(b, Row(b, arguments[1], at)) - b.MatMul(Across(b, known), carried[0]);
            var solved = isUnit ? rest : rest / Across(b, Element(b, row, at));
            return [b.Select(At(b, carried[0], 2, at), solved, carried[0])];
        })[0];
    }

    /// <summary>Elimination above and below the largest pivot of each column among the rows that have had none (Gauss and Jordan).</summary>
    public static OpValue Solve(LoopBuilder loops, OpValue a, OpValue y, bool transposed)
    {
        var g = loops.Graph;
        var (n, right) = (a.Shape[a.Shape.Rank - 1], Wide(g, a, y));
        var batch = right.Shape.Dims[..^2];
        var matrix = g.BroadcastTo(transposed ? g.SwapLast(a) : a, new Shape([.. batch, n, n]));
        var (rows, order) = Eliminate(loops, g.Apply(OpCode.Concat, None.With("axis", -1L), matrix, right), n);
        return g.MatMul(order, g.Slice(rows, rows.Shape.Select((_, i) => i == rows.Shape.Rank - 1 ? n : Dim.Zero), right.Shape.Dims));
    }

    public static OpValue SlogDet(LoopBuilder loops, OpValue x)
    {
        var g = loops.Graph;
        var n = x.Shape[x.Shape.Rank - 1];
        var one = new Shape([.. x.Shape.Dims[..^2], 1]);
        var used = g.ZerosLike(Drop(g, x));
        var results = loops.Repeat(Count(g, x, 1), [x, used, g.Full(one, x.DType, 1), g.Full(one, x.DType, 0)], [], (l, turn, carried, _) =>
        {
            var b = l.Graph;
            var (pivotRow, place) = Pivot(b, carried[0], carried[1], turn);
            var pivot = Element(b, RowAt(b, carried[0], pivotRow), turn);

            // The order changes its sign with each row before the pivot's that is still to come.
            var before = b.Apply(OpCode.Less, Places(b, carried[1], 1), place);
            var count = b.Sum(b.Select(before, 1 - carried[1], b.ScalarLike(pivot, 0)), [carried[1].Shape.Rank - 1], keepDims: true);
            var parity = 1 - (b.Apply(OpCode.Remainder, count, b.ScalarLike(count, 2)) * 2);
            return
            [
                Cleared(b, carried[0], pivotRow, turn), b.Select(pivotRow, b.ScalarLike(pivot, 1), carried[1]),
                carried[2] * parity * b.Apply(OpCode.Sign, pivot), carried[3] + b.Apply(OpCode.Log, b.Apply(OpCode.Abs, pivot)),
            ];
        });
        var isSingular = g.Apply(OpCode.Equal, results[2], g.ScalarLike(x, 0));
        return g.Apply(OpCode.Concat, None.With("axis", -1L), results[2], g.Select(isSingular, g.ScalarLike(x, double.NegativeInfinity), results[3]));
    }

    /// <summary>The series of the matrix halved until its norm is below 1/2, squared as often.</summary>
    public static OpValue Exponential(LoopBuilder loops, OpValue x)
    {
        var g = loops.Graph;
        var rank = x.Shape.Rank;
        var norm = g.Reduce(OpCode.ReduceMax, g.Sum(g.Apply(OpCode.Abs, x), [rank - 2]), Enumerable.Range(0, rank - 1), keepDims: false);
        var doublings = g.Apply(OpCode.Ceil, g.Apply(OpCode.Log, norm) * (1 / Math.Log(2))) + 1;
        var halvings = g.Apply(OpCode.Minimum, g.Apply(OpCode.Maximum, doublings, g.ScalarLike(x, 0)), g.ScalarLike(x, 1000));
        var scaled = x * g.Apply(OpCode.Exp, -halvings * Math.Log(2));
        var identity = g.BroadcastTo(Identity(g, x), x.Shape);
        var series = loops.Repeat(g.Scalar(DType.I64, Terms), [identity, identity], [scaled], static (l, turn, carried, arguments) =>
        {
            var term = l.Graph.MatMul(carried[0], arguments[0]) / l.Graph.Cast(turn + 1, arguments[0].DType);
            return [term, carried[1] + term];
        })[1];
        return loops.Repeat(g.Cast(halvings, DType.I64), [series], [], static (l, _, carried, _) => [l.Graph.MatMul(carried[0], carried[0])])[0];
    }

    /// <summary>Q above the transposed R, by orthogonal projections, each done twice (Giraud, Langou and Rozložník, 2005: then they are orthogonal to rounding).</summary>
    public static OpValue Qr(LoopBuilder loops, OpValue x)
    {
        var g = loops.Graph;
        var (m, n) = (x.Shape[x.Shape.Rank - 2], x.Shape[x.Shape.Rank - 1]);
        var k = Dim.Min(m, n);
        var columns = g.SwapLast(x);
        var none = g.Full(new Shape([.. x.Shape.Dims[..^2], k, m]), x.DType, 0);
        var q = loops.Repeat(g.DimSize(k, DType.I64), [none], [columns], static (l, turn, carried, arguments) =>
        {
            var (b, found) = (l.Graph, carried[0]);
            var v = Across(b, Row(b, arguments[0], turn));
            for (var pass = 0; pass < 2; pass++)
            {
                v -= b.MatMul(b.MatMul(v, found, transposeB: true), found);
            }

            return [b.Select(At(b, found, 2, turn), Unit(b, v), found)];
        })[0];
        var r = g.MatMul(columns, q, transposeB: true);
        var pair = new Shape(r.Shape.Dims[^2..]);
        var isUpper = g.Apply(OpCode.GreaterEqual, g.Iota(pair, 0, DType.I64), g.Iota(pair, 1, DType.I64));
        return g.Apply(OpCode.Concat, None.With("axis", -2L), g.SwapLast(q), g.Select(isUpper, r, g.ScalarLike(r, 0)));
    }

    /// <summary>The values in rising order above the vectors, by Jacobi's rotations.</summary>
    public static OpValue Eigh(LoopBuilder loops, OpValue x)
    {
        var g = loops.Graph;
        var symmetric = (x + g.SwapLast(x)) * 0.5;
        var rotated = loops.Repeat(Rotations(g, x, 1), [symmetric, g.BroadcastTo(Identity(g, x), x.Shape)], [], static (l, turn, carried, _) =>
        {
            var b = l.Graph;
            var (a, vectors) = (carried[0], carried[1]);
            var (p, q, isPair) = Pair(b, a, turn);
            var (x, y) = (Row(b, a, p), Row(b, a, q));
            var angle = Angle(b, Element(b, x, p), Element(b, y, q), Element(b, x, q), isPair);
            return [Rotated(b, b.SwapLast(Rotated(b, a, p, q, angle)), p, q, angle), Rotated(b, vectors, p, q, angle)];
        });
        var values = g.Sum(rotated[0] * Identity(g, x), [x.Shape.Rank - 1]);
        var order = Order(g, values, descending: false);
        var sorted = g.MatMul(order, Down(g, values));
        var rows = g.MatMul(order, rotated[1]);
        return g.Apply(OpCode.Concat, None.With("axis", -2L), g.SwapLast(sorted), g.SwapLast(rows * Turn(g, rows)));
    }

    /// <summary>U above the values, in falling order, above V, by rotations that make the rows (of a tall matrix: columns) orthogonal (Hestenes).</summary>
    /// <exception cref="NotSupportedException">Whether the matrices are wide or tall depends on named sizes.</exception>
    public static OpValue Svd(LoopBuilder loops, OpValue x)
    {
        var g = loops.Graph;
        var (m, n) = (x.Shape[x.Shape.Rank - 2], x.Shape[x.Shape.Rank - 1]);
        if (m != n && !(m - n).IsConstant)
        {
            throw new NotSupportedException($"svd_factors of {x.Type} has no form in ONNX: whether {m} is less than {n} must be known; give the sizes as constants");
        }

        var isWide = m != n && (m - n).Value < 0;
        var rows = isWide ? x : g.SwapLast(x);
        var k = rows.Shape[rows.Shape.Rank - 2];
        var square = new Shape([.. rows.Shape.Dims[..^1], k]);
        var identity = g.BroadcastTo(Identity(g, rows), square);
        var rotated = loops.Repeat(Rotations(g, rows, 2), [rows, identity], [], static (l, turn, carried, _) =>
        {
            var b = l.Graph;
            var (p, q, isPair) = Pair(b, carried[1], turn);
            var (x, y) = (Row(b, carried[0], p), Row(b, carried[0], q));
            OpValue Dot(OpValue u, OpValue v) => b.Sum(u * v, [u.Shape.Rank - 1], keepDims: true);
            var angle = Angle(b, Dot(x, x), Dot(y, y), Dot(x, y), isPair);
            return [Rotated(b, carried[0], p, q, angle), Rotated(b, carried[1], p, q, angle)];
        });
        var values = g.Apply(OpCode.Sqrt, g.Sum(rotated[0] * rotated[0], [x.Shape.Rank - 1]));
        var order = Order(g, values, descending: true);
        var sorted = g.MatMul(order, Down(g, values));
        var (turned, how) = (Unit(g, g.MatMul(order, rotated[0])), g.MatMul(order, rotated[1]));
        var (left, right) = isWide ? (how, turned) : (turned, how);
        var sign = Turn(g, left);
        return g.Apply(OpCode.Concat, None.With("axis", -2L), g.SwapLast(left * sign), g.SwapLast(sorted), g.SwapLast(right * sign));
    }

    /// <summary>The rows after elimination of the first n columns, and the matrix that puts them in the columns' order.</summary>
    private static (OpValue Rows, OpValue Order) Eliminate(LoopBuilder loops, OpValue matrix, Dim n)
    {
        var g = loops.Graph;
        var order = g.Full(new Shape([.. matrix.Shape.Dims[..^2], n, n]), matrix.DType, 0);
        var results = loops.Repeat(g.DimSize(n, DType.I64), [matrix, order, g.ZerosLike(Drop(g, order))], [], static (l, turn, carried, _) =>
        {
            var b = l.Graph;
            var (pivotRow, _) = Pivot(b, carried[0], carried[2], turn);
            var chosen = b.Cast(pivotRow, carried[1].DType);
            return
            [
                Cleared(b, carried[0], pivotRow, turn), b.Select(At(b, carried[1], 2, turn), Across(b, chosen), carried[1]), b.Apply(OpCode.Maximum, carried[2], chosen),
            ];
        });
        return (results[0], results[1]);
    }

    /// <summary>Where a column's largest element is among the rows that are not used: as a bool for each row, and as a number.</summary>
    private static (OpValue Row, OpValue Place) Pivot(OpBuilder b, OpValue matrix, OpValue used, OpValue column)
    {
        var size = b.Apply(OpCode.Abs, Row(b, b.SwapLast(matrix), column));
        var open = b.Select(b.Apply(OpCode.Greater, used, b.ScalarLike(used, 0)), b.ScalarLike(size, -1), size);
        var place = b.Apply(OpCode.ArgMax, None.With("axis", -1L).With("keepDims", true), open);
        return (b.Apply(OpCode.Equal, Places(b, used, 1), place), place);
    }

    /// <summary>The pivot's row divided by the pivot, and as much of it taken from every other row as clears the column.</summary>
    private static OpValue Cleared(OpBuilder b, OpValue matrix, OpValue pivotRow, OpValue column)
    {
        var row = RowAt(b, matrix, pivotRow);
        var scaled = Across(b, row / Element(b, row, column));
        return b.Select(Down(b, pivotRow), scaled, matrix - (Down(b, Row(b, b.SwapLast(matrix), column)) * scaled));
    }

    private static OpValue Rotations(GraphBuilder g, OpValue x, int axisFromEnd)
    {
        var n = Count(g, x, axisFromEnd);
        return n * n * Sweeps;
    }

    /// <summary>The pair of rows that a turn is about; every pair comes up once in each sweep.</summary>
    private static (OpValue P, OpValue Q, OpValue IsPair) Pair(OpBuilder b, OpValue square, OpValue turn)
    {
        var n = Count(b, square, 1);
        var q = b.Apply(OpCode.Remainder, turn, n);
        var p = b.Apply(OpCode.Remainder, b.Apply(OpCode.Div, turn - q, n), n);
        return (p, q, b.Apply(OpCode.Less, p, q));
    }

    /// <summary>Cosine and sine of the smaller angle that makes two directions orthogonal, from their squares and their product; no turn where there is nothing to do.</summary>
    private static (OpValue Cosine, OpValue Sine) Angle(OpBuilder b, OpValue alpha, OpValue beta, OpValue gamma, OpValue isPair)
    {
        var isOff = b.Apply(OpCode.LogicalAnd, isPair, b.Apply(OpCode.NotEqual, gamma, b.ScalarLike(gamma, 0)));
        var zeta = (beta - alpha) / (b.Select(isOff, gamma, b.ScalarLike(gamma, 1)) * 2);
        var size = b.Apply(OpCode.Abs, zeta);
        var tangent = 1 / (size + b.Apply(OpCode.Sqrt, (zeta * zeta) + 1));
        var signed = b.Select(b.Apply(OpCode.Less, zeta, b.ScalarLike(zeta, 0)), -tangent, tangent);
        var t = b.Select(isOff, signed, b.ScalarLike(signed, 0));
        var cosine = 1 / b.Apply(OpCode.Sqrt, (t * t) + 1);
        return (cosine, cosine * t);
    }

    private static OpValue Rotated(OpBuilder b, OpValue matrix, OpValue p, OpValue q, (OpValue Cosine, OpValue Sine) angle)
    {
        var (x, y) = (Row(b, matrix, p), Row(b, matrix, q));
        var (first, second) = ((x * angle.Cosine) - (y * angle.Sine), (x * angle.Sine) + (y * angle.Cosine));
        return b.Select(At(b, matrix, 2, p), Across(b, first), b.Select(At(b, matrix, 2, q), Across(b, second), matrix));
    }

    /// <summary>The matrix that puts rows in the order of their values.</summary>
    private static OpValue Order(OpBuilder b, OpValue values, bool descending)
    {
        var places = b.Apply(OpCode.ArgSort, None.With("descending", descending), values);
        return b.Cast(b.Apply(OpCode.Equal, Down(b, places), Places(b, values, 1)), values.DType);
    }

    // As the managed code: the first element that is not small beside the largest is positive.
    private static OpValue Turn(OpBuilder b, OpValue rows)
    {
        var size = b.Apply(OpCode.Abs, rows);
        var last = rows.Shape.Rank - 1;
        var isLarge = b.Apply(OpCode.GreaterEqual, size, b.Reduce(OpCode.ReduceMax, size, [last], keepDims: true) * 0.618);
        var first = b.Apply(OpCode.ArgMax, None.With("axis", -1L).With("keepDims", true), b.Cast(isLarge, rows.DType));
        var element = b.Sum(b.Select(b.Apply(OpCode.Equal, Places(b, rows, 1), first), rows, b.ScalarLike(rows, 0)), [last], keepDims: true);
        return b.Select(b.Apply(OpCode.Less, element, b.ScalarLike(element, 0)), b.ScalarLike(element, -1), b.ScalarLike(element, 1));
    }

    /// <summary>Rows of length 1; a row of zeros stays one.</summary>
    private static OpValue Unit(OpBuilder b, OpValue rows)
    {
        var length = b.Apply(OpCode.Sqrt, b.Sum(rows * rows, [rows.Shape.Rank - 1], keepDims: true));
        var isNothing = b.Apply(OpCode.Equal, length, b.ScalarLike(length, 0));
        return rows / b.Select(isNothing, b.ScalarLike(length, 1), length);
    }

    private static OpValue Count(OpBuilder b, OpValue x, int axisFromEnd) => b.DimSize(x.Shape[x.Shape.Rank - axisFromEnd], DType.I64);

    /// <summary>0, 1, … as i64[n], n being the size of an axis.</summary>
    private static OpValue Places(OpBuilder b, OpValue x, int axisFromEnd) => b.Iota(new Shape([x.Shape[x.Shape.Rank - axisFromEnd]]), 0, DType.I64);

    /// <summary>Whether this is the row (axis 2 from the end, [n,1]) or column (1, [n]) of that number.</summary>
    private static OpValue At(OpBuilder b, OpValue x, int axisFromEnd, OpValue number)
    {
        var here = b.Apply(OpCode.Equal, Places(b, x, axisFromEnd), number);
        return axisFromEnd == 1 ? here : Down(b, here);
    }

    /// <summary>The row of that number of each matrix: [..., columns].</summary>
    private static OpValue Row(OpBuilder b, OpValue matrix, OpValue number) => RowAt(b, matrix, b.Apply(OpCode.Equal, Places(b, matrix, 2), number));

    private static OpValue RowAt(OpBuilder b, OpValue matrix, OpValue isRow) =>
        b.Sum(b.Select(Down(b, isRow), matrix, b.ScalarLike(matrix, 0)), [matrix.Shape.Rank - 2]);

    /// <summary>The element of that number of each row: [..., 1].</summary>
    private static OpValue Element(OpBuilder b, OpValue row, OpValue number) =>
        b.Sum(b.Select(At(b, row, 1, number), row, b.ScalarLike(row, 0)), [row.Shape.Rank - 1], keepDims: true);

    private static OpValue Down(OpBuilder b, OpValue row) => b.Reshape(row, new Shape(row.Shape.Dims.Add(1)));

    private static OpValue Across(OpBuilder b, OpValue row) => b.Reshape(row, new Shape(row.Shape.Dims.Insert(row.Shape.Rank - 1, 1)));

    private static OpValue Drop(OpBuilder b, OpValue matrix) => b.Sum(matrix, [matrix.Shape.Rank - 1]);

    /// <summary>The right sides for the batch of both.</summary>
    private static OpValue Wide(OpBuilder b, OpValue a, OpValue y)
    {
        var probe = b.Apply(OpCode.MatMul, a, y);
        return b.BroadcastTo(y, probe.Shape);
    }

    private static OpValue Identity(OpBuilder b, OpValue x)
    {
        var n = x.Shape[x.Shape.Rank - 2];
        var square = Shape.From(n, n);
        return b.Cast(b.Apply(OpCode.Equal, b.Iota(square, 0, DType.I64), b.Iota(square, 1, DType.I64)), x.DType);
    }
}
