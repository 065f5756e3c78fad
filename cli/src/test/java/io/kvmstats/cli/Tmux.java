package io.kvmstats.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** A terminal that a test looks at and types on: a tmux of its own. */
final class Tmux implements AutoCloseable {
  private final String socket;

  private Tmux(String socket) {
    this.socket = socket;
  }

  /**
   * Starts a command on a terminal, and a shell after it.
   *
   * @param environment such as {@code NO_COLOR=1}
   */
  static Tmux start(int columns, int rows, List<String> environment, List<String> command)
      throws IOException {
    Tmux tmux =
        new Tmux("kvmstats-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime());
    List<String> arguments =
        new ArrayList<>(
            List.of("-f", "/dev/null", "-u", "new-session", "-d", "-x", columns + "", "-y"));
    arguments.addAll(List.of(rows + "", "env"));
    arguments.addAll(environment);
    arguments.addAll(
        List.of("LC_ALL=C.UTF-8", "sh", "-c", "\"$@\"; echo \"exit: $?\"; exec sh", "sh"));
    arguments.addAll(command);
    tmux.run(arguments.toArray(String[]::new));
    return tmux;
  }

  private String run(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("tmux", "-L", socket));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException(command + ": " + out);
    }
    return out;
  }

  /** Presses keys, by tmux's names for them. */
  void keys(String... keys) throws Exception {
    for (String key : keys) {
      run("send-keys", key);
      Thread.sleep(100); // One key after another, as fingers do it; what it leads to is waited for.
    }
  }

  /** Types a text. */
  void type(String text) throws IOException {
    run("send-keys", "-l", text);
  }

  void resize(int columns, int rows) throws IOException {
    run("resize-window", "-x", columns + "", "-y", rows + "");
  }

  /** {@return what is on the screen, a line each, without the blanks at their ends} */
  String screen() throws IOException {
    return run("capture-pane", "-p");
  }

  /** {@return that, with the escape sequences of its colours} */
  String colours() throws IOException {
    return run("capture-pane", "-p", "-e");
  }

  /** {@return the screen, once a regular expression is found in it} */
  String await(String regex) throws Exception {
    Pattern pattern = Pattern.compile(regex, Pattern.MULTILINE);
    if (!App.eventually(() -> pattern.matcher(screen()).find())) {
      throw new AssertionError("no '" + regex + "' on the screen:\n" + screen());
    }
    return screen();
  }

  @Override
  public void close() throws IOException {
    run("kill-server");
  }
}
