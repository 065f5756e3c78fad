package io.kvmstats.cli;

import io.kvmstats.collect.VmmView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Prints the CSV of {@code kvm_stat -l -c}: a line of deltas per interval, for all VMs together.
 *
 * <p>Its columns are those of the statistics that were there once. So a line has a cell less than
 * another only behind another header, which comes when a VM has statistics that none had before.
 */
final class KvmStatCsv implements SweepPrinter {
  private static final String TIME = "timestamp";

  /** As Python has it with '%Y-%m-%d %H:%M:%S', in local time. */
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);

  private final Selection selection;
  private final SortedSet<String> columns = new TreeSet<>();
  private String header = "";
  private List<String> without = List.of();

  KvmStatCsv(Selection selection) {
    this.selection = selection;
  }

  @Override
  public Optional<String> nothingToShow(List<VmmView> vmms) {
    return HostSum.names(selection, vmms).isEmpty()
        ? Optional.of(HostSum.NOTHING)
        : Optional.empty();
  }

  @Override
  public String print(List<VmmView> vmms, Instant time) {
    columns.addAll(HostSum.names(selection, vmms));
    HostSum sum = HostSum.of(selection, vmms);
    if (!sum.without().equals(without)) {
      without = sum.without();
      sum.sayWithout();
    }
    String heading = Csv.line(Stream.concat(Stream.of(TIME), columns.stream()).toList());
    List<String> line = new ArrayList<>();
    line.add(CLOCK.format(time.atZone(ZoneId.systemDefault())));
    for (String column : columns) {
      line.add(
          Optional.ofNullable(sum.stats().get(column))
              .flatMap(HostSum.Sum::delta)
              .map(Object::toString)
              .orElse(""));
    }
    String text = heading.equals(header) ? Csv.line(line) : heading + Csv.line(line);
    header = heading;
    return text;
  }

  /** A header that is there already, as in kvm_stat's own file, is not written again. */
  @Override
  public void begin(Path file) throws IOException {
    header = "";
    if (!Files.isRegularFile(file)) {
      return; // Of a pipe nobody knows what is in it.
    }
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      header =
          lines
              .filter(line -> line.startsWith(TIME + ","))
              .reduce((before, last) -> last)
              .map(last -> last + "\n")
              .orElse("");
    }
  }
}
