using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns the temporaries of a program into ones that take each other's places: what a step writes lies where a value of the same size lay that
/// the step reads, element for element, and nothing reads later.
/// </summary>
internal static class ReusePlaces
{
    public static ImmutableArray<BufferPlan> Run(ImmutableArray<BufferPlan> buffers, IReadOnlyList<ProgramStep> steps, ImmutableArray<LoopKernel> kernels)
    {
        var result = buffers.ToBuilder();
        var taken = new HashSet<int>();
        for (var s = 0; s < steps.Count; s++)
        {
            if (steps[s] is not LaunchStep launch || kernels[launch.Kernel] is not (RowKernel or ContractionKernel))
            {
                continue;
            }

            var used = launch.UsedBuffers.Distinct().Where(b => buffers[b].Kind == BufferKind.Temporary).ToList();
            foreach (var made in used.Where(b => buffers[b].FirstStep == s))
            {
                foreach (var read in used.Where(b => buffers[b].LastStep == s && buffers[b].FirstStep < s && buffers[b].Bytes == buffers[made].Bytes))
                {
                    if (FindDonations.ReadsElementForElement(kernels[launch.Kernel], launch, read, made) && taken.Add(read))
                    {
                        result[made] = result[made] with { Over = read };
                        break;
                    }
                }
            }
        }

        return result.ToImmutable();
    }
}
