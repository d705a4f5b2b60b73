// && of tensors that are no bools is an exception of eager code, which a graph leaves to it.
if (x[0, 0] > 0.5f && Sum(x)) { y = y * 2f; }
return (y, v);
