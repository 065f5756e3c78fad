package io.kvmstats.broker;

import io.kvmstats.acquire.Source;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.Slot;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.VmUuid;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Reads a directory that was copied out of a broker's table: what is in it is not believed. */
final class DirectoryReader {
  private final ByteBuffer in;
  private final MemorySegment table;
  private final Function<Slot, Supplier<Optional<Reading>>> latest;
  private final Map<Integer, Schema> schemas = new HashMap<>();
  private final List<VmmView> vmms = new ArrayList<>();
  private final List<Hidden> hidden = new ArrayList<>();

  /**
   * What is in a directory.
   *
   * @param vmms in its order
   * @param hidden in its order
   */
  record Contents(List<VmmView> vmms, List<Hidden> hidden) {}

  private DirectoryReader(
      byte[] directory, MemorySegment table, Function<Slot, Supplier<Optional<Reading>>> latest) {
    this.in = ByteBuffer.wrap(directory).order(ByteOrder.nativeOrder());
    this.table = table;
    this.latest = latest;
  }

  /**
   * Reads a directory.
   *
   * @param directory a copy
   * @param table the broker's file, where the slots are
   * @param latest gives what an object's view reads, of its slot
   * @throws IOException when it is malformed, saying where
   */
  static Contents read(
      byte[] directory, MemorySegment table, Function<Slot, Supplier<Optional<Reading>>> latest)
      throws IOException {
    DirectoryReader reader = new DirectoryReader(directory, table, latest);
    int at = 0;
    try {
      while (reader.in.hasRemaining()) {
        at = reader.in.position();
        reader.record();
      }
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new IOException("the broker's directory is malformed at byte " + at, e);
    }
    return new Contents(List.copyOf(reader.vmms), List.copyOf(reader.hidden));
  }

  private void record() throws IOException {
    Entry entry = next();
    switch (entry.type) {
      case Directory.SCHEMA -> schema(entry.body);
      case Directory.VMM -> vmm(entry.body);
      case Directory.HIDDEN -> hidden(entry.body);
      case Directory.OBJECT -> throw new IOException("an object of no VMM in the directory");
      default -> {} // A later version's.
    }
  }

  private record Entry(int type, ByteBuffer body) {}

  private Entry next() {
    int start = in.position();
    int type = in.getInt();
    int bytes = in.getInt();
    if (bytes < Directory.RECORD_HEADER_BYTES || bytes % Long.BYTES != 0) {
      throw new IllegalArgumentException(bytes + " bytes of record");
    }
    int length = bytes - Directory.RECORD_HEADER_BYTES;
    ByteBuffer body = in.slice(in.position(), length).order(in.order());
    in.position(start + bytes);
    return new Entry(type, body);
  }

  private void schema(ByteBuffer body) throws IOException {
    int number = body.getInt();
    int bytes = body.getInt();
    MemorySegment file = MemorySegment.ofBuffer(body.slice(body.position(), bytes));
    ByteSource source = ByteSource.of(file);
    schemas.put(number, StatsFileDecoder.decode(source, body.order()).schema());
  }

  private void vmm(ByteBuffer body) throws IOException {
    int pid = body.getInt();
    boolean published = (body.getInt() & Directory.PUBLISHED) != 0;
    Vmm.Key key = new Vmm.Key(pid, body.getLong());
    int vms = body.getInt();
    int count = body.getInt();
    int objects = body.getInt();
    body.getInt();
    List<Integer> vcpus = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      vcpus.add(body.getInt());
    }
    Map<Directory.Text, String> texts = texts(body);
    List<ObjectView> views = new ArrayList<>();
    for (int i = 0; i < objects; i++) {
      Entry entry = next();
      if (entry.type != Directory.OBJECT) {
        throw new IOException(
            "the directory has fewer objects of process " + pid + " than it says");
      }
      views.add(object(entry.body));
    }
    vmms.add(
        new VmmView(
            key,
            texts.getOrDefault(Directory.Text.PROGRAM, "?"),
            identity(texts),
            vms,
            List.copyOf(vcpus),
            Optional.ofNullable(texts.get(Directory.Text.SOURCE)).flatMap(Source::labelled),
            published,
            Optional.ofNullable(texts.get(Directory.Text.SHORTFALL)),
            List.copyOf(views)));
  }

  private ObjectView object(ByteBuffer body) throws IOException {
    int vcpu = body.getInt();
    int fd = body.getInt();
    Schema schema = schemas.get(body.getInt());
    body.getInt();
    long offset = body.getLong();
    long object = body.getLong();
    if (schema == null || vcpu < KvmFd.NO_VCPU) {
      throw new IOException("the directory has an object without a schema, or of no vCPU");
    }
    Slot slot = Slot.at(table, offset, schema, object);
    String id = texts(body).getOrDefault(Directory.Text.ID, "");
    return new ObjectView(vcpu, fd, id, schema, latest.apply(slot));
  }

  private void hidden(ByteBuffer body) {
    int pid = body.getInt();
    body.getInt();
    Map<Directory.Text, String> texts = texts(body);
    hidden.add(
        new Hidden(
            pid,
            texts.getOrDefault(Directory.Text.PROGRAM, "?"),
            identity(texts),
            texts.getOrDefault(Directory.Text.SHORTFALL, "")));
  }

  private static VmIdentity identity(Map<Directory.Text, String> texts) {
    Optional<VmName> name =
        Optional.ofNullable(texts.get(Directory.Text.NAME))
            .map(text -> new VmName(text, texts.getOrDefault(Directory.Text.NAME_ORIGIN, "")));
    Optional<VmUuid> uuid =
        Optional.ofNullable(texts.get(Directory.Text.UUID))
            .flatMap(
                text -> VmUuid.parse(text, texts.getOrDefault(Directory.Text.UUID_ORIGIN, "")));
    return new VmIdentity(name, uuid);
  }

  /** The rest of a record; zeros fill it up. */
  private static Map<Directory.Text, String> texts(ByteBuffer body) {
    Map<Directory.Text, String> texts = new EnumMap<>(Directory.Text.class);
    while (body.remaining() >= 2 * Short.BYTES) {
      int code = Short.toUnsignedInt(body.getShort());
      byte[] bytes = new byte[Short.toUnsignedInt(body.getShort())];
      body.get(bytes);
      for (Directory.Text text : Directory.Text.values()) {
        if (text.code == code) {
          texts.put(text, new String(bytes, StandardCharsets.UTF_8));
        }
      }
    }
    return texts;
  }
}
