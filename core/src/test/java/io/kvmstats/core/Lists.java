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

  private static Stream<String> lines(String file) {
    try (InputStream in = Lists.class.getResourceAsStream("lists/" + file)) {
      return new String(Objects.requireNonNull(in, file).readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
