using Xunit.Sdk;
using Xunit.v3;

// Some tests count the bytes that tensors of the whole process hold.
[assembly: Parallelization(Mode = ParallelMode.None)]
