package io.kvmstats.qmp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** QMP sockets in command lines. */
class MonitorsTest {
  private static Monitors of(String... arguments) {
    return Monitors.of(Stream.concat(Stream.of("qemu"), Stream.of(arguments)).toList());
  }

  @Test
  void bothFormsAreFound() {
    assertThat(
            of(
                "-qmp",
                "unix:/run/a,,b,server=on,wait=off",
                "--qmp-pretty",
                "unix:c,server",
                "-chardev",
                "socket,id=m,path=/run/d=e,server=on,wait=off",
                "-chardev",
                "socket,id=serial,path=/run/no,server=on",
                "-mon",
                "chardev=m,mode=control",
                "-mon",
                "chardev=serial,mode=readline"))
        .isEqualTo(new Monitors(List.of("/run/a,b", "c", "/run/d=e"), List.of()));
  }

  @Test
  void theOthersAreRefusedWithTheReason() {
    Monitors monitors =
        of(
            "-qmp",
            "tcp:localhost:4444,server=on",
            "-qmp",
            "stdio",
            "-qmp",
            "unix:/run/client",
            "-qmp",
            "unix:/run/old,noserver",
            "-chardev",
            "socket,id=charmonitor,fd=24,server=on,wait=off",
            "-mon",
            "chardev=charmonitor,id=monitor,mode=control",
            "-qmp",
            "unix:x,abstract=on,server=on");
    assertThat(monitors.paths()).isEmpty();
    assertThat(monitors.refusals())
        .containsExactlyInAnyOrder(
            "-qmp tcp:localhost:4444 is no Unix socket",
            "-qmp stdio is no Unix socket",
            "-qmp does not listen ('server=on' is missing)",
            "-qmp does not listen ('server=on' is missing)",
            "-qmp is in the abstract namespace, which Java can't connect to",
            "-chardev charmonitor was given to QEMU as a descriptor: it is its giver's, as libvirt's"
                + " is");
  }

  @Test
  void noneIsNone() {
    assertThat(of()).isEqualTo(new Monitors(List.of(), List.of()));
    assertThat(of("-qmp").paths()).isEmpty();
    assertThat(of("-mon", "chardev=gone,mode=control").paths()).isEmpty();
  }

  @Test
  void aCommandLineOfThousandsIsBounded() {
    List<String> arguments =
        IntStream.range(0, 5000)
            .boxed()
            .flatMap(i -> Stream.of("-qmp", "unix:" + i + ",server=on"))
            .toList();
    assertThat(of(arguments.toArray(String[]::new)).paths()).hasSize(8);
  }

  @Test
  void commasAreDoubledInAValue() {
    assertThat(QemuOptions.of(List.of("qemu", "-x", "a,,b,c=d,,,e,,=f,g"), "x"))
        .containsExactly(Map.of("", "a,b", "c", "d,", "e,", "f", "g", "on"));
  }
}
