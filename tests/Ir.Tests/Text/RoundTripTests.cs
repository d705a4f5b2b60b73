using CsCheck;

namespace Unified.Ir.Tests;

/// <summary>parse∘print = id and decode∘encode = id over random IR, which the verifiers accept.</summary>
public sealed class RoundTripTests
{
    private static void ForAll<T>(Func<Draw, T> make, Action<T> law, long iterations = 1000) =>
        Gen.Int.Sample(seed => law(make(new Draw(seed))), iter: iterations);

    private static void ForAllModules(Action<GraphModule> law) => ForAll(d => new RandomGraphs(d).Module(), law);

    private static void ForAllFunctions(Action<Function> law) => ForAll(RandomFunctions.Next, law);

    [Fact]
    public void Modules_parse_back() => ForAllModules(m =>
    {
        var text = GraphText.Print(m, sources: true);
        var parsed = GraphText.Parse(text);
        Structure.Same(m, parsed);
        Assert.Equal(text, GraphText.Print(parsed, sources: true));
    });

    [Fact]
    public void Functions_parse_back() => ForAllFunctions(f =>
    {
        var text = FunctionText.Print(f, sources: true);
        var parsed = FunctionText.Parse(text);
        Structure.Same(f, parsed);
        Assert.Equal(text, FunctionText.Print(parsed, sources: true));
    });

    [Fact]
    public void Places_are_printed_only_when_asked() => ForAllFunctions(f =>
    {
        var text = FunctionText.Print(f);
        Assert.Equal(text, FunctionText.Print(FunctionText.Parse(text), sources: true));
    });

    [Fact]
    public void Modules_decode_back() => ForAllModules(m =>
    {
        var bytes = GraphCodec.Encode(m);
        var decoded = GraphCodec.Decode(bytes);
        Structure.Same(m, decoded);
        Assert.Equal(bytes, GraphCodec.Encode(decoded));
    });

    [Fact]
    public void Functions_decode_back() => ForAllFunctions(f =>
    {
        var packed = FunctionCodec.Pack(f);
        var unpacked = FunctionCodec.Unpack(packed);
        Structure.Same(f, unpacked);
        Assert.Equal(packed, FunctionCodec.Pack(unpacked));
    });

    [Fact]
    public void Images_decode_back() => ForAll(d => new RandomImages(d).Image(), i =>
    {
        var bytes = ProgramImageCodec.Encode(i);
        var decoded = ProgramImageCodec.Decode(bytes);
        Structure.Same(i, decoded);
        Assert.Equal(bytes, ProgramImageCodec.Encode(decoded));
    });

    [Fact]
    public void Artifacts_decode_back() => ForAll(d => new RandomArtifacts(d).Artifact(), a =>
    {
        var bytes = ArtifactCodec.Encode(a);
        var decoded = ArtifactCodec.Open(bytes).Read();
        Structure.Same(a, decoded);
        Assert.Equal(bytes, ArtifactCodec.Encode(decoded));
    });

    [Fact]
    public void Random_modules_are_valid() => ForAllModules(m => Assert.Empty(GraphVerifier.Verify(m)));

    [Fact]
    public void Random_functions_are_valid() => ForAllFunctions(f => Assert.Empty(FunctionVerifier.Verify(f)));

    [Fact]
    public void Random_modules_reach_every_op()
    {
        var missing = OpTable.All.Select(o => o.Code).ToHashSet();
        for (var seed = 0; seed < 60_000 && missing.Count > 0; seed++)
        {
            missing.ExceptWith(new RandomGraphs(new Draw(seed)).Module().Graphs.SelectMany(g => g.Nodes).Select(n => n.Op.Code));
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void Random_functions_reach_every_instruction()
    {
        var reached = new HashSet<Type>();
        for (var seed = 0; seed < 500; seed++)
        {
            Collect(RandomFunctions.Next(new Draw(seed)).Body, reached);
        }

        var all = typeof(Instruction).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Instruction)));
        Assert.Empty(all.Except(reached));
    }

    private static void Collect(Block block, HashSet<Type> reached)
    {
        foreach (var instruction in block.Instructions)
        {
            reached.Add(instruction.GetType());
            foreach (var inner in instruction.GetType().GetProperties().Where(p => p.PropertyType == typeof(Block)))
            {
                Collect((Block)inner.GetValue(instruction)!, reached);
            }
        }
    }
}
