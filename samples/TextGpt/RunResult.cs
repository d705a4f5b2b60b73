using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextGpt;

/// <summary>What a run found, for the last line of <c>--json</c>. Null where it does not apply.</summary>
public sealed record RunResult
{
    private static readonly JsonSerializerOptions s_options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    [JsonPropertyName("mode")]
    public required string Mode { get; init; }

    [JsonPropertyName("steps")]
    public required int Steps { get; init; }

    [JsonPropertyName("loss_first")]
    public double? LossFirst { get; init; }

    [JsonPropertyName("loss_last")]
    public double? LossLast { get; init; }

    [JsonPropertyName("loss_held_out")]
    public double? LossHeld { get; init; }

    [JsonPropertyName("loss_step1_rel_diff")]
    public double? LossStep1RelativeDifference { get; init; }

    [JsonPropertyName("loss_max_rel_diff")]
    public double? LossMaxRelativeDifference { get; init; }

    [JsonPropertyName("grad_max_rel_diff")]
    public double? GradientMaxRelativeDifference { get; init; }

    [JsonPropertyName("tokens_per_s_eager")]
    public double? TokensPerSecondEager { get; init; }

    [JsonPropertyName("tokens_per_s_graph")]
    public double? TokensPerSecondGraph { get; init; }

    [JsonPropertyName("managed_bytes_per_step")]
    public double? ManagedBytesPerStep { get; init; }

    [JsonPropertyName("compile_ms")]
    public double? CompileMilliseconds { get; init; }

    [JsonPropertyName("compiled_graphs")]
    public int? CompiledGraphs { get; init; }

    [JsonPropertyName("llvm_loaded")]
    public bool? LlvmLoaded { get; init; }

    [JsonPropertyName("first_step_ms")]
    public double? FirstStepMilliseconds { get; init; }

    /// <summary>FLOPs of the model's matrix products over the time of the steady steps, as a share of the measured FMA peak.</summary>
    [JsonPropertyName("share_of_peak")]
    public double? ShareOfPeak { get; init; }

    /// <summary>The median of the steady steps.</summary>
    [JsonPropertyName("step_ms")]
    public double? StepMilliseconds { get; init; }

    /// <summary>The working memory of the compiled graphs.</summary>
    [JsonPropertyName("arena_bytes")]
    public long? ArenaBytes { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, s_options);
}
