using Unified.Nn.Data;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Files and folders as data sets.</summary>
public sealed class FileSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sources").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_of_folders_is_images_by_class()
    {
        foreach (var name in (string[])["dog/2.png", "dog/1.PNG", "cat/deep/a.jpg", "cat/notes.txt"])
        {
            Write(name, name);
        }

        var images = new ImageFolder(_folder, path => Tensor.Scalar((float)File.ReadAllText(path).Length));
        Assert.Equal(["cat", "dog"], images.Classes);
        Assert.Equal([(14f, 0), (9f, 1), (9f, 1)], images.Select(i => (i.Image.Item<float>(), i.Class)));
        Assert.Equal(["a.jpg", "1.PNG", "2.png"], Enumerable.Range(0, 3).Select(i => Path.GetFileName(images.FileOf(i).Path)));
        Assert.Equal(2, new DataLoader<(Tensor Image, int Class), int>(images, new Shuffled(3, 2, 1), b => b.Sum(i => i.Class)).Count());
        Write("empty/readme", "");
        Assert.Contains("empty' has no image", Assert.Throws<InvalidDataException>(() => new ImageFolder(_folder, _ => Tensor.Scalar(0f))).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => new ImageFolder(Path.Combine(_folder, "dog"), _ => Tensor.Scalar(0f)));
        Assert.Throws<DirectoryNotFoundException>(() => new ImageFolder(Path.Combine(_folder, "cow"), _ => Tensor.Scalar(0f)));
    }

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one", new[] { "one" })]
    [InlineData("one\n", new[] { "one" })]
    [InlineData("one\r\n\nzwölf\n\n", new[] { "one", "", "zwölf", "" })]
    public void Lines_are_read_by_number(string text, string[] lines)
    {
        using var file = new TextLines(Write("lines.txt", text));
        Assert.Equal(lines.Length, file.Count);
        for (var i = lines.Length - 1; i >= 0; i--)
        {
            Assert.Equal(lines[i], file[i]);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => file[lines.Length]);
    }

    [Fact]
    public void Long_files_of_text_are_lines_and_texts()
    {
        string[] lines = [.. Enumerable.Range(0, 30_000).Select(i => new string('x', i % 50) + i)];
        Write("b.txt", string.Join('\n', lines));
        Write("a/a.txt", "first");
        using var file = new TextLines(Path.Combine(_folder, "b.txt"));
        Assert.Equal(lines, file);
        Assert.Equal(["first", File.ReadAllText(Path.Combine(_folder, "b.txt"))], TextLines.Files(_folder));
    }

    [Fact]
    public void Tensors_of_a_file_are_rows()
    {
        var path = Path.Combine(_folder, "x.safetensors");
        var x = Tensor.From<int>([1, 2, 3, 4, 5, 6], 3, 2);
        Safetensors.Save(path, [("x", x), ("y", Tensor.From<float>([0.5f]))]);
        var file = Safetensors.Open(path);
        Assert.Equal([[1, 2], [3, 4], [5, 6]], Dataset.OfRows(file.Load("x")).Select(r => r.ToArray<int>()));
        Assert.Equal("x, y", string.Join(", ", file.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal)));
        Assert.Contains("it has no tensor 'z', but x, y", Assert.Throws<InvalidDataException>(() => file.Load("z")).Message, StringComparison.Ordinal);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
