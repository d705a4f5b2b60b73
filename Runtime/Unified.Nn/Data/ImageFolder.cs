namespace Unified.Nn.Data;

/// <summary>Images in folders, one folder for each class: <c>path/cat/1.png</c>. Classes are numbered in the order of their names, images in that of theirs.</summary>
public sealed class ImageFolder : Dataset<(Tensor Image, int Class)>
{
    private readonly List<(string Path, int Class)> _files = [];
    private readonly Func<string, Tensor> _decode;

    /// <param name="path">The folder of the classes' folders. Images may lie in folders below a class's.</param>
    /// <param name="decode">From a file's path to what an image is, as <c>Images.Load</c> of the package Unified.Nn.Images has it; asked each time an item is, from several threads by a loader with workers.</param>
    /// <param name="endings">How the names of images end, in any case; none: .png, .jpg, .jpeg, .bmp, .gif and .webp.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">It has no folder, or a class has no image.</exception>
    public ImageFolder(string path, Func<string, Tensor> decode, params IReadOnlyList<string> endings)
    {
        ArgumentNullException.ThrowIfNull(decode);
        ArgumentNullException.ThrowIfNull(endings);
        _decode = decode;
        var wanted = endings.Count > 0 ? endings : [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"];
        string[] folders = [.. Directory.GetDirectories(path).Order(StringComparer.Ordinal)];
        Classes = [.. folders.Select(f => Path.GetFileName(f))];
        if (folders.Length == 0)
        {
            throw new InvalidDataException($"'{path}' has no folder: images lie in one for each class");
        }

        foreach (var (number, folder) in folders.Index())
        {
            var before = _files.Count;
            _files.AddRange(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(f => wanted.Any(e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase))).Order(StringComparer.Ordinal).Select(f => (f, number)));
            if (_files.Count == before)
            {
                throw new InvalidDataException($"'{folder}' has no image: no file's name ends in {string.Join(", ", wanted)}");
            }
        }
    }

    /// <summary>The names of the classes by number.</summary>
    public IReadOnlyList<string> Classes { get; }

    public override int Count => _files.Count;

    /// <exception cref="InvalidDataException">The file cannot be decoded; the message has its path.</exception>
    public override (Tensor Image, int Class) this[int index]
    {
        get
        {
            if ((uint)index >= (uint)Count)
            {
                throw new ArgumentOutOfRangeException(nameof(index), index, $"the data set has {Count} items");
            }

            var (path, number) = _files[index];
            return (_decode(path), number);
        }
    }

    /// <summary>Where an item's image is, and its class.</summary>
    public (string Path, int Class) FileOf(int index) => _files[index];
}
