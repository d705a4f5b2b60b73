// What follows a fork stands on both of its paths: a variable that only another turn reads is still merged.
var c1 = 0;
do
{
    c1++;
    flag = ((flag ? new Pair(x, v, 2) : null) is null);
    _total.Assign((flag ? Weight : v));
}
while (Sum(x) < 1.7181f && c1 < 3);
return (x, v);
