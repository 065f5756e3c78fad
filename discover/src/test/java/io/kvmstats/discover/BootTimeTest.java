package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BootTimeTest {
  /** The JVM has its own account of when it was started. */
  @Test
  void aProcessWasStartedWhenItWas() throws IOException {
    int self = Math.toIntExact(ProcessHandle.current().pid());
    long ticks = new ProcFs(Path.of("/proc")).startTicks(self);
    long expected = ProcessHandle.current().info().startInstant().orElseThrow().toEpochMilli();

    long millis = BootTime.read().orElseThrow().startMillis(new Vmm.Key(self, ticks));
    assertThat(millis).isBetween(expected - 1500, expected + 1500);
  }
}
