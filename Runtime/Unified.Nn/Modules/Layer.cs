namespace Unified.Nn;

/// <summary>A module that turns one tensor into another, so that it can stand in a <see cref="Sequential"/> or in any list of layers.</summary>
public abstract partial class Layer : Module
{
    [StaticGraph]
    public abstract Tensor Forward(Tensor x);
}
