import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** What functions that make a value of a value do. */
final class Edits {
  private Edits() {}

  /** "append V", "set V", "cancel", or else a call, behind which the value stays. */
  static byte[] edit(List<Object> words, int position, byte[] value, Consumer<String> call) {
    String action = (String) words.get(position);
    switch (action) {
      case "append":
        byte[] added = (byte[]) words.get(position + 1);
        byte[] longer = Arrays.copyOf(value, value.length + added.length);
        System.arraycopy(added, 0, longer, value.length, added.length);
        return longer;
      case "set":
        return (byte[]) words.get(position + 1);
      case "cancel":
        throw new ScriptedFailure("cancelled");
      default:
        call.accept(action);
        return value;
    }
  }
}
