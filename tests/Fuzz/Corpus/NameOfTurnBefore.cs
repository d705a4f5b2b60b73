// What one turn made a name of x sees what the next turn writes into x.
var sum = y * 0f;
while (Sum(Abs(sum)) < 50f)
{
    sum = sum + y + 1f;
    x.Assign(x * 0.5f + 1f);
    y = x;
    x[0] = v;
}

return (y, sum);
