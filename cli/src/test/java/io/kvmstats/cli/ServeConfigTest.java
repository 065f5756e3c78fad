package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** Options of {@code serve}: where they come from, and addresses. */
class ServeConfigTest {
  @TempDir Path folder;

  private CommandLine parse(Map<String, String> environment, String... args) throws IOException {
    CommandLine line = new CommandLine(new ServeCommand());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    ServeConfig config = ServeConfig.of(List.of(args), environment);
    line.setDefaultValueProvider(config);
    line.parseArgs(args);
    config.check(line.getCommandSpec());
    return line;
  }

  private static String value(CommandLine line, String option) {
    OptionSpec spec = line.getCommandSpec().findOption(option);
    Object value = spec.getValue();
    return String.valueOf(value);
  }

  private Path file(String text) throws IOException {
    Path file = folder.resolve("serve.conf");
    Files.writeString(file, text);
    return file;
  }

  @Test
  void theCommandLineGoesBeforeTheEnvironmentAndThatBeforeTheFile() throws IOException {
    String file =
        file("# ours\ndetail = vm\nweb.telemetry-path=/file\nallow=kvm_vm_*, kvm_up\n").toString();
    Map<String, String> environment =
        Map.of("KVMSTATS_WEB_TELEMETRY_PATH", "/environment", "KVMSTATS_INTERVAL", "5");
    CommandLine all = parse(environment, "--config.file", file, "--web.telemetry-path=/args");
    assertThat(value(all, "--web.telemetry-path")).isEqualTo("/args");
    assertThat(value(all, "--detail")).isEqualTo("VM");
    assertThat(value(all, "--interval")).isEqualTo("PT5S");
    assertThat(value(all, "--deny")).isEqualTo("[]");
    CommandLine two = parse(environment, "--config.file=" + file);
    assertThat(value(two, "--web.telemetry-path")).isEqualTo("/environment");
    CommandLine one = parse(Map.of("KVMSTATS_CONFIG_FILE", file));
    assertThat(value(one, "--web.telemetry-path")).isEqualTo("/file");
    CommandLine none = parse(Map.of());
    assertThat(value(none, "--web.telemetry-path")).isEqualTo("/metrics");
    assertThat(value(none, "--web.listen-address")).isEqualTo("[/127.0.0.1:9766]");
  }

  @Test
  void openTelemetrysVariablesCountBehindOurs() throws IOException {
    String file = file("otlp.compression = none\notlp.headers = x=file").toString();
    Map<String, String> environment =
        Map.of(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "http://theirs",
            "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip",
            "KVMSTATS_OTLP_ENDPOINT", "http://ours");
    CommandLine line = parse(environment, "--config.file", file);
    assertThat(value(line, "--otlp.endpoint")).isEqualTo("http://ours");
    assertThat(value(line, "--otlp.compression")).isEqualTo("none");
    assertThat(value(line, "--otlp.headers")).isEqualTo("x=file");
    assertThat(value(parse(environment), "--otlp.compression")).isEqualTo("gzip");
  }

  @Test
  void whereAValueIsFromIsKnown() throws IOException {
    Path file = file("otlp.compression = none\ninterval = 2\n");
    Map<String, String> environment =
        Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://theirs", "KVMSTATS_INTERVAL", "x");
    ServeConfig config = ServeConfig.of(List.of("--config.file", file.toString()), environment);
    CommandLine line = new CommandLine(new ServeCommand());
    Function<String, String> origin =
        option -> config.origin(line.getCommandSpec().findOption(option));
    assertThat(origin.apply("--otlp.endpoint"))
        .isEqualTo("OTEL_EXPORTER_OTLP_ENDPOINT in the environment");
    assertThat(origin.apply("--interval")).isEqualTo("KVMSTATS_INTERVAL in the environment");
    assertThat(origin.apply("--otlp.compression")).isEqualTo(file.toString());
  }

  @Test
  void severalValuesAreAList() throws IOException {
    CommandLine line =
        parse(
            Map.of("KVMSTATS_WEB_LISTEN_ADDRESS", "127.0.0.1:1,[::1]:2"),
            "--allow",
            "a*",
            "--allow=b,c");
    assertThat(value(line, "--web.listen-address"))
        .isEqualTo("[/127.0.0.1:1, /[0:0:0:0:0:0:0:1]:2]");
    assertThat(value(line, "--allow")).isEqualTo("[a*, b, c]");
  }

  @Test
  void whatIsEmptyIsNotGivenAndBlanksAreNoPartOfAValue() throws IOException {
    String file = file("allow = kvm_up , kvm_vm_info \ndetail =\n").toString();
    Map<String, String> environment =
        Map.of("KVMSTATS_ALLOW", "", "KVMSTATS_DETAIL", " ", "OTEL_EXPORTER_OTLP_ENDPOINT", "");
    CommandLine line = parse(environment, "--config.file", file);
    assertThat(value(line, "--allow")).isEqualTo("[kvm_up, kvm_vm_info]");
    assertThat(value(line, "--detail")).isEqualTo("VCPU");
    assertThat(value(line, "--otlp.endpoint")).isEqualTo("null");
    String twice = file("deny = a\ndeny = b\n").toString();
    assertThatThrownBy(() -> parse(Map.of(), "--config.file", twice))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("deny is there twice");
  }

  @Test
  void whatTheFileHasBesideOptionsIsRefused() throws IOException {
    String file = file("web.listen-adress=127.0.0.1:1\n").toString();
    assertThatThrownBy(() -> parse(Map.of(), "--config.file", file))
        .isInstanceOf(IOException.class)
        .hasMessage(file + ": web.listen-adress is no option that a file can set");
    Path none = folder.resolve("none");
    assertThatThrownBy(() -> parse(Map.of(), "--config.file", none.toString()))
        .isInstanceOf(IOException.class);
    String broken = file("a=\\u00zz").toString();
    assertThatThrownBy(() -> parse(Map.of(), "--config.file", broken))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(broken);
  }

  /** Whatever can be given can be set. */
  @Test
  void everyOptionHasAVariable() throws IOException {
    List<OptionSpec> options = new ArrayList<>(parse(Map.of()).getCommandSpec().options());
    options.removeIf(option -> option.usageHelp() || option.versionHelp());
    for (OptionSpec option : options) {
      String[] names = option.names();
      String longest = Arrays.stream(names).filter(n -> n.startsWith("--")).findFirst().orElse("");
      assertThat(longest).matches("--[a-z][a-z.-]+");
    }
    assertThat(options).hasSizeGreaterThan(8);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:9766, 127.0.0.1, 9766",
    "[::1]:0, 0:0:0:0:0:0:0:1, 0",
    ":80, 0.0.0.0, 80",
    "localhost:65535, 127.0.0.1, 65535"
  })
  void addressesAreHostAndPort(String text, String host, int port) {
    InetSocketAddress address = new ListenAddress().convert(text);
    assertThat(address.getAddress().getHostAddress().replaceFirst("^0:0:0:0:0:0:0:0$", "0.0.0.0"))
        .isEqualTo(host);
    assertThat(address.getPort()).isEqualTo(port);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "9766", "host", "::1:80", "h:", "h:65536", "h:-1", "h:x", "h:123456"})
  void whatIsNoAddressIsSaid(String text) {
    assertThatThrownBy(() -> new ListenAddress().convert(text))
        .isInstanceOf(TypeConversionException.class);
  }
}
