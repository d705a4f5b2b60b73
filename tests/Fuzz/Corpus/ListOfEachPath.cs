// Each path makes and changes a list of its own.
Tensor[] a;
if (Sum(x) > 0.3719f)
{
    a = new Tensor[] { x, y * 2f, y };
    a[1] = x;
}
else
{
    a = new Tensor[] { y, x * 3f, y };
    a[2] = x * 0.5f;
}

return (a[0] + a[1] * a[2], v);
