using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// Turns the attributes of an assembly's members into what they mean. Kept for as long as the assembly's symbols: those of a reference serve all
/// methods of a compilation, and the next compilation, after a keystroke, too.
/// </summary>
internal sealed class MemberMeanings
{
    private static readonly ConditionalWeakTable<IAssemblySymbol, MemberMeanings> s_all = new();

    private readonly ConcurrentDictionary<ISymbol, OpCode?> _ops = new(SymbolEqualityComparer.Default);
    private readonly ConcurrentDictionary<ISymbol, string?> _intrinsics = new(SymbolEqualityComparer.Default);
    private Dictionary<object, string>? _names;

    public static OpCode? OpOf(ISymbol member) => Of(member) is { } meanings ? meanings._ops.GetOrAdd(member, meanings.ReadOp) : null;

    public static string? IntrinsicOf(ISymbol member) =>
        Of(member)?._intrinsics.GetOrAdd(member, m => m.AttributeOf(KnownNames.IntrinsicAttribute)?.ConstructorArguments.FirstOrDefault().Value as string);

    private static MemberMeanings? Of(ISymbol member) => member.ContainingAssembly is { } assembly ? s_all.GetOrCreateValue(assembly) : null;

    // By name: the numbers of the referenced Unified.Ir need not be the numbers of the one this generator was built with.
    private OpCode? ReadOp(ISymbol member)
    {
        if (member.AttributeOf(KnownNames.OpAttribute)?.ConstructorArguments is not [{ Type: INamedTypeSymbol { TypeKind: TypeKind.Enum } type, Value: { } value }])
        {
            return null;
        }

        _names ??= type.GetMembers().OfType<IFieldSymbol>().Where(f => f.HasConstantValue).GroupBy(f => f.ConstantValue!).ToDictionary(g => g.Key, g => g.First().Name);
        return _names.TryGetValue(value, out var name) && Enum.TryParse<OpCode>(name, out var code) ? code : null;
    }
}
