// What differs by more than rounding is a difference, also beside values that rounding moves far.
return (x * (Execution.Mode == ExecutionMode.Graph ? 1.0001f : 1f), Grad(() => Sum(Softmax(y * 60f)) * 1000f, y));
