// One kernel wrote the state's new value in place before it read the old one for another result.
v += v;
x = x * (x * 0.5f) + (_total * 0.5f + v) * _last;
_total.Assign(v);
return (x, Sin(v));
