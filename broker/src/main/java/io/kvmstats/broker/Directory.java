package io.kvmstats.broker;

import io.kvmstats.collect.CollectedVmm;
import io.kvmstats.collect.CollectedVmm.CollectedObject;
import io.kvmstats.collect.Slot;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.StatsFileEncoder;
import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.VmUuid;
import io.kvmstats.discover.Vmm;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Writes the directory: which VMs there are, what each is called, and where its slots are.
 *
 * <p>A sequence of records, each on 8 bytes, each with its type and its length in front. A schema
 * comes before the first object that has it; objects follow their VMM.
 */
final class Directory {
  static final int SCHEMA = 1;
  static final int VMM = 2;
  static final int OBJECT = 3;
  static final int HIDDEN = 4;

  /** In a VMM's flags: its statistics are the process's own account. */
  static final int PUBLISHED = 1;

  static final int RECORD_HEADER_BYTES = 8;

  /** Texts at a record's end, each u16 what, u16 bytes, and UTF-8. */
  enum Text {
    PROGRAM(1),
    NAME(2),
    NAME_ORIGIN(3),
    SOURCE(4),
    SHORTFALL(5),
    ID(6),
    UUID(7),
    UUID_ORIGIN(8);

    final int code;

    Text(int code) {
      this.code = code;
    }
  }

  /** Longer ones are cut: they are for people. */
  private static final int TEXT_BYTES_MAX = 4096;

  /** KVM_STATS_NAME_SIZE. */
  private static final int NAME_BYTES = 48;

  private static final String NO_ROOM = "the broker's directory is full";

  /** What one user publishes has no more than an eighth of the directory. */
  private static final int SHARES = 8;

  private static final String NO_SHARE = "'s share of the broker's directory is full";

  private final int room;
  private final ToLongFunction<Slot> offset;
  private final BiConsumer<Vmm, RuntimeException> bugs;
  private final Map<Schema, Integer> schemas = new HashMap<>();
  private final Map<Integer, Integer> used = new HashMap<>();
  private final Map<Integer, String> refused = new HashMap<>();

  /** What is being written may not go on behind it. */
  private int limit;

  private ByteBuffer out = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());

  private Directory(int room, ToLongFunction<Slot> offset, BiConsumer<Vmm, RuntimeException> bugs) {
    this.room = room;
    this.limit = room;
    this.offset = offset;
    this.bugs = bugs;
  }

  /**
   * {@return the directory of some VMs}
   *
   * <p>What processes publish comes last: where there is no room, it is that which is left out,
   * each VMM with the reason.
   *
   * @param room how long it may be, in bytes
   * @param offset where a slot is in the file
   * @param bugs is told of a VMM that a mistake of ours has left out: what it has may be made to
   *     find one, and must not cost the others
   */
  static Directory encode(
      List<CollectedVmm> vmms,
      List<Hidden> hidden,
      int room,
      ToLongFunction<Slot> offset,
      BiConsumer<Vmm, RuntimeException> bugs) {
    Directory directory = new Directory(room, offset, bugs);
    vmms.stream()
        .sorted(Comparator.comparing(collected -> collected.acquired().vmm().isPublished()))
        .forEach(directory::add);
    hidden.forEach(directory::add);
    return directory;
  }

  /** {@return what is written, no more than there is room for} */
  byte[] bytes() {
    return Arrays.copyOf(out.array(), out.position());
  }

  /** {@return of the processes of whose published objects none is in it, why} */
  Map<Integer, String> refused() {
    return refused;
  }

  private void add(CollectedVmm collected) {
    int start = out.position();
    Map<Schema, Integer> before = Map.copyOf(schemas);
    limit = limit(collected.payer(), start);
    try {
      int objects = collected.objects().size();
      Optional<String> shortfall = collected.acquired().shortfall();
      vmm(collected, objects, shortfall);
      if (out.position() <= limit) {
        collected.objects().forEach(this::object);
      }
      if (out.position() > limit) {
        rollBack(start, before);
        objects = 0;
        shortfall = Optional.of(limit < room ? noShare(collected.payer()) : NO_ROOM);
        vmm(collected, objects, shortfall);
        dropWithoutRoom(start);
      }
      if (objects == 0 && collected.acquired().vmm().isPublished()) {
        shortfall.ifPresent(why -> refused.put(collected.acquired().vmm().pid(), why));
      }
    } catch (RuntimeException e) {
      rollBack(start, before);
      bugs.accept(collected.acquired().vmm(), e);
    }
    collected.payer().ifPresent(user -> used.merge(user, out.position() - start, Integer::sum));
    limit = room;
  }

  private int limit(OptionalInt payer, int start) {
    if (payer.isEmpty()) {
      return room;
    }
    int left = room / SHARES - used.getOrDefault(payer.getAsInt(), 0);
    return Math.min(room, start + left);
  }

  private static String noShare(OptionalInt payer) {
    return "user " + payer.orElseThrow() + NO_SHARE;
  }

  private void rollBack(int start, Map<Schema, Integer> before) {
    out.position(start);
    schemas.clear();
    schemas.putAll(before);
  }

  private void add(Hidden hidden) {
    int start = begin(HIDDEN);
    out.putInt(hidden.pid()).putInt(0);
    text(Text.PROGRAM, hidden.program());
    identity(hidden.identity());
    text(Text.SHORTFALL, hidden.why());
    end(start);
    dropWithoutRoom(start);
  }

  private void dropWithoutRoom(int start) {
    if (out.position() > limit) {
      out.position(start);
    }
  }

  private void vmm(CollectedVmm collected, int objects, Optional<String> shortfall) {
    Vmm vmm = collected.acquired().vmm();
    // Schemas stand in front, so that a VMM's objects come right behind it.
    for (CollectedObject object : collected.objects().subList(0, objects)) {
      schema(object.slot().schema());
      if (out.position() > limit) {
        return; // And be rolled back: no more memory is to be taken for it.
      }
    }
    int start = begin(VMM);
    out.putInt(vmm.pid()).putInt(vmm.isPublished() ? PUBLISHED : 0);
    out.putLong(vmm.key().startTicks());
    out.putInt(vmm.vms().size()).putInt(vmm.vcpus().size());
    out.putInt(objects).putInt(0);
    reserve(Integer.BYTES * vmm.vcpus().size());
    vmm.vcpus().stream().mapToInt(KvmFd::vcpu).sorted().forEach(out::putInt);
    text(Text.PROGRAM, vmm.program());
    identity(vmm.identity());
    text(Text.SOURCE, collected.acquired().source().map(source -> source.label()).orElse(null));
    text(Text.SHORTFALL, shortfall.orElse(null));
    end(start);
  }

  private void object(CollectedObject object) {
    int schema = schema(object.slot().schema());
    int start = begin(OBJECT);
    out.putInt(object.object().vcpu()).putInt(object.object().held().number());
    out.putInt(schema).putInt(0);
    out.putLong(offset.applyAsLong(object.slot())).putLong(object.slot().object());
    text(Text.ID, object.object().file().id());
    end(start);
  }

  /** {@return the schema's number; written when it is new} */
  private int schema(Schema schema) {
    Integer known = schemas.get(schema);
    if (known != null) {
      return known;
    }
    int number = schemas.size();
    MemorySegment zeros = MemorySegment.ofArray(new byte[Math.toIntExact(schema.dataBytes())]);
    byte[] file =
        StatsFileEncoder.encode("", schema, zeros, ByteOrder.nativeOrder(), nameBytes(schema));
    int start = begin(SCHEMA);
    out.putInt(number).putInt(file.length);
    reserve(file.length);
    out.put(file);
    end(start);
    schemas.put(schema, number);
    return number;
  }

  /** The kernel's, unless a publisher has longer names. */
  private static int nameBytes(Schema schema) {
    int longest = schema.descriptors().stream().mapToInt(d -> d.name().length()).max().orElse(0);
    return Math.max(NAME_BYTES, Math.ceilDiv(longest + 1, Long.BYTES) * Long.BYTES);
  }

  private int begin(int type) {
    reserve(128);
    int start = out.position();
    out.putInt(type).putInt(0);
    return start;
  }

  private void end(int start) {
    reserve(Long.BYTES);
    while (out.position() % Long.BYTES != 0) {
      out.put((byte) 0);
    }
    out.putInt(start + Integer.BYTES, out.position() - start);
  }

  private void identity(VmIdentity identity) {
    text(Text.NAME, identity.name().map(VmName::text).orElse(null));
    text(Text.NAME_ORIGIN, identity.name().map(VmName::origin).orElse(null));
    text(Text.UUID, identity.uuid().map(uuid -> uuid.value().toString()).orElse(null));
    text(Text.UUID_ORIGIN, identity.uuid().map(VmUuid::origin).orElse(null));
  }

  private void text(Text what, @Nullable String text) {
    if (text != null) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int length = cut(bytes);
      reserve(2 * Short.BYTES + length);
      out.putShort((short) what.code).putShort((short) length).put(bytes, 0, length);
    }
  }

  /** {@return how long it may be, to the end of a character} */
  private static int cut(byte[] utf8) {
    int length = Math.min(utf8.length, TEXT_BYTES_MAX);
    while (length < utf8.length && (utf8[length] & 0xc0) == 0x80) { // In the midst of one.
      length--;
    }
    return length;
  }

  private void reserve(int bytes) {
    if (out.remaining() < bytes + Long.BYTES) {
      ByteBuffer larger = ByteBuffer.allocate(2 * out.capacity() + bytes).order(out.order());
      out = larger.put(out.flip());
    }
  }
}
