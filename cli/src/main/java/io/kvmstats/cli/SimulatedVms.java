package io.kvmstats.cli;

import io.kvmstats.linux.JavaProcess;
import io.kvmstats.publish.simulate.Script;
import io.kvmstats.publish.simulate.SimulatorMain;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** VMs that are made up, each a process that publishes them. */
final class SimulatedVms implements DemoVms {
  private final List<JavaProcess> processes = new ArrayList<>();
  private final List<String> sentences = new ArrayList<>();

  private SimulatedVms() {}

  static SimulatedVms start(int vms, int vcpus, long seed) throws IOException {
    SimulatedVms simulated = new SimulatedVms();
    try {
      for (int vm = 0; vm < vms; vm++) {
        simulated.add(vm, vcpus, seed);
      }
      for (JavaProcess process : simulated.processes) {
        process.awaitRunning();
      }
      return simulated;
    } catch (IOException | RuntimeException e) {
      simulated.close();
      throw e;
    }
  }

  private void add(int vm, int vcpus, long seed) throws IOException {
    String name = "simulated-" + vm;
    List<String> arguments = new ArrayList<>(List.of("-name", name, Long.toString(seed)));
    arguments.addAll(List.of(Integer.toString(vm), Integer.toString(vcpus)));
    processes.add(JavaProcess.start(SimulatorMain.class, arguments));
    Script script = Script.of(seed, vm, vcpus);
    sentences.add(
        IntStream.range(0, vcpus)
            .mapToObj(vcpu -> "vCPU " + vcpu + " " + script.sentence(vcpu))
            .collect(Collectors.joining("; ", name + ": ", "")));
  }

  @Override
  public List<String> sentences() {
    return sentences;
  }

  @Override
  public List<Integer> pids() {
    return processes.stream().map(JavaProcess::pid).toList();
  }

  @Override
  public void close() throws IOException {
    for (JavaProcess process : processes) {
      process.close();
    }
  }
}
