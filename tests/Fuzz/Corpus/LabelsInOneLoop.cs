// A second label of a loop's body did not see that statements between the two leave the loop: what is behind it ran after them.
foreach (var e in new Tensor[] { x, y })
{
    x = x * 0.5f + e;
    if (Sum(x) > 1.7319f)
    {
        goto first;
    }

    x = x + 1f;
    first: x = x - 0.25f;
    if (n > 100)
    {
        goto second;
    }

    y = y + 1f;
    second: y = y - 0.25f;
    if (flag)
    {
        continue;
    }

    y = y * 0.5f;
}

return (y, v);
