using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Work that takes turns with the steps of a product, whose multiply-adds leave the divider, loads and stores idle.</summary>
/// <param name="Turns">How often; at most <see cref="MicroKernel.Turns"/>.</param>
/// <param name="Carried">Values that a turn hands to the next.</param>
/// <param name="Begin">Begins a turn, given its number and what is handed to it: gives pieces of code, which are spread over the turn's steps, and what it hands on.</param>
internal sealed record BesideProduct(LlvmValue Turns, LlvmValue[] Carried, Func<LlvmValue, LlvmValue[], (IReadOnlyList<Action> Pieces, LlvmValue[] Next)> Begin);
