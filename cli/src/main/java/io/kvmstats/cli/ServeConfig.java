package io.kvmstats.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What options are when they are not given: the environment goes before the file, and that before
 * the defaults.
 *
 * <p>{@code --web.listen-address} is KVMSTATS_WEB_LISTEN_ADDRESS there, and web.listen-address in
 * the file, a line of {@code key = value} each. Several values have a comma between them.
 */
final class ServeConfig implements IDefaultValueProvider {
  static final Path DEFAULT_FILE = Path.of("/etc/kvmstats/serve.conf");

  private static final String FILE_OPTION = "--config.file";
  private static final String PREFIX = "KVMSTATS_";
  private static final long BYTES_MAX = 1 << 20;

  private final Map<String, String> environment;
  private final Path file;
  private final Properties properties =
      new Properties() {
        @Override
        public synchronized Object put(Object key, Object value) {
          if (containsKey(key)) {
            throw new IllegalArgumentException(key + " is there twice; a comma is between values");
          }
          return super.put(key, value);
        }
      };

  private ServeConfig(Map<String, String> environment, Path file) {
    this.environment = environment;
    this.file = file;
  }

  /**
   * {@return what there is beside the command line}
   *
   * @param args of the command line, which may name the file
   * @throws IOException when that file can't be read
   */
  static ServeConfig of(List<String> args, Map<String, String> environment) throws IOException {
    String named = environment.getOrDefault(variable(FILE_OPTION), "");
    for (int i = 0; i < args.size(); i++) {
      if (args.get(i).equals(FILE_OPTION) && i + 1 < args.size()) {
        named = args.get(i + 1);
      } else if (args.get(i).startsWith(FILE_OPTION + "=")) {
        named = args.get(i).substring(FILE_OPTION.length() + 1);
      }
    }
    ServeConfig config =
        new ServeConfig(environment, named.isEmpty() ? DEFAULT_FILE : Path.of(named));
    if (!named.isEmpty() || Files.exists(DEFAULT_FILE)) {
      config.load();
    }
    return config;
  }

  private void load() throws IOException {
    if (Files.size(file) > BYTES_MAX) {
      throw new IOException(file + ": too long to be a configuration");
    }
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": not UTF-8", e);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public @Nullable String defaultValue(ArgSpec arg) {
    if (!(arg instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
      return null;
    }
    String name = option.longestName();
    return Stream.of(
            environment.get(variable(name)),
            properties.getProperty(key(name)),
            environment.get(OtlpOptions.VARIABLES.getOrDefault(name, "")))
        .map(value -> value == null ? "" : value.strip())
        .filter(value -> !value.isEmpty()) // An empty variable is none, as OpenTelemetry has it.
        .findFirst()
        .orElse(null);
  }

  /** {@return where a value is from that the command line does not give} */
  String origin(OptionSpec option) {
    String name = option.longestName();
    if (!environment.getOrDefault(variable(name), "").isBlank()) {
      return variable(name) + " in the environment";
    }
    String own = OtlpOptions.VARIABLES.getOrDefault(name, "");
    return properties.containsKey(key(name)) || !environment.containsKey(own)
        ? file.toString()
        : own + " in the environment";
  }

  private static String key(String option) {
    return option.substring("--".length());
  }

  private static String variable(String option) {
    return PREFIX + key(option).toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /**
   * Sees to it that whoever wrote the file gets all that he wrote.
   *
   * @throws IOException when a key of it is no option
   */
  void check(CommandSpec spec) throws IOException {
    Set<String> others = new TreeSet<>(properties.stringPropertyNames());
    spec.options().stream()
        .filter(option -> !option.usageHelp() && !option.versionHelp())
        .map(OptionSpec::longestName)
        .filter(name -> !name.equals(FILE_OPTION))
        .forEach(name -> others.remove(key(name)));
    if (!others.isEmpty()) {
      throw new IOException(
          file + ": " + others.iterator().next() + " is no option that a file can set");
    }
  }
}
