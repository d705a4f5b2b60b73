using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Unified.Ir.Tests;

/// <summary>Turns a record into a full account of its content, so that two are compared by all they hold, independent of the printers.</summary>
internal static class Structure
{
    public static string Of(object? value)
    {
        var text = new StringBuilder();
        Add(text, value);
        return text.ToString();
    }

    public static void Same(object? expected, object? actual) => Assert.Equal(Of(expected), Of(actual));

    private static void Add(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case string s:
                text.Append('"').Append(s.Length).Append(':').Append(s).Append('"');
                break;
            case double d:
                text.Append("double ").Append(BitConverter.DoubleToInt64Bits(d));
                break;
            case float f:
                text.Append("float ").Append(BitConverter.SingleToInt32Bits(f));
                break;
            case Dim or Op:
                text.Append(value.GetType().Name).Append(' ').Append(value);
                break;
            case IConvertible c:
                text.Append(value.GetType().Name).Append(' ').Append(c.ToString(CultureInfo.InvariantCulture));
                break;
            case Attributes a:
                Add(text, a.Items);
                break;
            case IEnumerable items:
                text.Append('[');
                foreach (var item in items)
                {
                    Add(text, item);
                    text.Append(',');
                }

                text.Append(']');
                break;
            default:
                text.Append(value.GetType().Name).Append('{');
                foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                {
                    text.Append(property.Name).Append('=');
                    Add(text, property.GetValue(value));
                    text.Append(';');
                }

                text.Append('}');
                break;
        }
    }
}
