package io.kvmstats.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** A guest's process ends, whatever state it is in. */
class GuestProcessTest {

  @Test
  void oneThatIsStoppedIsKilled() throws Exception {
    GuestTest.assumeKvm();
    ProcessHandle process;
    try (GuestProcess guest = GuestProcess.start("stopped", List.of(Life.HALT)).awaitRunning()) {
      process = ProcessHandle.of(guest.pid()).orElseThrow();
      String pid = Integer.toString(guest.pid());
      assertThat(new ProcessBuilder("kill", "-STOP", pid).start().waitFor()).isZero();
    }
    assertThat(process.isAlive()).isFalse();
  }
}
