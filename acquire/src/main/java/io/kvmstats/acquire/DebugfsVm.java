package io.kvmstats.acquire;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A VM's folder in debugfs: a file per statistic, with a number in it.
 *
 * <p>No file is kept open: an open one keeps the VM alive in the kernel.
 */
final class DebugfsVm implements Polled {
  /** 2^64 has 20 digits, and a line has an end. */
  private static final int TEXT_BYTES_MAX = 32;

  private static final int STATS_MAX = 4096;
  private static final int UNKNOWN_TYPE = 0xf;
  private static final int NANOS_EXPONENT = -9;
  private static final int MODE_WRITE = 0222;

  private final Path folder;
  private final Object inode;
  private final Schema schema;
  private final int unreadable;

  private DebugfsVm(Path folder, Object inode, Schema schema, int unreadable) {
    this.folder = folder;
    this.inode = inode;
    this.schema = schema;
    this.unreadable = unreadable;
  }

  /**
   * Looks at what is in a folder, and at what of it can be read.
   *
   * @param folder a VM's
   * @param catalog says what debugfs does not: which are histograms, peaks and times
   * @throws IOException when nothing in it can be read, and why
   */
  static DebugfsVm open(Path folder, Catalog catalog) throws IOException {
    Object inode = inode(folder);
    TreeMap<String, Path> files = new TreeMap<>();
    try (Stream<Path> entries = Files.list(folder)) {
      entries
          .filter(Files::isRegularFile)
          .limit(STATS_MAX)
          .forEach(file -> files.put(String.valueOf(file.getFileName()), file));
    }
    List<Descriptor> descriptors = new ArrayList<>();
    int unreadable = 0;
    for (var file : files.entrySet()) {
      boolean writable = isWritable(file.getValue());
      // Under lockdown each try is a line in the kernel's log: one will do.
      if (writable && unreadable > 0) {
        unreadable++;
        continue;
      }
      try {
        if (value(file.getValue()).isPresent() && !isHistogram(file.getKey(), catalog)) {
          long offset = descriptors.size() * (long) Long.BYTES;
          descriptors.add(descriptor(file.getKey(), writable, catalog, offset));
        }
      } catch (FileSystemException e) {
        if (!isNotPermitted(e)) {
          throw e;
        }
        unreadable++;
      }
    }
    if (descriptors.isEmpty()) {
      throw new IOException(
          unreadable > 0
              ? folder + " is unreadable: the kernel is locked down"
              : folder + " has no statistics");
    }
    return new DebugfsVm(folder, inode, new Schema(descriptors), unreadable);
  }

  private static Object inode(Path folder) throws IOException {
    return Files.getAttribute(folder, "unix:ino");
  }

  private static boolean isWritable(Path file) throws IOException {
    return ((int) Files.getAttribute(file, "unix:mode") & MODE_WRITE) != 0;
  }

  private static boolean isNotPermitted(FileSystemException e) {
    return "Operation not permitted".equals(e.getReason());
  }

  private static Stream<CatalogEntry> known(String name, Catalog catalog) {
    String architecture = System.getProperty("os.arch");
    return Stream.of(CatalogEntry.Scope.values())
        .flatMap(scope -> catalog.find(name, scope, architecture).stream());
  }

  /** Its file has the first bucket alone, which counts what took no time at all. */
  private static boolean isHistogram(String name, Catalog catalog) {
    return known(name, catalog).anyMatch(entry -> entry.sum().isPresent());
  }

  /**
   * A file that can't be written is an instant value's: the others' are, to set them back ({@code
   * kvm_stats_debugfs_mode}, {@code virt/kvm/kvm_main.c}, Linux 6.12). Of these, what is no peak
   * only grows, if the catalog knows it.
   */
  private static Descriptor descriptor(
      String name, boolean isWritable, Catalog catalog, long offset) {
    boolean isTime =
        catalog.entries().stream().anyMatch(entry -> entry.sum().equals(Optional.of(name)));
    Unit unit = isTime ? Unit.SECONDS : Unit.NONE;
    int flags = Descriptor.flags(StatType.INSTANT, unit, Base.POW10);
    if (isWritable) {
      Optional<StatType> type =
          known(name, catalog)
              .findFirst()
              .map(entry -> entry.type() == StatType.PEAK ? StatType.PEAK : StatType.CUMULATIVE);
      flags =
          type.map(t -> Descriptor.flags(t, unit, Base.POW10))
              .orElse(UNKNOWN_TYPE | Descriptor.flags(StatType.CUMULATIVE, unit, Base.POW10));
    }
    return new Descriptor(name, flags, isTime ? NANOS_EXPONENT : 0, 1, offset, 0);
  }

  Schema schema() {
    return schema;
  }

  /** {@return how many files a kernel that is locked down refuses: EPERM, to root as well} */
  int unreadable() {
    return unreadable;
  }

  @Override
  public List<Long> poll(List<MemorySegment> blocks) throws IOException {
    MemorySegment block = blocks.getFirst();
    for (Descriptor descriptor : schema.descriptors()) {
      Optional<Long> value = value(folder.resolve(descriptor.name()));
      if (value.isEmpty()) {
        throw new IOException(folder.resolve(descriptor.name()) + " has no number in it any more");
      }
      block.set(ValueLayout.JAVA_LONG_UNALIGNED, descriptor.offset(), value.get());
    }
    if (!isStill()) { // Else these would be another VM's, of the same numbers.
      throw new NoSuchFileException(folder.toString());
    }
    return List.of(schema.dataBytes());
  }

  /** {@return the number in a file, which comes in one read; empty when it has something else} */
  static Optional<Long> value(Path file) throws IOException {
    String text;
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = new byte[TEXT_BYTES_MAX];
      // Not readNBytes, which asks where in the file it is: these files can't tell (ESPIPE).
      int n = in.read(bytes);
      text = new String(bytes, 0, Math.max(n, 0), StandardCharsets.US_ASCII).stripTrailing();
    } catch (IOException e) {
      if (e instanceof FileSystemException) {
        throw e;
      }
      throw new IOException(file + ": " + e.getMessage(), e);
    }
    try {
      return Optional.of(Long.parseUnsignedLong(text));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  @Override
  public boolean isStill() {
    try {
      return Objects.equals(inode(folder), inode);
    } catch (IOException e) {
      return false; // Gone, or not to be seen any more: whoever acquires it anew is told.
    }
  }

  @Override
  public void close() {
    // Nothing is kept open.
  }
}
