package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Descriptor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What is read without picocli is read as picocli does. */
class PlainGetTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "get",
        "get -p 17",
        "get --pid 17 --pid 18 --vm web --vm db,1",
        "get --stat halt_* --stat exits --format json",
        "get --format CSV --vm a=b",
        "get --vm 17 --format Table",
      })
  void plainArgumentsMeanTheSame(String line) {
    String[] args = line.split(" ", -1);
    GetCommand plain = PlainGet.parse(args).orElseThrow();
    GetCommand picocli = new GetCommand();
    new CommandLine(picocli)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .parseArgs(Arrays.copyOfRange(args, 1, args.length));
    assertThat(plain.format.get()).isEqualTo(picocli.format.get());
    assertThat(plain.selection.pids).isEqualTo(picocli.selection.pids);
    assertThat(plain.selection.names).isEqualTo(picocli.selection.names);
    for (String stat : List.of("exits", "halt_exits", "halt_wait_ns", "pages_4k")) {
      Descriptor descriptor = new Descriptor(stat, 0, 0, 1, 0, 0);
      assertThat(plain.selection.wants(descriptor)).isEqualTo(picocli.selection.wants(descriptor));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "list",
        "get --help",
        "get --pid",
        "get --pid x",
        "get --pid 0",
        "get --pid=17",
        "get --pid --vm",
        "get --stat [",
        "get --format xml",
        "get --vm @arguments",
        "get extra",
        "get --no-such 1",
      })
  void theRestIsPicoclis(String line) {
    assertThat(PlainGet.parse(line.split(" ", -1))).isEmpty();
  }
}
