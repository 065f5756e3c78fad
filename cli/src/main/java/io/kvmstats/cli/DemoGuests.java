package io.kvmstats.cli;

import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The demo's VMs, each a process. */
final class DemoGuests implements DemoVms {
  private final List<GuestProcess> processes = new ArrayList<>();
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
        guests.add("demo-" + vm, lives);
      }
      for (GuestProcess process : guests.processes) {
        process.awaitRunning();
      }
      return guests;
    } catch (IOException | RuntimeException e) {
      guests.close();
      throw e;
    }
  }

  private void add(String name, List<Life> lives) throws IOException {
    processes.add(GuestProcess.start(name, lives));
    StringBuilder sentence = new StringBuilder(name).append(':');
    for (int vcpu = 0; vcpu < lives.size(); vcpu++) {
      sentence
          .append(vcpu == 0 ? " vCPU " : "; vCPU ")
          .append(vcpu)
          .append(' ')
          .append(lives.get(vcpu).sentence());
    }
    sentences.add(sentence.toString());
  }

  @Override
  public List<String> sentences() {
    return sentences;
  }

  @Override
  public List<Integer> pids() {
    return processes.stream().map(GuestProcess::pid).toList();
  }

  @Override
  public void close() throws IOException {
    for (GuestProcess process : processes) {
      process.close();
    }
  }
}
