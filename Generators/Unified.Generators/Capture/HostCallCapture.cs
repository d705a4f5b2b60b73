using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;
using ValueType = Unified.Ir.ValueType;

namespace Unified.Generators;

/// <summary>Turns calls of methods with <c>[Eager]</c> into HostCall instructions: a thunk that makes the call, and the sizes of what it returns.</summary>
internal sealed class HostCallCapture(CaptureSession session)
{
    /// <summary>The method is to run as it is, each time that the graph does.</summary>
    public static bool IsEager(IMethodSymbol method) => method.Has(KnownNames.EagerAttribute);

    public Captured Capture(IInvocationOperation call)
    {
        var method = call.TargetMethod;
        if (TypeOf(method) is not { } type)
        {
            return session.Refuse("UG003", call, $"{method.ContainingType.Name}.{method.Name}", "it is [Eager], and a graph takes a Tensor, a number or nothing from such a method: return that, or call it outside of the static graph");
        }

        if (call.Arguments.FirstOrDefault(a => a.Parameter?.RefKind is not (null or RefKind.None or RefKind.In)) is { } reference)
        {
            return session.Refuse("UG002", reference, "A ref or out argument of an [Eager] method", "return the value");
        }

        var parts = new Parts();
        var receiver = Receiver(call, parts);
        foreach (var argument in call.Arguments.Where(a => a.ArgumentKind != ArgumentKind.DefaultValue))
        {
            Add(argument, parts);
        }

        if (receiver is null || parts.IsMissing)
        {
            return Captured.Missing(session.Types.KindOf(method.ReturnType));
        }

        var order = session.Thunks.Evaluate(
            $"global::{KnownNames.GraphRuntime}.HostOrder", session.Model.Compilation.GetTypeByMetadataName(KnownNames.Tensor)!, isGuard: false, call);
        var dims = type is "same" || type.StartsWith("tensor_", StringComparison.Ordinal) ? Dims(call, parts) : [];
        var thunk = session.Writer.AddThunk(
            new Thunk(Places.OneLine(call.Syntax.ToString(), 60), session.Types.Of(method.ReturnType), [.. parts.Values.Select(v => v.Type)], IsGuard: false),
            $"{receiver}.{SymbolNames.Escaped(method.Name)}{TypeArguments(method)}({string.Join(", ", parts.Texts)})",
            ThunkCapture.FullName(method.ReturnType),
            [.. parts.Parameters],
            method.ReturnsVoid,
            session.Method.IsStatic);
        ImmutableArray<int> arguments = [.. parts.Values.Select(v => v.Register)];
        Instruction Make(int result) => new HostCallInstruction(result, thunk, arguments, order.Register, dims ?? [], dims is null ? "unknown" : type, session.Place(call));
        if (method.ReturnsVoid)
        {
            session.Writer.Emit(Make(Instruction.None));
            return Captured.Missing(ValueKind.Void);
        }

        return new(session.Writer.Emit(Make), session.Types.KindOf(method.ReturnType));
    }

    /// <summary>The word of the instruction for what the method returns; null for what a graph cannot take.</summary>
    private string? TypeOf(IMethodSymbol method)
    {
        if (method.ReturnsVoid)
        {
            return "void";
        }

        if (!session.Types.IsTensor(method.ReturnType))
        {
            return HostArithmetic.NameOf(method.ReturnType);
        }

        return method.AttributeOf(KnownNames.EagerAttribute) is { ConstructorArguments: [{ Value: { } dtype }] } ? "tensor_" + ((DType)Convert.ToInt32(dtype, System.Globalization.CultureInfo.InvariantCulture)).Text()
            : session.Types.IsParameterTensor(method.ReturnType) ? null : "same";
    }

    private string? Receiver(IInvocationOperation call, Parts parts)
    {
        switch (call.Instance)
        {
            case null:
                return ThunkCapture.FullName(call.TargetMethod.ContainingType);
            case IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } self when !session.Members.IsOfGraph(self):
                return self.Syntax is BaseExpressionSyntax ? "base" : "this";
            default:
                var value = session.Expressions.Capture(call.Instance);
                if (!value.IsMissing && value.Kind == ValueKind.Aggregate)
                {
                    session.Report("UG011", call.Instance.Syntax, Places.OneLine(call.Instance.Syntax.ToString(), 60), Places.OneLine(call.Syntax.ToString(), 60));
                    return null;
                }

                return parts.Add(value, call.Instance.Type!, session.Types.Of(call.Instance.Type));
        }
    }

    private void Add(IArgumentOperation argument, Parts parts)
    {
        var value = session.Expressions.Capture(argument.Value);
        if (!value.IsMissing && value.Kind == ValueKind.Aggregate)
        {
            session.Report("UG011", argument.Value.Syntax, Places.OneLine(argument.Value.Syntax.ToString(), 60), Places.OneLine(argument.Parent!.Syntax.ToString(), 60));
            parts.IsMissing = true;
            return;
        }

        var type = argument.Parameter!.Type;
        if (!session.Thunks.CheckType(type, argument.Value) || parts.Add(value, type, session.Types.Of(type)) is not { } name)
        {
            parts.IsMissing = true;
            return;
        }

        parts.Texts.Add($"{SymbolNames.Escaped(argument.Parameter.Name)}: {name}");
        parts.OfParameters[argument.Parameter.Ordinal] = value.Register;
    }

    /// <summary>The sizes that <c>[return: Shape]</c> states; null where it states none, or one that no parameter of the method has.</summary>
    private ImmutableArray<int>? Dims(IInvocationOperation call, Parts parts)
    {
        var method = call.TargetMethod.OriginalDefinition;
        if (session.Types.ShapeAnnotation(method.GetReturnTypeAttributes()) is not { ConstructorArguments: [{ Kind: TypedConstantKind.Array, IsNull: false } stated] })
        {
            return null;
        }

        var dims = ImmutableArray.CreateBuilder<int>();
        foreach (var item in stated.Values)
        {
            int? register = item.Value switch
            {
                int size and >= 0 => session.Writer.Literal(size),
                string name => AxisOf(name),
                _ => null,
            };
            if (register is null)
            {
                return null;
            }

            dims.Add(register.Value);
        }

        return dims.ToImmutable();

        int? AxisOf(string name)
        {
            foreach (var parameter in method.Parameters)
            {
                if (session.Types.ShapeAnnotation(parameter.GetAttributes()) is { ConstructorArguments: [{ Kind: TypedConstantKind.Array, IsNull: false } shape] }
                    && parts.OfParameters.TryGetValue(parameter.Ordinal, out var tensor)
                    && shape.Values.Select(v => v.Value as string).ToList().IndexOf(name) is >= 0 and var axis && shape.Values[0].Value is not "..")
                {
                    var number = session.Writer.Literal(axis);
                    return session.Writer.Emit(r => new DimInstruction(r, tensor, number, session.Place(call)));
                }
            }

            return null;
        }
    }

    private static string TypeArguments(IMethodSymbol method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.TypeArguments.Select(ThunkCapture.FullName))}>" : "";

    /// <summary>What goes into the thunk.</summary>
    private sealed class Parts
    {
        public List<ThunkParameter> Parameters { get; } = [];

        public List<(int Register, ValueType Type)> Values { get; } = [];

        public List<string> Texts { get; } = [];

        /// <summary>By the ordinals of the method's parameters.</summary>
        public Dictionary<int, int> OfParameters { get; } = [];

        public bool IsMissing { get; set; }

        /// <summary>The name of a further argument in the thunk.</summary>
        public string? Add(Captured value, ITypeSymbol type, ValueType kind)
        {
            IsMissing |= value.IsMissing;
            if (value.IsMissing)
            {
                return null;
            }

            var name = $"__a{Parameters.Count}";
            Parameters.Add(new ThunkParameter(ThunkCapture.FullName(type), name));
            Values.Add((value.Register, kind));
            return name;
        }
    }
}
