package io.kvmstats.broker;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.Slot;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Sample;
import io.kvmstats.discover.Hidden;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.PacketSocket;
import io.kvmstats.linux.PacketSocket.Packet;
import io.kvmstats.linux.Poll;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * A host's VMs as a broker's table has them: needs no privileges, and no system call to read.
 *
 * <p>{@link #sweep} waits for the broker's, if its last one is too old. Rates are over the time
 * between those that were so looked at, which may be longer than the broker's interval. Its methods
 * wait for each other, whichever threads call them: the table may be replaced by another.
 */
public final class BrokerView implements HostView {
  private static final int ANSWER_MILLIS = 5000;

  /** Beyond so many intervals, the broker is said to have stopped. */
  private static final int INTERVALS_MAX = 3;

  private static final long GRACE_NANOS = 2_000_000_000L;
  private static final long PAUSE_NANOS = 1_000_000L;

  /** No directory has it: they are even. */
  private static final long NO_GENERATION = -1;

  private final Path path;
  private Optional<Duration> wish;
  private final Predicate<VmmView> wanted;
  private PacketSocket socket;
  private MappedTable table;
  private Map<Long, Latest> objects = new HashMap<>();
  private List<VmmView> vmms = List.of();
  private List<Hidden> hidden = List.of();
  private long generation;

  /** Whether the broker has ended, and another one may have taken its place. */
  private boolean isLost;

  /** An object's reading, over the time that this reader looks at. */
  private static final class Latest {
    private Slot slot;
    private volatile Optional<Reading> reading;

    Latest(Slot slot) {
      this.slot = slot;
      this.reading = slot.read();
    }

    /** Goes on with the same object's slot, where that is another one by now. */
    Latest in(Slot current) {
      slot = current;
      return this;
    }

    /** Goes on to the newest sample; where it is the one there was, nothing has happened since. */
    void shift() {
      Optional<Sample> before = reading.map(Reading::latest);
      Optional<Sample> now = slot.read().map(Reading::latest);
      if (now.map(Sample::afterNanos).equals(before.map(Sample::afterNanos))) {
        return;
      }
      reading = now.map(sample -> new Reading(sample, before));
    }
  }

  /**
   * Connects to a broker.
   *
   * @param path where it listens
   * @param wanted which VMMs to show
   * @param interval how often numbers are wanted, if that matters; the broker may grant less
   * @throws LinuxException when there is none, or this user may not: see {@link
   *     PacketSocket#connect}
   * @throws IOException when it does not answer as one
   */
  public BrokerView(Path path, Predicate<VmmView> wanted, Optional<Duration> interval)
      throws IOException {
    this.path = path;
    this.wanted = wanted;
    this.wish = interval;
    this.socket = PacketSocket.connect(path);
    this.table = greet(socket, path, interval);
  }

  /** {@return the table} The socket is closed when there is none. */
  private static MappedTable greet(PacketSocket socket, Path path, Optional<Duration> wish)
      throws IOException {
    try {
      socket.send(Packets.hello());
      MappedTable table = welcome(socket, path);
      if (wish.isPresent()) {
        socket.send(Packets.interval(wish.get().toNanos()));
      }
      return table;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static MappedTable welcome(PacketSocket socket, Path path) throws IOException {
    Poll poll = new Poll();
    poll.add(socket, Poll.IN);
    poll.await(ANSWER_MILLIS);
    Optional<Packet> answer = socket.receive(Packets.BYTES_MAX);
    if (answer.isEmpty()) {
      throw new IOException("the broker at " + path + " does not answer");
    }
    try (Packet packet = answer.get()) {
      ByteBuffer body = packet.bytes();
      int type = body.remaining() >= Integer.BYTES ? body.getInt() : 0;
      if (type == Packets.REFUSED) {
        throw new IOException("the broker at " + path + " refuses: " + Packets.whyRefused(body));
      }
      if (type != Packets.WELCOME || packet.fds().size() != 1 || !packet.complete()) {
        throw new IOException("what listens at " + path + " is no broker");
      }
      return new MappedTable(packet.fds().getFirst());
    }
  }

  /** {@return the time from one of the broker's sweeps to the next} */
  public Duration interval() {
    return Duration.ofNanos(table.interval());
  }

  /** {@return the shortest interval that this broker grants} */
  public Duration intervalLimit() {
    return Duration.ofNanos(table.intervalLimit());
  }

  @Override
  public synchronized void refresh() throws IOException {
    hear();
    long current = table.generation();
    if (current == generation) {
      return;
    }
    Map<Long, Latest> before = objects;
    Map<Long, Latest> now = new HashMap<>();
    DirectoryReader.Contents contents =
        DirectoryReader.read(
            table.directory(),
            table.memory(),
            slot -> {
              Latest known = before.get(slot.object());
              Latest latest = known != null ? known.in(slot) : new Latest(slot);
              now.put(slot.object(), latest);
              return () -> latest.reading;
            });
    objects = now;
    before.forEach((object, latest) -> {
      if (!now.containsKey(object)) {
        latest.reading = Optional.empty(); // Whoever still has its view finds it gone.
      }
    });
    vmms =
        contents.vmms().stream()
            .filter(wanted)
            .sorted(Comparator.comparingInt(VmmView::pid))
            .toList();
    hidden = contents.hidden();
    generation = current;
  }

  /** Empties the socket: what it says is in the table too, but for the broker's end. */
  private void hear() throws IOException {
    if (isLost || table.isReplaced()) {
      connectAgain();
    }
    try {
      receive();
    } catch (IOException e) {
      if (!table.isReplaced()) {
        isLost = true; // The next look tries it again.
        throw e;
      }
      connectAgain();
    }
  }

  /**
   * Goes on with the table that has taken this one's place. Its objects have the numbers that they
   * had, unless it is another broker's.
   */
  private void connectAgain() throws IOException {
    PacketSocket otherSocket;
    MappedTable other;
    try {
      otherSocket = connectPatiently();
      other = greet(otherSocket, path, wish);
    } catch (IOException e) {
      throw new IOException(
          (isLost ? "the broker has ended: " : "the broker has cut us off: ") + e.getMessage(), e);
    }
    if (isLost) {
      isLost = false;
      objects.values().forEach(latest -> latest.reading = Optional.empty());
      objects = new HashMap<>();
    }
    close();
    socket = otherSocket;
    table = other;
    generation = NO_GENERATION;
  }

  /** All that were cut off come at the same time, and only so many can wait. */
  private PacketSocket connectPatiently() throws IOException {
    long deadline = System.nanoTime() + GRACE_NANOS;
    while (true) {
      try {
        return PacketSocket.connect(path);
      } catch (LinuxException e) {
        if (e.errno() != Errno.EAGAIN || System.nanoTime() - deadline > 0) {
          throw e;
        }
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private void receive() throws IOException {
    for (Optional<Packet> next = socket.receive(Packets.BYTES_MAX);
        next.isPresent();
        next = socket.receive(Packets.BYTES_MAX)) {
      try (Packet packet = next.get()) {
        ByteBuffer body = packet.bytes();
        if (!body.hasRemaining()) {
          throw new IOException("the broker has ended");
        }
        if (body.remaining() >= Integer.BYTES && body.getInt() == Packets.REFUSED) {
          throw new IOException("the broker has cut us off: " + Packets.whyRefused(body));
        }
      }
    }
  }

  @Override
  public synchronized void sweep(Duration age) throws IOException {
    long start = System.nanoTime();
    while (table.isReplaced()
        || table.sweepBegan() == 0
        || start - table.sweepBegan() > age.toNanos()) {
      if (table.isReplaced()) {
        refresh();
        continue;
      }
      long due = table.sweepBegan() + table.interval() - System.nanoTime();
      LockSupport.parkNanos(Math.clamp(due, PAUSE_NANOS, GRACE_NANOS));
      checkAlive(start);
    }
    checkAlive(start - age.toNanos());
    objects.values().forEach(Latest::shift);
  }

  /** Of the time from one of its sweeps to the next, half as much again: it is no clock. */
  @Override
  public synchronized Duration attainable(Duration age) {
    Duration apart = interval().multipliedBy(3).dividedBy(2);
    return apart.compareTo(age) > 0 ? apart : age;
  }

  /** Tells a broker that takes its time from one that has stopped. */
  private void checkAlive(long since) throws IOException {
    long silence = System.nanoTime() - Math.max(since, table.sweepBegan());
    if (silence > INTERVALS_MAX * table.interval() + GRACE_NANOS) {
      hear(); // Says why, if the broker has ended.
      throw new IOException(
          "the broker has read nothing for " + Duration.ofNanos(silence).toSeconds() + " seconds");
    }
  }

  @Override
  public synchronized void every(Duration interval) throws IOException {
    wish = Optional.of(interval);
    socket.send(Packets.interval(interval.toNanos()));
  }

  @Override
  public synchronized List<VmmView> vmms() {
    return vmms;
  }

  @Override
  public synchronized List<Hidden> hidden() {
    return hidden;
  }

  @Override
  public synchronized void close() {
    table.close();
    socket.close();
  }
}
