using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Unified.Ir;

namespace Unified.Graphs;

/// <summary>
/// Turns a sized program and all it calls into one flat list of kernel launches over a table of pointers. The table's entries are
/// relative to a few bases (the arena, the constants, each root operand); a base that moves costs one pass over its entries,
/// one that stays costs nothing.
/// </summary>
internal sealed unsafe partial class LaunchList : IDisposable
{
    public const int ArenaBase = 0;

    private readonly long[] _patchOffsets;
    private readonly int[] _patchSlots;
    private readonly int[] _patchStart;
    private readonly byte** _slots;
    private readonly long* _parameters;
    private readonly byte*[] _bases;
    private readonly DerivedRecipe?[] _recipes;
    private readonly DenseCall[] _managed;
    private bool _disposed;

    /// <param name="hostCalls">The managed code of the user, by the numbers in the image.</param>
    /// <param name="isSteady">Per operand of the root, whether it is state that no call of this list changes: what is made of it alone may be kept.</param>
    public LaunchList(ProgramImage image, SizedProgram root, nint[] kernels, bool[] isSteady, ImmutableArray<DenseKernel> hostCalls)
    {
        var flat = new Flattener(image, kernels, isSteady, hostCalls, 1 + image.Constants.Length + root.Program.Inputs.Length + root.Program.Outputs.Length);
        flat.Visit(new Frame(root, OperandBases(root, image), 0));
        Launches = [.. flat.Launches];
        Labels = [.. flat.Labels];
        Kept = [.. flat.Kept];
        _managed = [.. flat.Managed];
        ScratchBytes = Launches.Concat(Kept.Select(k => k.Launch)).Select(l => l.ScratchBytes).DefaultIfEmpty(0).Max();
        ArenaBytes = root.ArenaBytes;
        ConstantBase = 1;
        FirstInput = 1 + image.Constants.Length;
        FirstOutput = FirstInput + root.Program.Inputs.Length;
        FirstKept = FirstOutput + root.Program.Outputs.Length;
        _bases = new byte*[FirstKept + Kept.Length];
        _recipes = new DerivedRecipe?[Kept.Length];

        _slots = (byte**)NativeMemory.AllocZeroed((nuint)Math.Max(1, flat.Slots.Count), (nuint)sizeof(byte*));
        _parameters = (long*)NativeMemory.AllocZeroed((nuint)Math.Max(1, flat.Parameters.Count), sizeof(long));
        for (var i = 0; i < flat.Parameters.Count; i++)
        {
            _parameters[i] = flat.Parameters[i];
        }

        // Entries sorted by their base, so that a base's entries are one range.
        var order = Enumerable.Range(0, flat.Slots.Count).OrderBy(i => flat.Slots[i].Base).ToArray();
        _patchSlots = order;
        _patchOffsets = [.. order.Select(i => flat.Slots[i].Offset)];
        _patchStart = new int[_bases.Length + 1];
        foreach (var slot in flat.Slots)
        {
            _patchStart[slot.Base + 1]++;
        }

        for (var b = 0; b < _bases.Length; b++)
        {
            _patchStart[b + 1] += _patchStart[b];
        }
    }

    ~LaunchList() => Free();

    /// <summary>What an entry of the list does.</summary>
    public enum LaunchKind
    {
        /// <summary>Runs a kernel over its units.</summary>
        Kernel,

        /// <summary>Runs managed code: number <c>Target</c> of the list.</summary>
        Managed,

        /// <summary>Copies <c>Units</c> bytes from the second slot to the first.</summary>
        Copy,

        /// <summary>Goes on at entry <c>Target</c>.</summary>
        Jump,

        /// <summary>Goes on at entry <c>Target</c> where the byte at the slot is zero.</summary>
        JumpIfZero,

        /// <summary>Goes on at entry <c>Target</c> where the byte at the slot is not zero.</summary>
        JumpIfNotZero,

        /// <summary>Writes a tape without turns to the slot.</summary>
        BeginTape,

        /// <summary>Counts a turn on the tape at the slot.</summary>
        BeginTurn,

        /// <summary>Records <c>Units</c> bytes at the slot.</summary>
        Record,

        /// <summary>Writes to the slot how much is recorded.</summary>
        Mark,

        /// <summary>Drops what was recorded since the mark at the slot.</summary>
        Release,

        /// <summary>Sets the cursor at the first slot behind the last turn of the tape at the second.</summary>
        BeginUnwind,

        /// <summary>Goes back one turn and drops what was recorded since the walk began; goes on at entry <c>Target</c> where there is no turn left.</summary>
        TurnBack,

        /// <summary>Copies <c>Units</c> bytes of the turn at the cursor in the first slot to the second.</summary>
        Recall,
    }

    /// <param name="Label">Index into <see cref="Labels"/>.</param>
    public readonly record struct Launch(
        nint Kernel, int Slots, int Parameters, long Units, long Grain, long ScratchBytes, long Flops, long Traffic, int Label)
    {
        public LaunchKind Kind { get; init; }

        public int Target { get; init; }

        /// <summary>Of a recall: the bytes of a turn, and where in them the value lies.</summary>
        public (long Turn, long Offset) Layout { get; init; }
    }

    /// <summary>A launch that is not in the list: it makes, of a root operand alone, what the list's launches read.</summary>
    /// <param name="Input">The operand.</param>
    /// <param name="Offset">Where in it the launch begins to read.</param>
    /// <param name="Bytes">What it makes.</param>
    /// <param name="Parameters">Its numbers.</param>
    /// <param name="Launch">Its slots: the operand, then what it makes.</param>
    public sealed record KeptLaunch(int Input, long Offset, long Bytes, long[] Parameters, Launch Launch);

    public Launch[] Launches { get; }

    public KeptLaunch[] Kept { get; }

    /// <summary>How one of <see cref="Kept"/> is made of memory that it begins to read after so many bytes. Allocates only when these change.</summary>
    public DerivedRecipe RecipeOf(int kept, long offset) =>
        _recipes[kept] is { } known && known.Offset == offset ? known : _recipes[kept] = new DerivedRecipe(Kept[kept].Launch.Kernel, offset, Kept[kept].Parameters);

    /// <summary>What a launch is and where in the C# it came from.</summary>
    public (string Text, SourceSpan? Source, KernelClass? Class)[] Labels { get; }

    public long ScratchBytes { get; }

    public long ArenaBytes { get; }

    public int ConstantBase { get; }

    public int FirstInput { get; }

    public int FirstOutput { get; }

    /// <summary>The base of what the first of <see cref="Kept"/> makes.</summary>
    public int FirstKept { get; }

    /// <summary>Points a base at memory.</summary>
    public void SetBase(int index, byte* pointer)
    {
        if (_bases[index] == pointer)
        {
            return;
        }

        _bases[index] = pointer;
        for (var i = _patchStart[index]; i < _patchStart[index + 1]; i++)
        {
            _slots[_patchSlots[i]] = pointer + _patchOffsets[i];
        }
    }

    public byte* Base(int index) => _bases[index];

    /// <summary>Runs one of <see cref="Kept"/>.</summary>
    public void Make(int kept, WorkPool pool)
    {
        long status = 0;
        var launch = Kept[kept].Launch;
        Start(launch, pool, &status);
        GC.KeepAlive(this);
    }

    /// <summary>Runs every launch in order. Allocates nothing, except in managed code.</summary>
    /// <param name="times">When given, one entry per launch: ticks are added to it.</param>
    /// <returns>The number of the first launch that met an index out of range, or -1.</returns>
    public int Run(WorkPool pool, long[]? times, LoopRecord record)
    {
        long status = 0;
        record.Bytes = 0;
        var launches = Launches;
        for (var i = 0; i < launches.Length; i++)
        {
            ref readonly var launch = ref launches[i];
            if (launch.Kind is not (LaunchKind.Kernel or LaunchKind.Managed))
            {
                i = Control(launch, i, record);
                continue;
            }

            if (launch.Units == 0)
            {
                continue;
            }

            var start = times is null ? 0 : System.Diagnostics.Stopwatch.GetTimestamp();
            if (launch.Kind == LaunchKind.Managed)
            {
                _managed[launch.Target].Run(_slots + launch.Slots);
            }
            else
            {
                Start(launch, pool, &status);
            }

            if (times is not null)
            {
                times[i] += System.Diagnostics.Stopwatch.GetTimestamp() - start;
            }

            if (status != 0)
            {
                // Stop before the bad row reaches any state.
                GC.KeepAlive(this);
                return i;
            }
        }

        GC.KeepAlive(this);
        return -1;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Start(in Launch launch, WorkPool pool, long* status) => pool.Run(
        (delegate* unmanaged<byte**, long*, long, long, byte*, long*, void>)launch.Kernel,
        _slots + launch.Slots, _parameters + launch.Parameters, launch.Units, launch.Grain, status);

    /// <returns>The entry before the one to go on with.</returns>
    private int Control(in Launch launch, int at, LoopRecord record)
    {
        var numbers = (long*)_slots[launch.Slots];
        switch (launch.Kind)
        {
            case LaunchKind.BeginTape:
                (numbers[0], numbers[1]) = (record.Bytes, 0);
                return at;
            case LaunchKind.BeginTurn:
                numbers[1]++;
                return at;
            case LaunchKind.Record:
                record.Add((byte*)numbers, launch.Units);
                return at;
            case LaunchKind.Mark:
                numbers[0] = record.Bytes;
                return at;
            case LaunchKind.Release:
                record.Bytes = numbers[0];
                return at;
            case LaunchKind.BeginUnwind:
                var tape = (long*)_slots[launch.Slots + 1];
                (numbers[0], numbers[1], numbers[2]) = (tape[0], tape[1], record.Bytes);
                return at;
            case LaunchKind.TurnBack:
                record.Bytes = numbers[2];
                return numbers[1]-- == 0 ? launch.Target - 1 : at;
            case LaunchKind.Recall:
                record.Read(numbers[0] + (numbers[1] * launch.Layout.Turn) + launch.Layout.Offset, _slots[launch.Slots + 1], launch.Units);
                return at;
            case LaunchKind.Copy:
                Buffer.MemoryCopy(_slots[launch.Slots + 1], _slots[launch.Slots], launch.Units, launch.Units);
                return at;
            case LaunchKind.JumpIfZero when *_slots[launch.Slots] != 0:
            case LaunchKind.JumpIfNotZero when *_slots[launch.Slots] == 0:
                return at;
            default:
                return launch.Target - 1;
        }
    }

    private void Free()
    {
        if (!_disposed)
        {
            _disposed = true;
            NativeMemory.Free(_slots);
            NativeMemory.Free(_parameters);
        }
    }
}
