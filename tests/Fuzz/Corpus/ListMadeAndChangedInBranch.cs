// A list that was made on one path and changed there was merged as if the other path knew it.
if (Sum(x) > 0.3719f)
{
    Tensor[] a0 = new Tensor[] { x, y * 2f, y };
    a0[1] = x;
    y = y + a0[1];
}

return (y, v);
