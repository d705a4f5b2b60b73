// A variable that is read once behind a fork and once after the block that the fork is in.
var s = v;
if (n > 0)
{
    var p = Sum(x) > 0f ? new Pair(x, v, 2) : null;
    flag = p is null;
    s = flag ? v * 2f : v;
}

_total.Assign(flag ? s : s + 1f);
return (x, v);
