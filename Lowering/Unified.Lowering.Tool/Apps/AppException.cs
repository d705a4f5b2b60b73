namespace Unified.Tool.Apps;

/// <summary>The app is not what the command needs. The message says what to do.</summary>
internal sealed class AppException(string message, Exception? inner = null) : Exception(message, inner);
