namespace Unified.Nn;

/// <summary>
/// The agreement of translations with a reference each: the geometric mean of the shares of 1- to n-grams that the reference has, times exp(1 − r/c) where
/// the translations (c words) are shorter than the references (r words) (Papineni et al., 2002). Counted over all sentences together.
/// </summary>
public sealed class Bleu(int longest = 4)
{
    private readonly long[] _found = new long[longest];
    private readonly long[] _all = new long[longest];
    private long _words;
    private long _referenceWords;

    /// <summary>Between 0 and 1.</summary>
    public double Value
    {
        get
        {
            if (_found.Any(f => f == 0))
            {
                return 0;
            }

            var mean = Enumerable.Range(0, longest).Average(n => Math.Log((double)_found[n] / _all[n]));
            return Math.Exp(mean + Math.Min(0, 1 - ((double)_referenceWords / _words)));
        }
    }

    public void Update(IReadOnlyList<string> words, IReadOnlyList<string> reference)
    {
        _words += words.Count;
        _referenceWords += reference.Count;
        for (var n = 1; n <= longest; n++)
        {
            var there = Grams(reference, n);
            foreach (var (gram, count) in Grams(words, n))
            {
                _found[n - 1] += Math.Min(count, there.GetValueOrDefault(gram));
                _all[n - 1] += count;
            }
        }
    }

    // No word holds a line break.
    private static Dictionary<string, int> Grams(IReadOnlyList<string> words, int n) => Enumerable.Range(0, Math.Max(0, words.Count - n + 1))
        .Select(i => string.Join('\n', words.Skip(i).Take(n))).CountBy(g => g).ToDictionary();
}
