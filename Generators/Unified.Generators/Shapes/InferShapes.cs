using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>
/// Turns a captured function into the places where its shapes or element types cannot fit, by running it on what is known before anything
/// runs. What is not known fits everything: only what is wrong for every size is reported.
/// </summary>
internal static class InferShapes
{
    private static readonly ImmutableDictionary<Type, Func<ShapeFrame, Instruction, bool>> s_steps =
        ValueShapes.Rows.Concat(ControlShapes.Rows).Concat(CallShapes.Rows).ToImmutableDictionary(r => r.Key, r => r.Value);

    public static Inference Of(CaptureSession session, Function function)
    {
        var frame = new ShapeFrame(session, function);
        var method = session.Method;
        var parameters = method.Parameters.Select(p => $"{p.Name}: {Text(ArgumentParts.IsGiven(p) ? frame.Of(p) : null, p.Type)}").ToList();
        Run(frame, function.Body);
        var given = !session.HandsBack ? frame.Result : frame.Result is ListFact { Items: [var first, ..] } && !method.ReturnsVoid ? first : null;
        var result = given is TensorFact { SaysNothing: false } || ShapeContract.Of(method.GetReturnTypeAttributes(), session.Types) is not { } promised
            ? Text(given, method.ReturnType)
            : promised.Text(frame.Scope);
        return new(frame.Found, $"{method.Name}({string.Join(", ", parameters)}) -> {result}");
    }

    private static string Text(Fact? fact, ITypeSymbol type) => fact switch
    {
        TensorFact { SaysNothing: false } tensor => tensor.Text,
        ListFact list when type is INamedTypeSymbol { IsTupleType: true } tuple && tuple.TupleElements.Length == list.Items.Length =>
            $"({string.Join(", ", list.Items.Zip(tuple.TupleElements, (i, e) => Text(i, e.Type)))})",
        _ => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat),
    };

    /// <summary>Whether the end of the block is reached.</summary>
    public static bool Run(ShapeFrame frame, Block block)
    {
        foreach (var instruction in block.Instructions)
        {
            frame.Session.Cancellation.ThrowIfCancellationRequested();
            frame.Place(instruction);
            if (instruction.Result != Instruction.None && instruction.Source is { } source)
            {
                frame.Name(instruction.Result, source.Text);
            }

            if (s_steps.TryGetValue(instruction.GetType(), out var step))
            {
                if (!step(frame, instruction))
                {
                    return false;
                }
            }
            else
            {
                frame.SetNothing(instruction.Result);
            }
        }

        return true;
    }

    /// <summary>A row for one kind of instruction, after which the next one runs.</summary>
    public static KeyValuePair<Type, Func<ShapeFrame, Instruction, bool>> Row<T>(Action<ShapeFrame, T> step)
        where T : Instruction => Jump<T>((frame, instruction) =>
        {
            step(frame, instruction);
            return true;
        });

    /// <summary>A row that says whether the next instruction is reached.</summary>
    public static KeyValuePair<Type, Func<ShapeFrame, Instruction, bool>> Jump<T>(Func<ShapeFrame, T, bool> step)
        where T : Instruction => new(typeof(T), (frame, instruction) => step(frame, (T)instruction));
}

/// <summary>What the inference of a method has found.</summary>
/// <param name="Signature"><c>Forward(x: [B, 784]) -> [B, 10] f32</c>; what is not known is named by its C# type.</param>
internal sealed record Inference(ImmutableArray<CaptureDiagnostic> Found, string Signature);
