// Whether the field is set depends on a tensor; if so, it is the argument itself.
_total.Assign(_total * 0.5f + v);
y = y + _total * _last;
if (Sum(x) > 0.1f)
{
    _last = _total;
}

return (y, _last);
