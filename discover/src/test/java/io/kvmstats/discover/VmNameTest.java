package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A VM's name in its VMM's command line: as expected, and as QEMU itself understands it. */
class VmNameTest {
  private static final String CASES =
      """
      -name x                                        | x
      --name x                                       | x
      -name x,debug-threads=on                       | x
      -name guest=x,debug-threads=on                 | x
      -name debug-threads=on,guest=x                 | x
      -name guest=a,,b                               | a,b
      -name a,,b,debug-threads=on                    | a,b
      -name guest=a,,guest=b                         | a,guest=b
      -name guest=x,,=y                              | x,=y
      -name a,,b=c                                   | a,b=c
      -name guest=a=b                                | a=b
      -name guest                                    | guest
      -name a -name b                                | b
      -name guest=a -name debug-threads=on           | a
      -name a -name process=p,debug-threads=on       | a
      -name guest=a,guest=b                          | b
      -name a,guest=b                                | b
      -name ,guest=c                                 | c
      -name a -name guest=                           | ''
      -name guest=                                   | ''
      -name process=p                                | ''
      -S                                             | ''
      """;

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = CASES)
  void isWhatTheCommandLineSays(String options, String name) {
    List<String> arguments = new ArrayList<>(List.of("qemu-system-x86_64", "-nodefaults"));
    arguments.addAll(List.of(options.split(" ")));
    assertThat(VmName.ofCommandLine(arguments).map(VmName::text).orElse("")).isEqualTo(name);
  }

  /** The expectations above are QEMU's own. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = CASES)
  void isWhatQemuUnderstands(String options, String name) throws Exception {
    String qemu = "qemu-system-x86_64";
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(qemu)));
    assumeTrue(installed, "needs " + qemu + ", which is not installed");
    List<String> command = new ArrayList<>(List.of(qemu));
    command.addAll(List.of("-machine", "none", "-display", "none", "-nodefaults", "-S"));
    command.addAll(List.of("-qmp", "stdio"));
    command.addAll(List.of(options.split(" ")));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var input = process.outputWriter(StandardCharsets.UTF_8)) {
      input.write("{\"execute\":\"qmp_capabilities\"}");
      input.write("{\"execute\":\"query-name\",\"id\":\"name\"}{\"execute\":\"quit\"}");
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(output).contains("\"id\": \"name\"");
    Matcher answer = Pattern.compile("\"name\": \"([^\"]*)\"").matcher(output);
    String understood = answer.find() ? answer.group(1) : "";
    assertThat(understood).as(output).isEqualTo(name);
  }

  @Test
  void anOptionWithoutValueIsNone() {
    assertThat(VmName.ofCommandLine(List.of("qemu-system-x86_64", "-name"))).isEmpty();
    assertThat(VmName.ofCommandLine(List.of("-name", "x"))).isEmpty();
    assertThat(VmName.ofCommandLine(List.of())).isEmpty();
  }

  @Test
  void hostileCharactersAreKept() {
    String hostile = "a\u001b[31m \n\"\\\u202e</script>\u0000;$(reboot)";
    assertThat(VmName.ofCommandLine(List.of("vmm", "-name", hostile)))
        .contains(new VmName(hostile, "-name"));
  }
}
