package io.kvmstats.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program beside this process, and no child of its: Java waits for children of its own, and would
 * see the stops of one that is traced.
 *
 * @param shell waits for it, and has its standard input and output
 * @param pid the program's
 * @param output of the program
 */
record Beside(Process shell, int pid, BufferedReader output) implements AutoCloseable {
  private static final String SCRIPT = "exec 3<&0; \"$@\" <&3 3<&- & echo $!; exec 3<&-; wait $!";

  /**
   * Starts one.
   *
   * @param saysReady whether it prints "ready" when it is, which is waited for
   */
  static Beside start(boolean saysReady, String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of("sh", "-c", SCRIPT, "sh"));
    all.addAll(List.of(command));
    Process shell = new ProcessBuilder(all).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader output = shell.inputReader(StandardCharsets.UTF_8);
    String pid = String.valueOf(output.readLine());
    String ready = saysReady ? String.valueOf(output.readLine()) : "ready";
    assertThat(List.of(pid, ready)).contains("ready"); // Either may be the first to print.
    return new Beside(shell, Integer.parseInt(pid.equals("ready") ? ready : pid), output);
  }

  void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Integer.toString(pid)).start().waitFor();
  }

  /** Says a line to it. */
  void say(String line) throws IOException {
    shell.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    shell.getOutputStream().flush();
  }

  /** Ends its standard input, and with that it. */
  void assertEndsWell() throws Exception {
    shell.getOutputStream().close();
    assertThat(shell.waitFor(30, TimeUnit.SECONDS)).as("ends").isTrue();
    assertThat(shell.exitValue()).as("what it ended with").isZero();
  }

  @Override
  public void close() {
    if (shell.isAlive()) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    shell.onExit().join();
  }
}
