// Which tensors a variable may be another name of is a set: it does not double with each branch.
for (var i0 = 0; i0 < 3; i0++)
{
    foreach (var e2 in new Tensor[] { x, y, x })
    {
        foreach (var e4 in new Tensor[] { x, y, x })
        {
            _total.Assign(v * 0.75f);
            if (Sum(e4) > 2.1371f)
            {
                break;
            }

            y = e4;
            (y, x) = (x, y);
            var (q6, q6s) = ValueAndGrad(() => Mean(Square(_linear.Forward(e4) * Weight)), [Weight, _linear.Weight]);
            Weight.Assign(Weight - q6s[0] * 0.1f);
            _linear.Weight.Assign(_linear.Weight - q6s[1] * 0.1f + q6 * 0.01f);
        }

        if (Sum(e2) > 2.1371f)
        {
            continue;
        }
    }

    if (Sum(x) > 2.1371f)
    {
        continue;
    }
}

return (Softmax(y, 0), v + v);
