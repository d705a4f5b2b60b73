// A variable is the tensor that it was before the loop where no turn is run.
var z = x;
while (Sum(z) > 1e3f)
{
    z = z * 0.5f;
}

x[0] = v;
return (z, x);
