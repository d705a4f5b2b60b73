using Unified.Nn;
using Unified.Nn.Data;
using Unified.Tool.Apps;

namespace Unified.Tool.Calls;

/// <summary>Turns .npy and .safetensors files into tensors and back.</summary>
internal static class TensorFiles
{
    /// <param name="item"><c>name=file.npy</c>, or <c>name=file.safetensors</c> with a tensor of that name in it.</param>
    public static (string Name, Tensor Tensor) Read(string item)
    {
        var at = item.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
        {
            throw new AppException($"--input {item}: write a parameter's name and a file, as x=images.npy");
        }

        var (name, path) = (item[..at], item[(at + 1)..]);
        if (!path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            return (name, NumpyFile.Load(path));
        }

        var file = Safetensors.Open(path);
        var (found, type) = file.Tensors.FirstOrDefault(t => t.Name == name);
        if (found is null)
        {
            throw new AppException($"{path} has no tensor '{name}'; it has {string.Join(", ", file.Tensors.Select(t => t.Name))}");
        }

        var tensor = Tensor.Zeros([.. type.Shape.Select(d => (int)d.Value)], type.DType);
        file.LoadInto([(name, tensor)]);
        return (name, tensor);
    }

    /// <summary>By the ending of <paramref name="path"/>: one .safetensors or .npz file, or with one tensor a .npy file.</summary>
    public static void Write(string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        switch (Path.GetExtension(path).ToUpperInvariant())
        {
            case ".SAFETENSORS":
                Safetensors.Save(path, tensors);
                break;
            case ".NPZ":
                NumpyFile.SaveAll(path, tensors);
                break;
            case ".NPY" when tensors.Count == 1:
                NumpyFile.Save(path, tensors[0].Tensor);
                break;
            default:
                throw new AppException($"'{path}' can hold no {tensors.Count} tensors: end its name with .safetensors or .npz, or with .npy for one");
        }
    }
}
