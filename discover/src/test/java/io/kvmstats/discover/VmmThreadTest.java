package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.discover.VmmThread.Call;
import io.kvmstats.discover.VmmThread.What;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What /proc says of a VMM's threads. */
class VmmThreadTest {
  private static final int SELF = (int) ProcessHandle.current().pid();

  private static VmmThread thread(char state, int tracer, What what) {
    return new VmmThread(7, "worker", state, tracer, false, new Call(what, -1));
  }

  @Test
  void aVcpusThreadIsToldByItsSystemCall() throws IOException {
    // Lines of a QEMU's threads, Linux 6.18.
    String run = "16 0xe 0xae80 0x0 0x0 0x5585dbaff290 0x0 0x7f3bf5037530 0x7f3bf75b2d6b";
    assertThat(VmmThread.call(run)).isEqualTo(new Call(What.RUNS_VCPU, 14));
    String own = "16 0xe 0xae80 0x0 0x0 0x5585dbaff290 0x0 0x0 0x0";
    assertThat(VmmThread.call(own).what()).isEqualTo(What.KERNELS_OWN);
    assertThat(VmmThread.call("running").what()).isEqualTo(What.BUSY);
    String poll = "271 0x5585f476a5d0 0x4 0x7ffcda1f6720 0x0 0x8 0x0 0x7ffcda1f6700 0x7f3bf75b1366";
    assertThat(VmmThread.call(poll).what()).isEqualTo(What.OTHER);
    String other = "16 0xe 0xae03 0x0 0x0 0x5585dbaff290 0x0 0x7f3bf5037530 0x7f3bf75b2d6b";
    assertThat(VmmThread.call(other).what()).isEqualTo(What.OTHER);
    assertThat(VmmThread.call("-1 0x7ffcda1f6700 0x7f3bf75b1366").what()).isEqualTo(What.OTHER);
    assertThat(VmmThread.call("").what()).isEqualTo(What.OTHER);
    assertThatThrownBy(() -> VmmThread.call("16 0xe 0xae80 0 0 0 0 x y"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no number in '16 ");
  }

  @Test
  void whoMayNotBeStoppedIsSaidWithWhatWouldHelp() {
    assertThat(thread('S', 0, What.OTHER).trouble()).isEmpty();
    assertThat(thread('R', 0, What.BUSY).trouble()).isEmpty();
    assertThat(thread('T', 0, What.OTHER).trouble().orElseThrow())
        .isEqualTo("thread 7 is stopped by a signal: let it go on ('kill -CONT')");
    assertThat(thread('t', 9, What.OTHER).trouble().orElseThrow())
        .contains("thread 7 is traced already, by thread 9");
    assertThat(thread('D', 0, What.OTHER).trouble().orElseThrow()).contains("try again later");
    assertThat(thread('Z', 0, What.OTHER).trouble().orElseThrow()).contains("ends (state Z)");
    assertThat(thread('S', 0, What.KERNELS_OWN).trouble().orElseThrow())
        .contains("the kernel's own");
  }

  @Test
  void theThreadsOfThisProcessAreRead() throws IOException {
    List<VmmThread> threads = VmmThread.of(SELF);
    assertThat(threads).hasSizeGreaterThan(1);
    assertThat(threads.getFirst().tid()).isEqualTo(SELF);
    assertThat(threads).extracting(VmmThread::name).contains("Signal Dispatch");
    assertThat(threads).extracting(VmmThread::tracer).containsOnly(0);
    assertThatThrownBy(() -> VmmThread.of(SELF, 999_999_999)).isInstanceOf(IOException.class);
  }
}
