// Written without a blank, "Max(…)is > 0", the name of a value that the graph gives ran into the word behind it.
var fits = Math.Max(new Tensor[] { x, y, x }.Length, 1) is > 0 and < 4;
return (fits ? x : y, v);
