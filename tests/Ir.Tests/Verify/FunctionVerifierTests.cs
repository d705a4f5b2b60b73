namespace Unified.Ir.Tests;

public sealed class FunctionVerifierTests
{
    private const string Valid =
        """
        func @f(this: host<M>) -> tensor<Tensor> {
          registers 40
          locals {
            $0 this: host<M>
            $1 x: tensor<Tensor>
          }
          thunks {
            !0 "two"(host<int>, host<int>) -> host<int>
            !1 "set"(tensor<Tensor>) -> void<void>
            !2 "get"() -> tensor<Tensor>
          }
          callees {
            @0 g
          }
          body {
            %0 = load $1
            %1 = literal true
            BODY
            return %0
          }
        }
        """;

    [Theory]
    [InlineData("parameters-are-locals", "$0 this: host<M>", "$0 this: host<N>", "parameter 0 (this) is not local 0")]
    [InlineData("registers-in-range", "BODY", "%77 = load $1", "instruction 2 (%77 = load): the function has 40 registers")]
    [InlineData("assigned-once", "BODY", "%1 = load $1", "the register is assigned already")]
    [InlineData("assigned-before-use", "BODY", "%3 = rank %2 %2 = load $0", "instruction 2 (%3 = rank): %2 is not assigned before it")]
    [InlineData("assigned-before-use", "BODY", "if %1 { %2 = load $0 } else {} %3 = rank %2", "%2 is not assigned before it")]
    [InlineData("assigned-before-use", "BODY", "loop test_last while { yield %9 } do {} step {}", "yields %9, which is not assigned")]
    [InlineData("references-in-range", "BODY", "%2 = load $9", "there is no local 9; the function has 2")]
    [InlineData("references-in-range", "BODY", "%2 = call @9()", "there is no callee 9; the function has 1")]
    [InlineData("references-in-range", "BODY", "throw !9()", "there is no thunk 9; the function has 3")]
    [InlineData("references-given", "BODY", "%2 = rank _", "a register is missing")]
    [InlineData("blocks-yield", "BODY", "if %1 { yield %1 } else {}", "yields a value that nothing takes")]
    [InlineData("blocks-yield", "BODY", "%2 = value_and_grad {} wrt %0", "must yield a value")]
    [InlineData("blocks-yield", "return %0", "return %0 yield %0", "the body yields a value")]
    [InlineData("result-given", "BODY", "rank %0", "has no register for its result")]
    [InlineData("host-operator", "BODY", "%2 = host frob(%1): int", "there is no operator 'frob'")]
    [InlineData("host-operator", "BODY", "%2 = host neg(%1, %1): int", "'neg' takes 1 operands, not 2")]
    [InlineData("host-operator", "BODY", "%2 = host neg(%1): decimal", "not 'decimal'")]
    [InlineData("list-operator", "BODY", "list_step sort(%0)", "there is no operator 'sort' of lists")]
    [InlineData("list-operator", "BODY", "list_step set(%0, %1)", "'set' takes 3 operands and gives nothing")]
    [InlineData("list-operator", "BODY", "%2 = list_step clear(%0)", "'clear' takes 1 operands and gives nothing")]
    [InlineData("returns", "BODY", "inline { return %0 }", "the inlined function around it gives nothing")]
    [InlineData("leaves-a-loop", "BODY", "%2 = inline { break }", "no body of a loop is around it")]
    [InlineData("thunk-arguments", "BODY", "%2 = thunk !0(%1)", "thunk 0 (two) takes 2 arguments, not 1")]
    [InlineData("thunk-arguments", "BODY", "rebind !1(%1), %0 get _", "thunk 1 (set) takes 1 arguments, not 2")]
    [InlineData("thunk-arguments", "BODY", "throw !2(%1)", "thunk 2 (get) takes 0 arguments, not 1")]
    [InlineData("host-call-type", "BODY", "%2 = host_call !2() order %0 gives text()", "not 'text' with 0 sizes")]
    [InlineData("host-call-type", "BODY", "%2 = host_call !2() order %0 gives int(%1)", "not 'int' with 1 sizes")]
    [InlineData("op-arguments", "BODY", "%2 = apply add(x=%0)", "add needs 'y'")]
    [InlineData("op-arguments", "BODY", "%2 = apply neg(x=%0, z=%0)", "neg has no operand or attribute 'z'")]
    [InlineData("op-arguments", "BODY", "%2 = apply neg(x=%0, x=%0)", "'x' is given more than once")]
    [InlineData("op-arguments", "BODY", "%2 = apply gradient(loss=%0)", "gradient stands only in graphs")]
    [InlineData("index-items", "BODY", "%2 = index %0[at]", "an index of kind 'at'")]
    [InlineData("index-items", "BODY", "%2 = index %0[every %1]", "an index of kind 'every'")]
    [InlineData("leaves-a-loop", "BODY", "break", "no body of a loop is around it")]
    [InlineData("leaves-a-loop", "BODY", "loop test_first while { yield %1 } do {} step { continue }", "no body of a loop is around it")]
    [InlineData("leaves-a-loop", "BODY", "foreach $1 in %0 { %2 = value_and_grad { break yield %0 } wrt %0 }", "no body of a loop is around it")]
    [InlineData("returns", "BODY", "return _", "the function returns tensor<Tensor>")]
    [InlineData("returns", "BODY", "%2 = value_and_grad { return %0 yield %0 } wrt %0", "leaves a function that is differentiated")]
    public void A_broken_rule_is_named(string rule, string part, string replacement, string message)
    {
        var function = FunctionText.Parse(Valid.Replace(part, replacement, StringComparison.Ordinal).Replace("BODY", "", StringComparison.Ordinal));
        var problem = Assert.Single(FunctionVerifier.Verify(function));
        Assert.StartsWith($"func @f: {rule}: ", problem, StringComparison.Ordinal);
        Assert.Contains(message, problem, StringComparison.Ordinal);
        Assert.Equal([problem], Assert.Throws<IrVerifyException>(() => FunctionVerifier.Check(function)).Problems);
    }

    [Fact]
    public void A_literal_of_another_type_is_named()
    {
        var function = Parse("") with { Body = new Block([new LiteralInstruction(0, 'c')]) };
        Assert.Contains("literal-kind: instruction 0 (%0 = literal): ", Assert.Single(FunctionVerifier.Verify(function)), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_rule_has_an_example()
    {
        var named = typeof(FunctionVerifierTests).GetMethod(nameof(A_broken_rule_is_named))!
            .GetCustomAttributes(typeof(InlineDataAttribute), false).Select(a => (string)((InlineDataAttribute)a).Data[0]!);
        Assert.Empty(FunctionVerifier.RuleNames.Except(named).Except(["literal-kind"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("foreach $1 in %0 { if %1 { break } else { continue } }")]
    [InlineData("if %1 { %2 = rank %0 %3 = rank %0 } else { return %0 }")]
    [InlineData("%2 = value_and_grad { %3 = load $1 foreach $1 in %3 { break } yield %3 } wrt %0")]
    [InlineData("rebind !1(), %0 get !2")]
    [InlineData("call @0(%0) thunk !0(%1, %1)")]
    public void A_valid_function_passes(string body) => FunctionVerifier.Check(Parse(body));

    private static Function Parse(string body) => FunctionText.Parse(Valid.Replace("BODY", body, StringComparison.Ordinal));
}
