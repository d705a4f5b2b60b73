using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>Turns a Loop IR kernel into target code. Pure: equal kernels give equal bytes.</summary>
public interface IKernelEmitter
{
    /// <summary>Names the machine and the emitter's own version; part of every cache key.</summary>
    string Target { get; }

    /// <summary>The relocatable object with entry point <paramref name="symbol"/>.</summary>
    byte[] Emit(LoopKernel kernel, string symbol);

    /// <summary>The same as text, for people.</summary>
    string EmitText(LoopKernel kernel, string symbol);
}
