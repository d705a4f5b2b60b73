namespace Unified.Syntax.Tests;

/// <summary>Operators, built in and the user's.</summary>
internal static class OperatorRows
{
    private const string G = "Operators";

    private const string Money = "\n===\npublic readonly record struct Money(int Cents) { public static Money operator +(Money a, Money b) => new(a.Cents + b.Cents); public static Money operator -(Money a) => new(-a.Cents); public static Money operator ++(Money a) => new(a.Cents + 1); public static explicit operator int(Money a) => a.Cents; public static implicit operator Money(int a) => new(a); public static bool operator true(Money a) => a.Cents > 0; public static bool operator false(Money a) => a.Cents <= 0; }";

    private const string Pair = "\n===\npublic readonly record struct Pair(Tensor A, Tensor B) { public static Pair operator +(Pair a, Pair b) => new(a.A + b.A, a.B + b.B); public static Pair operator -(Pair a) => new(-a.A, -a.B); public static implicit operator Pair(Tensor t) => new(t, t); public static explicit operator Tensor(Pair p) => p.A; }";

    public static Construct[] All { get; } =
    [
        new(G, "+ - * /", "return (x + x * 2f - 1f) / 3f;", "return x * ((n + 3 * n - 1) / 2);"),
        new(G, "%", "!CS0019 return x % 2f;", "return x * (n % 2);"),
        new(G, "unary + and -", "return -x;", "return x * -n * +2;"),
        new(G, "unary + on a tensor", "!CS0023 return +x;", null),
        new(G, "!", "return Cast(!(x > 0f), DType.F32);", "return !(n > 2) ? x : x * 2f;"),
        new(G, "~", "!CS0023 return Cast(~(x > 0f), DType.F32);", "return x * ~n;"),
        new(G, "++ and --", "!CS0023 x++; return x;", "n++; ++n; n--; return x * n;"),
        new(G, "prefix and postfix value", null, "var a = n++; var b = ++n; return x * (a * 10 + b);"),
        new(G, "== and !=", "return x == x ? x : -x;", "return n == 3 ? x : -x;"),
        new(G, "< > <= >=", "return Cast(x > 0f & x <= 1f, DType.F32);", "return n > 2 && n <= 4 ? x : -x;"),
        new(G, "& | ^", "return Cast((x > 0f) & (x < 1f) | (x > 2f) ^ (x < -2f), DType.F32);", "return x * ((n & 1) + (n | 4) + (n ^ 7));"),
        new(G, "&& of tensors that are no bools: the exception of eager code", "return x[0, 0] < 90f && Sum(x) ? x * 2f : x;", null),
        new(G, "&& and ||", "return Sum(x) > 1f && Sum(x) < 90f || n > 9 ? x * 2f : x;", "return n > 1 && n < 3 || n == 9 ? x * 2f : x;"),
        new(G, "<< >> >>>", null, "return x * ((n << 2) + (n >> 1) + (-n >>> 28));"),
        new(G, "?:", "return Sum(x) > 1f ? x * 2f : x;", "return x * (n > 2 ? 5 : 7);"),
        new(G, "??", "Tensor? y = n > 2 ? x : null; return y ?? x * 2f;", "string? s = n > 2 ? \"abc\" : null; return x * (s ?? \"a\").Length;"),
        new(G, "??=", "Tensor? y = n > 2 ? x : null; y ??= x * 2f; return y;", "int? k = n > 2 ? n : null; k ??= 7; return x * k.Value;"),
        new(G, "= of a field", "_t = x * 2f; return x;\n---\nprivate Tensor? _t;", "_k = n; return x;\n---\nprivate int _k;"),
        new(G, "+= -= *= /=", "x += 1f; x -= 2f; x *= 3f; x /= 2f; return x;", "n += 1; n -= 2; n *= 3; n /= 2; return x * n;"),
        new(G, "%= &= |= ^= <<= >>= >>>=", "var m = x > 0f; m &= x < 1f; m |= x > 2f; m ^= x < -2f; return Cast(m, DType.F32);", "n %= 5; n &= 7; n |= 8; n ^= 1; n <<= 2; n >>= 1; n >>>= 1; return x * n;"),
        new(G, "compound assignment of a field", "_t += Sum(x, 0); return _t;\n---\nprivate Tensor _t = Tensor.Ones([6]);", "_k += n; return x;\n---\nprivate int _k;"),
        new(G, "lifted operators", null, "int? a = n, b = null; return x * ((a + 1) ?? 0) + (b + 1 ?? 5);"),
        new(G, "lifted conversion to a tensor", "int? k = n > 2 ? n : null; Tensor? y = k; return y ?? x;", null),
        new(G, "user's binary operator", "var p = new Pair(x, x * 2f) + new Pair(x, x); return p.A * p.B;" + Pair, "return x * (new Money(n) + new Money(2)).Cents;" + Money),
        new(G, "user's unary operator", "var p = -new Pair(x, x * 2f); return p.A * p.B;" + Pair, "return x * (-new Money(n)).Cents;" + Money),
        new(G, "user's increment", null, "var m = new Money(n); m++; return x * m.Cents;" + Money),
        new(G, "user's conversion", "Pair p = x; return (Tensor)p * 2f;" + Pair, "Money m = n; return x * (int)m;" + Money),
        new(G, "user's true and false", null, "if (new Money(n)) { return x * 2f; } return x;" + Money),
        new(G, "user's checked operator", null, "return x * checked(new Safe(n) + new Safe(1)).V;\n===\npublic readonly record struct Safe(int V) { public static Safe operator +(Safe a, Safe b) => new(unchecked(a.V + b.V)); public static Safe operator checked +(Safe a, Safe b) => new(checked(a.V + b.V)); }"),
        new(G, "user's compound assignment operator", "var a = new Acc(x); a += x * 2f; return a.T;\n===\npublic sealed class Acc(Tensor t) { public Tensor T { get; set; } = t; public void operator +=(Tensor d) { T = T + d; } }", "var a = new Acc(); a += n; return x * a.V;\n===\npublic sealed class Acc { public int V { get; set; } public void operator +=(int d) { V += d; } }"),
        new(G, "user's instance increment operator", null, "var a = new Acc(); a++; return x * a.V;\n===\npublic sealed class Acc { public int V { get; set; } = 2; public void operator ++() { V++; } }"),
        new(G, "order of evaluation", "return (x = x * 2f) + (x = x + 1f) * x;", "return x * ((n = n * 2) + (n = n + 1) * n);"),
    ];
}
