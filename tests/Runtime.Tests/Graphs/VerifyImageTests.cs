using System.Collections.Immutable;
using Unified.Graphs;
using Unified.Ir;
using static Unified.Tests.SmallKernels;
using static Unified.Tests.SmallPrograms;

namespace Unified.Tests;

public class VerifyImageTests
{
    public static TheoryData<string, GraphProgram[]> Faults { get; } = new()
    {
        { "program 'root': it calls itself", [Twice("root", 0)] },
        { "program 'root': it calls itself", [Twice("root", 1), Twice("middle", 0)] },
        { "program 'last': it calls itself", [Twice("root", 1), Twice("middle", 2), Twice("last", 2)] },
        { "program 'root': buffer 3 is Frame 1, which is not there", [Twice("root", 1)] },
        { "program 'root': step 0 runs kernel 9", [One(AddNumberStep(At(0), At(1), 1, N) with { Kernel = 9 })] },
        { "program 'root': step 0 has a size that follows from a parameter which", [One(AddNumberStep(At(0), At(1), 1, LaunchStep.ParameterDim(7)))] },
        { "program 'root': step 0 has a size that follows from a parameter which", [One(AddNumberStep(At(0), At(1), 1, N) with { Parameters = [LaunchStep.ParameterDim(0)] })] },
        { "program 'root': step 0 has a size that follows from a parameter which", [One(AddNumberStep(At(0), At(1), 1, N) with { ScratchBytes = LaunchStep.ParameterDim(0) + LaunchStep.ParameterDim(9) })] },
        { "program 'root': step 0 uses buffer 2", [One(AddNumberStep(At(0), At(2), 1, N))] },
        { "program 'root': step 0 uses buffer -1", [One(AddNumberStep(At(-1), At(1), 1, N))] },
        { "program 'root': step 0 calls program 5", [One(new CallStep("call", 5, [At(0)], [At(1)], 0))] },
        { "program 'root': step 0 calls 'double' without a frame of it", [One(new CallStep("call", 1, [At(0)], [At(1)], 0)), Doubling] },
        { "program 'root': step 0 gives 'double' 2 inputs and 0 outputs; it has 1 and 1", [One(new CallStep("call", 1, [At(0), At(0)], [], 0)), Doubling] },
        { "program 'root': step 0 has 1 outputs and 0 values for when it is not taken", [One(new BranchStep("if", 1, At(0), [], [At(0)], [At(1)], 0)), Doubling] },
        { "program 'root': step 0 uses buffer 7", [One(new BranchStep("if", 1, At(7), [At(0)], [At(0)], [At(1)], 0)), Doubling] },
        { "program 'root': step 0 carries 1 values from 1 first ones, and its body gives 1", [One(new LoopStep("while", 1, At(0), [At(0)], [At(1)], [At(0)], [At(1)], 0)), Doubling] },
        { "program 'root': step 0 uses buffer 9", [One(Order("f32[4]", "i64[4]") with { Buffers = [At(0), At(9)] })] },
        { "program 'root': step 0 runs arg_sort in a way that it cannot be", [One(Order("f32[4]", "i64[5]"))] },
        { "program 'root': step 0 runs arg_sort in a way that it cannot be", [One(Order("i32[4]", "i64[4]"))] },
        { "program 'root': step 0 runs arg_sort in a way that it cannot be", [One(Order("f32[4]"))] },
        { "program 'root': step 0 runs arg_sort in a way that it cannot be", [One(Order("f32[4]", "i64[4]") with { Attributes = Attributes.Empty })] },
        { "program 'root': step 0 runs exp in a way that it cannot be", [One(Order("f32[4]", "f32[4]") with { Op = OpTable.Get(OpCode.Exp) })] },
        { "program 'root': buffer 0 is Input 1", [Program("root", 1, 0, [In(1)], [])] },
        { "program 'root': buffer 0 is Output 0", [Program("root", 1, 0, [Out(0)], [])] },
        { "program 'root': buffer 0 is Constant 0", [Program("root", 0, 0, [new BufferPlan(BufferKind.Constant, 0, 4, 0, 0)], [])] },
        { "program 'root': buffer 0 is alive from step 2 to step 1", [Program("root", 0, 0, [Temporary(4, 2, 1)], [])] },
        { "program 'root': buffer 1 cannot take the place of buffer 0", [Program("root", 0, 0, [Temporary(4, 0, 1), Temporary(4, 2, 3) with { Over = 0 }], [])] },
        { "program 'root': buffer 1 cannot take the place of buffer 0", [Program("root", 0, 0, [Temporary(4, 0, 1), Temporary(8, 1, 3) with { Over = 0 }], [])] },
        { "program 'root': buffer 0 cannot take the place of buffer 0", [Program("root", 0, 0, [Temporary(4, 1, 1) with { Over = 0 }], [])] },
        { "program 'root': buffer 1 cannot take the place of buffer 0", [Program("root", 1, 0, [In(0), Temporary(4, 0, 3) with { Over = 0 }], [])] },
        { "program 'root': buffer 0 cannot take the place of buffer 4", [Program("root", 0, 0, [Temporary(4, 1, 1) with { Over = 4 }], [])] },
        { "program 'root': input 1 cannot be donated to output 0", [Program("root", 1, 1, [In(0), Out(0)], [], [new Donation(0, 1)])] },
        { "the image has no program", [] },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Fault_is_named(string message, GraphProgram[] programs)
    {
        var e = Assert.Throws<InvalidDataException>(() => VerifyImage.Run(Image(programs)));
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Good_images_pass()
    {
        VerifyImage.Run(Plus(1));
        VerifyImage.Run(Image(One(AddNumberStep(At(0), At(1), 1, N) with { Parameters = [8, LaunchStep.ParameterDim(0)], Units = LaunchStep.ParameterDim(1) })));
        VerifyImage.Run(Image(Twice("root", 1), Twice("middle", 2), Doubling));
    }

    [Fact]
    public void An_executable_verifies_its_image_and_its_bindings()
    {
        Assert.Throws<InvalidDataException>(() => new Executable(Function(Image(Twice("root", 0))), [new TensorSpec(Vector(N))]));
        var e = Assert.Throws<InvalidDataException>(() => new Executable(Function(Plus(1), [], [new ResultBinding(0)]), [new TensorSpec(Vector(N))]));
        Assert.Contains("differ in number", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("f32[4]", "i64[4]", 16, 32, 0, true)]
    [InlineData("f32[4]", "i64[4]", 16, 24, 0, false)]
    [InlineData("f32[4]", "i64[4]", 12, 32, 0, false)]
    [InlineData("f32[4]", "i64[4]", 16, 32, 8, false)]
    [InlineData("f32[4]", "i64[4]", 16, 32, -8, false)]
    public void Managed_code_is_given_memory_that_is_there(string operand, string result, int operandBytes, int resultBytes, int offset, bool isSound)
    {
        var step = Order(operand, result) with { Buffers = [At(0), new BufferRef(1, offset)] };
        var image = Image(Program("root", 0, 0, [Temporary(operandBytes, 0, 0), Temporary(resultBytes, 0, 0)], [step]));
        VerifyImage.Run(image);
        if (isSound)
        {
            SizedProgram.Of(image, new Dictionary<string, long>());
        }
        else
        {
            Assert.Throws<InvalidDataException>(() => SizedProgram.Of(image, new Dictionary<string, long>()));
        }
    }

    /// <summary>An exception in a finalizer ends the process.</summary>
    [Fact]
    public void A_refused_image_is_finalized_in_peace()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Throws<InvalidDataException>(() => new Executable(Function(Image(Twice("root", 0))), [new TensorSpec(Vector(N))]));
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static ManagedStep Order(params string[] types) => new(
        "sort", OpTable.Get(OpCode.ArgSort), OpTable.Get(OpCode.ArgSort).Complete(Attributes.Empty), [.. types.Select(TensorTypeText.Parse)], [At(0), At(1)]);

    private static GraphProgram One(ProgramStep step) => Program("root", 1, 1, [In(0), Out(0)], [step]);
}
