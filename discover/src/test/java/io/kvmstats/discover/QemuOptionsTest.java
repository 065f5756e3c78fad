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

/**
 * A VM's name and UUID in its VMM's command line: as expected, and as QEMU itself understands it.
 */
class QemuOptionsTest {
  private static final String NAMES =
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

  private static final String NIL = "00000000-0000-0000-0000-000000000000";

  private static final String UUIDS =
      """
      -uuid 564d0a1b-0001-4002-8003-a0b0c0d0e0f0               | 564d0a1b-0001-4002-8003-a0b0c0d0e0f0
      --uuid 564D0A1B-0001-4002-8003-A0B0C0D0E0F0              | 564d0a1b-0001-4002-8003-a0b0c0d0e0f0
      -smbios type=1,uuid=564d0a1b-0001-4002-8003-a0b0c0d0e0f0 | 564d0a1b-0001-4002-8003-a0b0c0d0e0f0
      -smbios type=1,serial=a,,b=,uuid=564d0a1b-0001-4002-8003-a0b0c0d0e0f1 | \
      564d0a1b-0001-4002-8003-a0b0c0d0e0f1
      -smbios type=2,serial=x                                  | 00000000-0000-0000-0000-000000000000
      -uuid 564d0a1b-0001-4002-8003-a0b0c0d0e0f0 -smbios type=1,serial=x | \
      564d0a1b-0001-4002-8003-a0b0c0d0e0f0
      -uuid 00000000-0000-0000-0000-000000000000               | 00000000-0000-0000-0000-000000000000
      -S                                                       | 00000000-0000-0000-0000-000000000000
      """;

  private static VmIdentity identity(String... options) {
    List<String> arguments = new ArrayList<>(List.of("qemu-system-x86_64", "-nodefaults"));
    arguments.addAll(List.of(options));
    return QemuOptions.identity(arguments);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = NAMES)
  void aNameIsWhatTheCommandLineSays(String options, String name) {
    assertThat(identity(options.split(" ")).name().map(VmName::text).orElse("")).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = UUIDS)
  void aUuidIsWhatTheCommandLineSays(String options, String uuid) {
    assertThat(identity(options.split(" ")).uuid().map(u -> u.value().toString()).orElse(NIL))
        .isEqualTo(uuid);
  }

  /** The expectations above are QEMU's own. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = NAMES)
  void aNameIsWhatQemuUnderstands(String options, String name) throws Exception {
    assertThat(qemus("query-name", "\"name\": \"([^\"]*)\"", options)).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = UUIDS)
  void aUuidIsWhatQemuUnderstands(String options, String uuid) throws Exception {
    assertThat(qemus("query-uuid", "\"UUID\": \"([^\"]*)\"", options)).isEqualTo(uuid);
  }

  private static String qemus(String query, String pattern, String options) throws Exception {
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
      input.write("{\"execute\":\"" + query + "\",\"id\":\"asked\"}{\"execute\":\"quit\"}");
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(output).contains("\"id\": \"asked\"");
    Matcher answer = Pattern.compile(pattern).matcher(output);
    return answer.find() ? answer.group(1) : "";
  }

  @Test
  void anOptionWithoutValueIsNone() {
    assertThat(identity("-name")).isEqualTo(VmIdentity.UNKNOWN);
    assertThat(identity("-uuid")).isEqualTo(VmIdentity.UNKNOWN);
    assertThat(QemuOptions.identity(List.of("-name", "x"))).isEqualTo(VmIdentity.UNKNOWN);
    assertThat(QemuOptions.identity(List.of())).isEqualTo(VmIdentity.UNKNOWN);
  }

  @Test
  void whatIsNoUuidIsNone() {
    for (String text :
        List.of(
            "1-1-1-1-1",
            "",
            "{564d0a1b-0001-4002-8003-a0b0c0d0e0f0}",
            "x".repeat(36),
            "-".repeat(36),
            "564d0a1b-0001-4002-8003a0b0c0d0e0f0-")) {
      assertThat(identity("-uuid", text).uuid()).as(text).isEmpty();
    }
  }

  @Test
  void hostileCharactersAreKept() {
    String hostile = "a\u001b[31m \n\"\\\u202e</script>\u0000;$(reboot)";
    assertThat(identity("-name", hostile).name()).contains(new VmName(hostile, "-name"));
  }
}
