using Unified;
using Unified.Nn.Data;

namespace Classics;

/// <summary>
/// Words of an invented language with vowel harmony: in a right one all vowels are from the front (e, i) or all from the back (a, o, u); in a wrong one
/// the last vowel is from the other side. What the first syllables were has to be remembered to the end.
/// </summary>
public static class Words
{
    /// <summary>Letters, and the blank that words are filled up with in front.</summary>
    public const int Letters = 27;

    public const int Length = 16;

    public static Dataset<(int[] Word, int IsRight)> Of(int count, int seed) => Dataset.Of(count, i => Make(new Random((seed * 1_000_003) + i))).Cache();

    public static (Tensor Words, Tensor AreRight) Batch(IReadOnlyList<(int[] Word, int IsRight)> items) => (
        Tensor.From<int>([.. items.SelectMany(i => i.Word)], items.Count, Length), Collate.Vector(items.Select(i => i.IsRight)));

    private static (int[] Word, int IsRight) Make(Random random)
    {
        const string Consonants = "bdfgklmnprstv";
        string[] vowels = ["ei", "aou"];
        var (side, syllables, isRight) = (random.Next(2), random.Next(3, (Length / 2) + 1), random.Next(2));
        var word = new int[Length];
        for (var i = 0; i < syllables; i++)
        {
            var from = vowels[i == syllables - 1 && isRight == 0 ? 1 - side : side];
            var at = Length - (2 * (syllables - i));
            word[at] = Consonants[random.Next(Consonants.Length)] - 'a' + 1;
            word[at + 1] = from[random.Next(from.Length)] - 'a' + 1;
        }

        return (word, isRight);
    }
}
