package io.kvmstats.publish;

import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFileEncoder;
import io.kvmstats.core.statsfd.StatsFileRules;
import io.kvmstats.core.statsfd.StatsFileRules.Violation;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Memfd;
import io.kvmstats.linux.Word;
import io.kvmstats.linux.WordMapping;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/** A stats file in a memfd, to which nobody but its mapping here can write. */
final class StatsMemfd implements AutoCloseable {
  private static final int SEALS =
      Memfd.F_SEAL_SHRINK | Memfd.F_SEAL_GROW | Memfd.F_SEAL_FUTURE_WRITE | Memfd.F_SEAL_SEAL;

  private final Fd fd;
  private final WordMapping mapping;
  private final long dataOffset;

  private StatsMemfd(Fd fd, WordMapping mapping, long dataBytes) {
    this.fd = fd;
    this.mapping = mapping;
    this.dataOffset = mapping.segment().byteSize() - dataBytes;
  }

  /**
   * Makes a file whose values are 0.
   *
   * @param name the memfd's: what readers find it by
   * @param id in the file's header
   * @param schema laid out
   * @throws IllegalArgumentException when a rule of the format is broken
   */
  static StatsMemfd create(String name, String id, Schema schema) throws LinuxException {
    byte[] file = encode(id, schema);
    Fd fd = Memfd.create(name, file.length);
    try {
      WordMapping mapping = WordMapping.shared(fd, file.length);
      try {
        MemorySegment.copy(file, 0, mapping.segment(), ValueLayout.JAVA_BYTE, 0, file.length);
        // Only now: a mapping for writing that is made later is refused to us as to all others.
        Memfd.addSeals(fd, SEALS);
        return new StatsMemfd(fd, mapping, schema.dataBytes());
      } catch (LinuxException e) {
        mapping.close();
        throw e;
      }
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  private static byte[] encode(String id, Schema schema) {
    MemorySegment zeros = MemorySegment.ofArray(new byte[Math.toIntExact(schema.dataBytes())]);
    byte[] file = StatsFileEncoder.encode(id, schema, zeros, ByteOrder.nativeOrder());
    List<Violation> violations;
    try {
      MemorySegment bytes = MemorySegment.ofArray(file);
      violations = StatsFileRules.check(ByteSource.of(bytes), ByteOrder.nativeOrder());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // Memory doesn't fail.
    }
    if (!violations.isEmpty()) {
      Violation first = violations.getFirst();
      throw new IllegalArgumentException(
          first.place() + ": " + first.rule() + "; found: " + first.found());
    }
    return file;
  }

  /** {@return a value's word, by its offset in the data block} */
  Word word(long offset) {
    return mapping.word(dataOffset + offset);
  }

  /** {@return the data block, for reading} */
  MemorySegment data() {
    return mapping.segment().asSlice(dataOffset).asReadOnly();
  }

  @Override
  public void close() {
    mapping.close();
    fd.close();
  }
}
