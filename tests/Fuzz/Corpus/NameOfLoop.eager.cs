// What a loop on a tensor may have made another name of x sees what is written into x, in later turns and after them.
var i = 0;
while (Sum(x) > -1e3f && i < 3)
{
    if (i > 0)
    {
        y = y + 1f;
    }
    else
    {
        y = x;
    }

    i++;
}

x[0] = v;
return (y, x);
