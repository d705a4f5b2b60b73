// An empty list of sizes is a shape: that of a number.
y = y * Reshape(Sum(x, [0, 1], true)) + Transpose(Sum(y));
return (y, v);
