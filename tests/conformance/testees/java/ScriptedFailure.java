/** What a callback throws comes out of the call as it is; this one stands for an error, by its name. */
final class ScriptedFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  ScriptedFailure(String name) {
    super(name);
  }
}
