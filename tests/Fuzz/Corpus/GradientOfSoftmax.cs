// A gradient that is zero but for rounding.
return (x, Grad(() => Sum(Softmax(y * 60f)) * 1000f, y));
