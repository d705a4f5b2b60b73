// Two kernels were merged although a third, which the merged one reads, stands between them: it ran on memory nobody had written.
if (Sum(y) > -3.119f)
{
    (x, y) = (y, x);
}

if (Sum(y) > -3.119f)
{
    (x, y) = (y, x);
}

return (x, v);
