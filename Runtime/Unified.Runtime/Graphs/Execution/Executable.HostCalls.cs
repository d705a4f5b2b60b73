using Unified.Ir;

namespace Unified.Graphs;

/// <summary>What methods with <c>[Eager]</c> must leave as it is.</summary>
internal sealed unsafe partial class Executable
{
    /// <summary>After a call of a method: what the graph goes on with is what it was.</summary>
    private void CheckUnchanged(string method)
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            var isSet = _compiled.Inputs[i] is ThunkBinding t && !ReferenceEquals(t.Function.Invoke(t.Thunk, t.Self, _thunkArguments[i]), _inputs[i]);
            if (isSet || _inputs[i]!.IsDisposed || _bound[i] != (_inputs[i]!.Storage, _inputs[i]!.Storage.Writes))
            {
                throw new InvalidOperationException(
                    $"'{method}' is [Eager] and has changed a tensor that the graph calling it reads ({_compiled.Image.Programs[0].Inputs[i]}); change it before or after the static graph");
            }
        }

        foreach (var guard in _compiled.Guards)
        {
            if (guard.IsLate && !guard.Holds())
            {
                throw new InvalidOperationException(
                    $"'{method}' is [Eager] and has changed '{guard.Function.Function.Thunks[guard.Thunk].Name}', which the graph calling it has read already; change it before or after the static graph");
            }
        }
    }
}
