package io.kvmstats.cli;

import io.kvmstats.guest.GuestMain;
import io.kvmstats.guest.Life;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The demo's VMs, each a process.
 *
 * <p>They end when the pipe to their standard input does, which the kernel sees to however this
 * process ends: no guest is left behind.
 */
final class DemoGuests implements AutoCloseable {
  private final List<Process> processes = new ArrayList<>();
  private final List<String> sentences = new ArrayList<>();

  private DemoGuests() {}

  /** Starts VMs; lives go round over all their vCPUs. */
  static DemoGuests start(int vms, int vcpus) throws IOException {
    DemoGuests guests = new DemoGuests();
    try {
      List<Life> all = List.of(Life.values());
      int next = 0;
      for (int vm = 0; vm < vms; vm++) {
        List<Life> lives = new ArrayList<>();
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
          lives.add(all.get(next++ % all.size()));
        }
        guests.launch("demo-" + vm, lives);
      }
      for (Process process : guests.processes) {
        awaitRunning(process);
      }
      return guests;
    } catch (IOException | RuntimeException e) {
      guests.close();
      throw e;
    }
  }

  private void launch(String name, List<Life> lives) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Small and quick to start: the guest does the work.
    command.addAll(
        List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx32m", "-Xshare:auto"));
    command.addAll(List.of("-p", System.getProperty("jdk.module.path")));
    command.add("--enable-native-access=io.kvmstats.linux");
    Module module = GuestMain.class.getModule();
    command.addAll(List.of("-m", module.getName() + "/" + GuestMain.class.getName()));
    command.addAll(List.of("-name", name));
    StringBuilder sentence = new StringBuilder(name).append(':');
    for (int vcpu = 0; vcpu < lives.size(); vcpu++) {
      command.add(lives.get(vcpu).name().toLowerCase(Locale.ROOT));
      sentence
          .append(vcpu == 0 ? " vCPU " : "; vCPU ")
          .append(vcpu)
          .append(' ')
          .append(lives.get(vcpu).sentence());
    }
    sentences.add(sentence.toString());
    processes.add(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  private static void awaitRunning(Process process) throws IOException {
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    String line = output.readLine();
    if (!"running".equals(line)) {
      throw new IOException("a guest did not start; what it said is above");
    }
  }

  /** {@return what each VM's vCPUs do} */
  List<String> sentences() {
    return sentences;
  }

  List<Integer> pids() {
    return processes.stream().map(process -> Math.toIntExact(process.pid())).toList();
  }

  /** Ends the guests and waits until they have. */
  @Override
  public void close() {
    for (Process process : processes) {
      try {
        process.getOutputStream().close();
        process.waitFor();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted while a guest ends", e);
      }
    }
  }
}
