// A field set to another field's tensor is that tensor, not a copy of what it held.
_total.Assign(_total * 0.5f + v);
y = y + _total * _last;
_last = flag ? _total : v;
return (y, v);
