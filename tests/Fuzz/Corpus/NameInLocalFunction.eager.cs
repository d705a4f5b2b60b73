// What leaves a loop under a condition may be another name of an argument that a later turn writes to.
for (var i = 0; i < 1 + n % 3; i++)
{
    Tensor Change()
    {
        x = y;
        _total.Assign(_total * 0.5f + v);
        return x * 0.5f;
    }

    x = x + Change() * x;
    y = x;
    x[.., 1..] = x[.., 1..];
    if (Sum(x) > 2.1371f)
    {
        break;
    }
}

return (y, v);
