namespace Unified.Native;

/// <summary>What the passes of a pipeline may do. The defaults suit IR that is vectorised and unrolled already.</summary>
/// <param name="VectorizeLoops">Auto-vectorise loops.</param>
/// <param name="VectorizeStraightLine">Auto-vectorise straight-line code.</param>
/// <param name="UnrollLoops">Unroll loops.</param>
/// <param name="VerifyEach">Verify after each pass.</param>
public sealed record LlvmPassOptions(
    bool VectorizeLoops = false, bool VectorizeStraightLine = false, bool UnrollLoops = false, bool VerifyEach = false)
{
    public static LlvmPassOptions Default { get; } = new();

    internal nint ToNative()
    {
        nint options = LlvmApi.LLVMCreatePassBuilderOptions();
        LlvmApi.LLVMPassBuilderOptionsSetLoopVectorization(options, VectorizeLoops ? 1 : 0);
        LlvmApi.LLVMPassBuilderOptionsSetLoopInterleaving(options, VectorizeLoops ? 1 : 0);
        LlvmApi.LLVMPassBuilderOptionsSetSLPVectorization(options, VectorizeStraightLine ? 1 : 0);
        LlvmApi.LLVMPassBuilderOptionsSetLoopUnrolling(options, UnrollLoops ? 1 : 0);
        LlvmApi.LLVMPassBuilderOptionsSetVerifyEach(options, VerifyEach ? 1 : 0);
        return options;
    }
}
