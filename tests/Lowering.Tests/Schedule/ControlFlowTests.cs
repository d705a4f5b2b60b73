using Unified.Ir;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>Branches and loops as steps of programs.</summary>
public sealed class ControlFlowTests
{
    private static readonly TensorType Rows = F32(B, T, 4);

    [Theory]
    [InlineData(-100)]
    [InlineData(100)]
    public void A_branch_gives_the_callee_s_outputs_or_the_other_values(double limit)
    {
        var (branch, module) = (new GraphBuilder("branch"), new GraphBuilder("main"));
        var (u, v) = (branch.Input("u", Rows, InputKind.Argument), branch.Input("v", F32(4), InputKind.Argument));
        branch.Output(branch.Apply(OpCode.Softmax, u * v), OutputKind.Result);
        branch.Output(v + 1, OutputKind.Result);
        var callee = branch.Build();

        var (x, w) = (module.Input("x", Rows, InputKind.Argument), module.Input("w", F32(4), InputKind.Argument));
        var condition = module.Apply(OpCode.Greater, module.Sum(x, [0, 1, 2]), module.Scalar(DType.F32, limit));
        var results = module.If(callee, condition, [x * 2, w], [module.Apply(OpCode.Exp, x), w]);
        module.Output(results[0] + 1, OutputKind.Result);
        module.Output(results[1], OutputKind.Result);
        var lowered = Lower(new GraphModule([module.Build(), callee]));
        Assert.Single(Check(lowered).Programs[0].Steps.OfType<BranchStep>());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public void A_loop_runs_as_often_as_its_condition_says(int turns)
    {
        var (body, module) = (new GraphBuilder("body"), new GraphBuilder("main"));
        var count = body.Input("count", new TensorType(DType.I32, Shape.Scalar), InputKind.Argument);
        var (u, v) = (body.Input("u", Rows, InputKind.Argument), body.Input("v", F32(4), InputKind.Argument));
        var next = count + 1;
        body.Output(body.Apply(OpCode.Less, next, body.Scalar(DType.I32, turns)), OutputKind.Result);
        body.Output(next, OutputKind.Result);
        body.Output(body.Apply(OpCode.Softmax, u + v), OutputKind.Result);
        var callee = body.Build();

        var (x, w) = (module.Input("x", Rows, InputKind.Argument), module.Input("w", F32(4), InputKind.Argument));
        var start = module.Scalar(DType.I32, 0);
        var results = module.While(callee, module.Apply(OpCode.Less, start, module.Scalar(DType.I32, turns)), [start, x], [w]);
        module.Output(results[0], OutputKind.Result);
        module.Output(results[1] * 3, OutputKind.Result);
        var lowered = Lower(new GraphModule([module.Build(), callee]));
        Assert.Single(Check(lowered).Programs[0].Steps.OfType<LoopStep>());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public void The_walk_back_over_a_loop_takes_each_turn_as_it_started(int turns)
    {
        var (body, module) = (new GraphBuilder("body"), new GraphBuilder("main"));
        var count = body.Input("count", new TensorType(DType.I32, Shape.Scalar), InputKind.Argument);
        var (u, v) = (body.Input("u", Rows, InputKind.Argument), body.Input("v", F32(4), InputKind.Argument));
        var next = count + 1;
        body.Output(body.Apply(OpCode.Less, next, body.Scalar(DType.I32, turns)), OutputKind.Result);
        body.Output(next, OutputKind.Result);
        body.Output(body.Apply(OpCode.Tanh, u * v) * u, OutputKind.Result);
        var callee = body.Build();

        var (x, w) = (module.Input("x", Rows, InputKind.Argument), module.Input("w", F32(4), InputKind.Argument));
        var start = module.Scalar(DType.I32, 0);
        var results = module.While(callee, module.Apply(OpCode.Less, start, module.Scalar(DType.I32, turns)), [start, x], [w]);
        var loss = module.Sum(results[1] * results[1], [0, 1, 2]);
        foreach (var gradient in module.Gradient(loss, [x, w]))
        {
            module.Output(gradient, OutputKind.Result);
        }

        var lowered = Lower(new GraphModule([module.Build(), callee]));
        var steps = Check(lowered).Programs[0].Steps;
        var loop = Assert.Single(steps.OfType<LoopStep>());
        Assert.Single(steps.OfType<UnwindStep>());

        // The count is not needed for the way back.
        Assert.Equal([1], loop.Saved);
    }
}
