using System.Text;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Targets.Text;

/// <summary>Turns a Loop IR kernel into its own text: a target for people, which no machine runs.</summary>
public sealed class IrEmitter : IKernelEmitter
{
    public string Target => "ir/1";

    public byte[] Emit(LoopKernel kernel, string symbol) => Encoding.UTF8.GetBytes(EmitText(kernel, symbol));

    public string EmitText(LoopKernel kernel, string symbol) => $"# {symbol}\n{LoopText.Print(kernel)}\n";
}
