package io.kvmstats.bench;

import java.io.IOException;

/** Processes to be found: population.c's. */
final class Population implements AutoCloseable {
  private final Process process;

  private Population(Process process) {
    this.process = process;
  }

  /**
   * Starts them.
   *
   * @param program made of population.c
   * @param vms how many hold a VM
   * @param others how many do not
   * @param vcpus how many each VM has, which never run
   */
  static Population start(String program, int vms, int others, int vcpus) throws IOException {
    return new Population(
        new ProcessBuilder(
                program, Integer.toString(vms), Integer.toString(others), Integer.toString(vcpus))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Waits until all are there. */
  void awaitReady() throws IOException {
    if (!"ready".equals(process.inputReader().readLine())) {
      throw new IOException("the processes to look at could not be started");
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
