// In a block that cannot fork, a variable that is null or not by a tensor's value was compared with null as if it were not.
if (Max(y) < 1.2137f)
{
    flag = !flag;
}

return (x, ValueAndGrad(() => Sum(((flag ? new Pair(x, v, 2) : null) is null) ? v * Weight : Square(Weight)), [Weight]).Gradients[0]);
