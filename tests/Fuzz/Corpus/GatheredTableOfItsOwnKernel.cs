// The kernel that computed the table was merged with the one that gathers from it, which read memory nobody had written.
return (x, Gather(v * 2f, Clamp(k, 0.0, 2.0)));
