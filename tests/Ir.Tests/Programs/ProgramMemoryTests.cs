using System.Collections.Immutable;

namespace Unified.Ir.Tests;

public class ProgramMemoryTests
{
    private static readonly Dim N = Dim.Named("N");

    private static GraphProgram Program(ImmutableArray<BufferPlan> buffers, params ProgramStep[] steps) => new("program", [], [], buffers, [], [.. steps]);

    private static BufferPlan Temporary(Dim bytes, int first, int last, int over = -1) => new(BufferKind.Temporary, -1, bytes, first, last) { Over = over };

    private static Dictionary<string, long> Sized(long n) => new() { ["N"] = n };

    [Fact]
    public void What_takes_a_place_lies_there_and_keeps_it()
    {
        // 0, then 1 and 2 over it in turn, beside 3, which is alive with 0 and 2.
        var memory = ProgramMemory.Of([Program([Temporary(N * 64, 0, 1), Temporary(N * 64, 1, 3, over: 0), Temporary(N * 64, 3, 4, over: 1), Temporary(N * 64, 0, 4)])], Sized(3))[0];
        Assert.Equal(2 * 3 * 64, memory.ArenaBytes);
        Assert.Equal(memory.Offsets[0], memory.Offsets[1]);
        Assert.Equal(memory.Offsets[0], memory.Offsets[2]);
        Assert.NotEqual(memory.Offsets[0], memory.Offsets[3]);
    }

    [Fact]
    public void Without_it_both_are_there()
    {
        var memory = ProgramMemory.Of([Program([Temporary(N * 64, 0, 1), Temporary(N * 64, 1, 2)])], Sized(3))[0];
        Assert.Equal(2 * 3 * 64, memory.ArenaBytes);
    }

    [Fact]
    public void A_program_that_is_called_has_a_block()
    {
        GraphProgram[] programs =
        [
            Program([new(BufferKind.Frame, 1, Dim.Zero, 0, 0), Temporary(N * 64, 0, 1)], new CallStep("inner", 1, [], [], 0), new CallStep("inner", 1, [], [], 0)),
            Program([Temporary(N * 128, 0, 0)]),
        ];
        Assert.Equal(3 * 3 * 64, ProgramMemory.Of(programs, Sized(3))[0].ArenaBytes);
        Assert.Equal(2 * 3 * 64, ProgramMemory.Of(programs, Sized(3), root: 1)[1].ArenaBytes);
    }

    [Fact]
    public void Negative_sizes_are_named() =>
        Assert.Contains("buffer 0 is -64", Assert.Throws<InvalidDataException>(() => ProgramMemory.Of([Program([Temporary(N * 64, 0, 0)])], Sized(-1))).Message, StringComparison.Ordinal);
}
