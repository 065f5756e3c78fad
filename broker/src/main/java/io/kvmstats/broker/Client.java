package io.kvmstats.broker;

import io.kvmstats.acquire.Handed;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.PacketSocket;
import io.kvmstats.linux.PacketSocket.Packet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * One that has connected, and what it may do to us.
 *
 * <p>Nothing waits for it, and nothing piles up: an answer that it does not take ends it, and of
 * changes it is owed at most one. Used by one thread.
 */
final class Client implements AutoCloseable {
  /** Whoever connects says hello by then. */
  private static final long HELLO_NANOS = 5_000_000_000L;

  /** Nobody has reason to send more in a second. */
  private static final int PACKETS_PER_SECOND = 1000;

  private static final long SECOND_NANOS = 1_000_000_000L;

  /** How much may be handed in. */
  interface Room {
    /**
     * Checks that there is room for more.
     *
     * @param uid whose they are
     * @param more how many
     * @throws IOException when there is none
     */
    void check(int uid, int more) throws IOException;
  }

  private final PacketSocket socket;
  private final PacketSocket.Peer peer;
  private final long connected;
  private final Fd table;
  private final Handed handed;
  private final Room room;
  private final Closing closing;
  private Optional<Handed.Giver> giver = Optional.empty();
  private boolean greeted;
  private boolean owed;
  private long wish;
  private long second;
  private int packets;

  Client(PacketSocket socket, Fd table, Handed handed, Room room, Closing closing, long now)
      throws LinuxException {
    this.socket = socket;
    this.peer = socket.peer();
    this.table = table;
    this.handed = handed;
    this.room = room;
    this.closing = closing;
    this.connected = now;
    this.second = now;
  }

  PacketSocket socket() {
    return socket;
  }

  int uid() {
    return peer.uid();
  }

  /** {@return how often it wants the table swept, in ns; 0 when it does not care} */
  long wish() {
    return wish;
  }

  /** {@return whether it has to be told of a change, and there was no room so far} */
  boolean isOwed() {
    return owed;
  }

  /** Remembers that there is a change to tell. */
  void owe() {
    owed = greeted;
  }

  /** Tells of a change, if that is owed and it takes it now. */
  void pay(long generation) throws LinuxException {
    if (owed && socket.send(Packets.changed(generation))) {
      owed = false;
    }
  }

  /**
   * {@return why it has to go, if it has}
   *
   * @param now in ns
   */
  Optional<String> leaves(long now) {
    return greeted || now - connected < HELLO_NANOS
        ? giver.flatMap(Handed.Giver::refusal)
        : Optional.of("no hello within " + HELLO_NANOS / SECOND_NANOS + " s");
  }

  /**
   * Takes a packet, if one is there.
   *
   * @param now in ns
   * @return whether it is still there
   * @throws IOException when it breaks the protocol, saying how
   */
  boolean receive(long now) throws IOException {
    Optional<Packet> received = socket.receive(Packets.BYTES_MAX);
    if (received.isEmpty()) {
      return true;
    }
    Packet packet = received.get();
    try {
      if (!packet.bytes().hasRemaining()) {
        return false;
      }
      count(now);
      if (!packet.complete()) {
        throw new IOException("a packet that is too long, or with more descriptors than fit");
      }
      take(packet);
    } finally {
      if (!packet.fds().isEmpty()) {
        closing.close(packet::close); // What was not taken.
      }
    }
    return true;
  }

  private void count(long now) throws IOException {
    if (now - second >= SECOND_NANOS) {
      second = now;
      packets = 0;
    }
    if (++packets > PACKETS_PER_SECOND) {
      throw new IOException("more than " + PACKETS_PER_SECOND + " packets in a second");
    }
  }

  private void take(Packet packet) throws IOException {
    ByteBuffer body = packet.bytes();
    if (body.remaining() < 2 * Integer.BYTES) {
      throw new IOException("a packet of " + body.remaining() + " bytes");
    }
    int type = body.getInt();
    int word = body.getInt();
    if (greeted == (type == Packets.HELLO)) {
      throw new IOException(greeted ? "a second hello" : "a packet before hello");
    }
    if (type != Packets.HAND && !packet.fds().isEmpty()) {
      // Each costs a close: whoever sends some for nothing would have us close without end.
      throw new IOException("descriptors with a packet that has none");
    }
    switch (type) {
      case Packets.HELLO -> {
        expectNoMore(body);
        greet(word);
      }
      case Packets.INTERVAL -> {
        if (body.remaining() != Long.BYTES) {
          throw new IOException("an interval of " + body.remaining() + " bytes");
        }
        long nanos = body.getLong();
        wish = nanos < 0 ? Long.MAX_VALUE : nanos; // It is unsigned.
      }
      case Packets.NAME -> giver().name(name(body, word));
      case Packets.HAND -> hand(packet, word);
      default -> throw new IOException("a packet of type " + type);
    }
  }

  private Handed.Giver giver() throws IOException {
    if (peer.pid() == 0) {
      throw new IOException("it is in a pid namespace that this broker can't see");
    }
    if (giver.isEmpty()) {
      giver = Optional.of(handed.giver(socket.peerProcess()));
    }
    return giver.get();
  }

  private static String name(ByteBuffer body, int bytes) throws IOException {
    if (bytes != body.remaining() || bytes < 1 || bytes > Packets.NAME_BYTES_MAX) {
      throw new IOException("a name of " + bytes + " bytes, 1 to " + Packets.NAME_BYTES_MAX);
    }
    String name;
    try {
      name = StandardCharsets.UTF_8.newDecoder().decode(body).toString();
    } catch (CharacterCodingException e) {
      throw new IOException("a name that is not UTF-8", e);
    }
    if (name.indexOf('\0') >= 0) {
      throw new IOException("a name with a NUL in it");
    }
    return name;
  }

  private static void expectNoMore(ByteBuffer body) throws IOException {
    if (body.hasRemaining()) {
      throw new IOException(body.remaining() + " bytes more than there should be");
    }
  }

  private void hand(Packet packet, int count) throws IOException {
    expectNoMore(packet.bytes());
    if (count != packet.fds().size() || count == 0) {
      throw new IOException(
          packet.fds().size() + " descriptors where " + count + " are said to be");
    }
    room.check(uid(), count);
    while (!packet.fds().isEmpty()) {
      giver().add(packet.fds().getFirst());
      packet.fds().removeFirst();
    }
    answer(Packets.taken(giver().size()));
  }

  private void answer(byte[] packet, Fd... fds) throws IOException {
    if (!socket.send(packet, fds)) {
      throw new IOException("it does not take its answer");
    }
  }

  private void greet(int version) throws IOException {
    if (version != Packets.VERSION) {
      throw new IOException("version " + version + ": this broker speaks " + Packets.VERSION);
    }
    greeted = true;
    answer(Packets.welcome(), table);
  }

  /** Says why it is sent away, if it listens, and closes. */
  void refuse(String why) {
    try {
      socket.send(Packets.refused(Errno.EPROTO, why));
    } catch (LinuxException e) {
      // Gone before it heard it.
    }
    close();
  }

  /** {@return how many stats fds it has handed in, and not taken back} */
  int handed() {
    return giver.map(Handed.Giver::size).orElse(0);
  }

  /** Also what it has sent and nobody received is closed with it. */
  @Override
  public void close() {
    closing.close(() -> {
      giver.ifPresent(Handed.Giver::close);
      socket.close();
    });
  }
}
