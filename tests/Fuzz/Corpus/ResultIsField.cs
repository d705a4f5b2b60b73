// The result and the field are one tensor, which the next call writes to.
if (n > 3)
{
    _last.Assign(v * 3f);
}

_last = v * 2f + _last;
return (x, _last);
