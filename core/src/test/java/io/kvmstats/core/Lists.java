package io.kvmstats.core;

import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Every statistic of every architecture, as lists made from the kernel's source. */
public final class Lists {
  /** Those of Linux 6.12. */
  public static final List<String> TODAY =
      List.of(
          "arm64", "loongarch", "mips", "powerpc-book3s", "powerpc-booke", "riscv", "s390", "x86");

  /** Those of Linux 5.12 that had KVM; riscv and loongarch came later. */
  public static final List<String> LINUX_5_12 =
      List.of("arm64", "mips", "powerpc-book3s", "powerpc-booke", "s390", "x86");

  private Lists() {}

  /** {@return what the kernel's schema is, Linux 6.12} */
  public static Schema schema(String architecture, Scope scope) {
    return new Schema(
        lines("today-" + architecture + ".txt")
            .map(line -> line.split(" ", -1))
            .filter(column -> column[0].equals(scope.name()))
            .map(Lists::descriptor)
            .toList());
  }

  /**
   * How large a stats file is, as the lists' own source counts it: not from the lines here.
   *
   * @param dataOffset where its data starts
   */
  public record Layout(int descriptors, int dataOffset, int dataBytes, int fileBytes) {}

  /** {@return the size of the kernel's stats file, Linux 6.12} */
  public static Layout layout(String architecture, Scope scope) {
    Pattern comment =
        Pattern.compile(
            "# "
                + scope
                + ": num_desc=(\\d+) data_offset=(\\d+) data_size=(\\d+) file_size=(\\d+)");
    MatchResult found =
        allLines("today-" + architecture + ".txt")
            .map(comment::matcher)
            .filter(Matcher::matches)
            .findFirst()
            .orElseThrow();
    return new Layout(
        Integer.parseInt(found.group(1)),
        Integer.parseInt(found.group(2)),
        Integer.parseInt(found.group(3)),
        Integer.parseInt(found.group(4)));
  }

  private static Descriptor descriptor(String[] column) {
    return new Descriptor(
        column[1],
        Integer.decode(column[2]),
        Integer.parseInt(column[3]),
        Integer.parseInt(column[4]),
        Long.parseLong(column[6]),
        Long.parseLong(column[5]));
  }

  /** {@return the names of Linux 5.12: debugfs's and the RFC's, each once} */
  public static List<String> names512(String architecture, Scope scope) {
    return lines("5.12-" + architecture + ".txt")
        .map(line -> line.split("\t", -1))
        .filter(column -> column[0].equals(scope.name()))
        .flatMap(column -> Stream.of(column[1], column[2]))
        .filter(name -> !name.equals("-"))
        .distinct()
        .toList();
  }

  /** {@return the names of the RFC, in its order} */
  public static List<String> rfcNames(String architecture, Scope scope) {
    return lines("5.12-" + architecture + ".txt")
        .map(line -> line.split("\t", -1))
        .filter(column -> column[0].equals(scope.name()))
        .map(column -> column[2])
        .toList();
  }

  private static Stream<String> lines(String file) {
    return allLines(file).filter(line -> !line.startsWith("#"));
  }

  private static Stream<String> allLines(String file) {
    try (InputStream in = Lists.class.getResourceAsStream("lists/" + file)) {
      return new String(Objects.requireNonNull(in, file).readAllBytes(), StandardCharsets.UTF_8)
          .lines();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
