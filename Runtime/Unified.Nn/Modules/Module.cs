using System.Diagnostics.CodeAnalysis;

namespace Unified.Nn;

/// <summary>
/// A part of a model: holds parameters, buffers and other modules in its fields. A partial class that derives from it gets its
/// <see cref="Describe"/> written by the generator, so that nothing is looked up by reflection.
/// </summary>
public abstract class Module
{
    private Parameter[]? _parameters;
    private Parameter[]? _trained;

    /// <summary>Training, as opposed to evaluation: dropout acts. A graph reads it as a host value and is compiled once for each.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>Every parameter of this module and those below it, each once, in the order of the fields.</summary>
    public IReadOnlyList<Parameter> Parameters =>
        _parameters ??= [.. NamedState().Select(s => s.Tensor).OfType<Parameter>().Distinct(ReferenceEqualityComparer.Instance).Cast<Parameter>()];

    /// <summary>
    /// The parameters that are not frozen: what to differentiate and to hand to an optimizer where some are. The same list until one is frozen or freed;
    /// a graph that relied on it is then compiled again.
    /// </summary>
    public IReadOnlyList<Parameter> Trained
    {
        get => IsUpToDate(_trained) ? _trained : _trained = [.. Parameters.Where(p => p.RequiresGrad)];

        // That it can be set tells the capture that it changes.
        protected set => _trained = [.. value];
    }

    /// <summary>The number of numbers in all parameters, frozen ones included.</summary>
    public long ParameterCount => Parameters.Sum(p => p.Size);

    /// <summary>The parameters below this module are no longer among the <see cref="Trained"/> ones of any module, or are so again.</summary>
    public void Freeze(bool frozen = true)
    {
        foreach (var parameter in Parameters)
        {
            parameter.RequiresGrad = !frozen;
        }
    }

    public void Unfreeze() => Freeze(false);

    /// <summary>Switches this module and those below it to training, or to evaluation.</summary>
    public void Train(bool training = true)
    {
        Training = training;
        Describe(new Switch(training));
    }

    public void Evaluate() => Train(false);

    /// <summary>Parameters and buffers with their paths, such as <c>blocks.0.attention.query.weight</c>. A tensor met twice is listed under its first path.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> NamedState()
    {
        var collector = new Collector();
        collector.Collect("", this);
        return collector.Found;
    }

    /// <summary>This module, under the path "", and those below it with their paths, such as <c>blocks.0.attention</c>; each once, parents first.</summary>
    public IReadOnlyList<(string Name, Module Module)> NamedModules()
    {
        var collector = new Collector();
        collector.Collect("", this);
        return collector.Modules;
    }

    /// <summary>A table of the modules below this one: path, class, the shapes of their own parameters and how many numbers those hold.</summary>
    public string Summary() => ModelSummary.Of(this);

    /// <summary>Shows every tensor and module held in a field to the visitor. Written by the generator.</summary>
    protected virtual void Describe(IModuleVisitor visitor)
    {
    }

    // Asked at each call of a graph: it allocates nothing.
    private bool IsUpToDate([NotNullWhen(true)] Parameter[]? trained)
    {
        if (trained is null)
        {
            return false;
        }

        var found = 0;
        var all = Parameters;
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].RequiresGrad && (found == trained.Length || trained[found++] != all[i]))
            {
                return false;
            }
        }

        return found == trained.Length;
    }

    private sealed class Switch(bool training) : IModuleVisitor
    {
        public void Visit(string name, Tensor? value)
        {
        }

        public void Visit(string name, Module? module) => module?.Train(training);

        public void Visit(string name, IEnumerable<Module>? modules)
        {
            foreach (var module in modules ?? [])
            {
                module.Train(training);
            }
        }

        public void Visit(string name, IEnumerable<Tensor>? tensors)
        {
        }
    }

    private sealed class Collector : IModuleVisitor
    {
        private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
        private string _path = "";

        public List<(string Name, Tensor Tensor)> Found { get; } = [];

        public List<(string Name, Module Module)> Modules { get; } = [];

        public void Collect(string path, Module module)
        {
            if (!_seen.Add(module))
            {
                return;
            }

            Modules.Add((path, module));

            var outer = _path;
            _path = path;
            module.Describe(this);
            _path = outer;
        }

        public void Visit(string name, Tensor? value)
        {
            if (value is not null && _seen.Add(value))
            {
                Found.Add((Join(name), value));
            }
        }

        public void Visit(string name, Module? module)
        {
            if (module is not null)
            {
                Collect(Join(name), module);
            }
        }

        public void Visit(string name, IEnumerable<Module>? modules)
        {
            foreach (var (i, module) in (modules ?? []).Index())
            {
                Collect(Join($"{name}.{i}"), module);
            }
        }

        public void Visit(string name, IEnumerable<Tensor>? tensors)
        {
            foreach (var (i, tensor) in (tensors ?? []).Index())
            {
                Visit($"{name}.{i}", tensor);
            }
        }

        private string Join(string name) => _path.Length == 0 ? name : $"{_path}.{name}";
    }
}

/// <summary>What <see cref="Module.Describe"/> talks to.</summary>
public interface IModuleVisitor
{
    void Visit(string name, Tensor? value);

    void Visit(string name, Module? module);

    void Visit(string name, IEnumerable<Module>? modules);

    void Visit(string name, IEnumerable<Tensor>? tensors);
}

/// <summary>The field holds a tensor or module that belongs to somebody else: it is not part of this module's state.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NotStateAttribute : Attribute;
