package io.kvmstats.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Memfd;
import io.kvmstats.linux.PacketSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Clients that break the protocol, take nothing, send too much or hand in what is no stats fd: each
 * is sent away with a reason, and nobody else notices.
 */
class HostileClientTest {
  private static final int MANY = 300;
  private static final String SETPRIV = "exec setpriv --reuid=65534 --clear-groups \"$@\"";

  @TempDir private Path folder;
  private RunningBroker broker;
  private BrokerView bystander;
  private List<String> before = List.of();

  @BeforeEach
  void start() throws Exception {
    broker = new RunningBroker(folder, "rw-------");
    bystander = new BrokerView(broker.socket, vmm -> true, Optional.empty());
    bystander.sweep(Duration.ZERO);
    before = ours();
  }

  /** Another process's VM may come at any time on this machine: not what is held for it. */
  private static List<String> ours() throws IOException {
    return Machine.openFds().stream().filter(link -> !link.startsWith("anon_inode:")).toList();
  }

  /** Whatever happened, the bystander is served, and nothing of the client's is left. */
  @AfterEach
  void nobodyElseNoticed() throws Exception {
    bystander.refresh();
    bystander.sweep(Duration.ZERO);
    Machine.await("nothing is held for it", () -> ours().equals(before));
    assertThat(broker.log).isEmpty();
    bystander.close();
    broker.close();
  }

  private record Offence(String name, String answer, byte[]... packets) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static byte[] words(int... words) {
    ByteBuffer packet =
        ByteBuffer.allocate(Integer.BYTES * words.length).order(ByteOrder.nativeOrder());
    Arrays.stream(words).forEach(packet::putInt);
    return packet.array();
  }

  static List<Offence> offences() {
    byte[] hello = Packets.hello();
    return List.of(
        new Offence("no hello first", "a packet before hello", Packets.interval(1)),
        new Offence("another version", "version 7: this broker speaks 1", words(Packets.HELLO, 7)),
        new Offence("hello twice", "a second hello", hello, hello),
        new Offence("a packet of 3 bytes", "a packet of 3 bytes", hello, new byte[3]),
        new Offence("an unknown type", "a packet of type 99", hello, words(99, 0)),
        new Offence("a type of the broker's", "a packet of type 101", hello, Packets.welcome()),
        new Offence("half an interval", "an interval of 4 bytes", hello, words(2, 0, 5)),
        new Offence("a longer interval", "an interval of 12 bytes", hello, words(2, 0, 1, 2, 3)),
        new Offence("a name that isn't there", "a name of 5 bytes", hello, words(3, 5)),
        new Offence("a name of negative length", "a name of -1 bytes", hello, words(3, -1, 0)),
        new Offence("an empty name", "a name of 0 bytes", hello, words(3, 0)),
        new Offence("a name with a NUL", "a name with a NUL", hello, BrokerTest.name("a\0b")),
        new Offence("hello and more", "4 bytes more", words(Packets.HELLO, 1, 0)),
        new Offence("a long name", "a name of 300 bytes", hello, BrokerTest.name("x".repeat(300))),
        new Offence("descriptors that aren't there", "0 descriptors where 2", hello, words(4, 2)),
        new Offence("no descriptors at all", "0 descriptors where 0", hello, words(4, 0)),
        new Offence("too long a packet", "a packet that is too long", hello, new byte[5000]));
  }

  @ParameterizedTest
  @MethodSource("offences")
  void whoBreaksTheProtocolIsSentAwayWithTheReason(Offence offence) throws IOException {
    try (PacketSocket client = PacketSocket.connect(broker.socket)) {
      for (byte[] packet : offence.packets) {
        client.send(packet);
      }
      assertThat(Packets.whyRefused(BrokerTest.answer(client, Packets.REFUSED)))
          .startsWith(offence.answer);
      assertThat(isCutOff(client)).isTrue();
    }
  }

  private static boolean isCutOff(PacketSocket client) {
    try {
      BrokerTest.answer(client, Packets.WELCOME);
      return false;
    } catch (IOException e) {
      return e.getMessage().equals("cut off") || e.getMessage().contains("ECONNRESET");
    }
  }

  @Test
  void whoSaysNothingIsSentAwayInTheEnd() throws IOException {
    try (PacketSocket client = PacketSocket.connect(broker.socket)) {
      // Longer than any patience of answer().
      Machine.await("sent away", () -> client.receive(Packets.BYTES_MAX).isPresent());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void whatIsNoStatsFdIsNotTaken() throws Exception {
    try (Fd unsealed = Memfd.create("kvm-vm-stats", 1 << 12);
        Fd other = Memfd.create("something", 1 << 12)) {
      assertThat(refusalOf(unsealed)).contains("published without F_SEAL_SHRINK");
      assertThat(refusalOf(other)).startsWith("/memfd:something (deleted) is no stats fd");
    }
  }

  private String refusalOf(Fd fd) throws IOException {
    try (PacketSocket client = PacketSocket.connect(broker.socket)) {
      client.send(Packets.hello());
      client.send(BrokerTest.hand(1), fd);
      return Packets.whyRefused(BrokerTest.answer(client, Packets.REFUSED));
    }
  }

  /** As many as go into one packet: none of them stays open, and no second packet is received. */
  @ParameterizedTest
  @MethodSource("packetsWithoutDescriptors")
  void whoSendsDescriptorsWithAnythingElseIsSentAway(List<byte[]> packets) throws Exception {
    List<Fd> fds = new ArrayList<>();
    for (int i = 0; i < PacketSocket.FDS_MAX; i++) {
      fds.add(Memfd.create("smuggled", 1));
    }
    try (PacketSocket client = PacketSocket.connect(broker.socket)) {
      for (byte[] packet : packets.subList(0, packets.size() - 1)) {
        client.send(packet);
      }
      client.send(packets.getLast(), fds.toArray(Fd[]::new));
      assertThat(Packets.whyRefused(BrokerTest.answer(client, Packets.REFUSED)))
          .startsWith("descriptors with a packet that has none");
      assertThat(isCutOff(client)).isTrue();
      fds.forEach(Fd::close);
      Machine.await(
          "they are closed",
          () -> Machine.openFds().stream().noneMatch(link -> link.contains("smuggled")));
    }
  }

  static List<List<byte[]>> packetsWithoutDescriptors() {
    byte[] hello = Packets.hello();
    return List.of(
        List.of(hello),
        List.of(hello, Packets.interval(0)),
        List.of(hello, BrokerTest.name("a name")),
        List.of(hello, words(99, 0)));
  }

  /** It never receives: its answers pile up in its own socket, and then it is sent away. */
  @Test
  void whoTakesNoAnswersIsSentAway() throws Exception {
    try (PacketSocket client = PacketSocket.connect(broker.socket);
        Fd published = Memfd.create("kvm-vm-stats", 1 << 12)) {
      Memfd.addSeals(
          published,
          Memfd.F_SEAL_SHRINK | Memfd.F_SEAL_GROW | Memfd.F_SEAL_FUTURE_WRITE | Memfd.F_SEAL_SEAL);
      client.send(Packets.hello());
      Machine.await("sent away", () -> !sends(client, BrokerTest.hand(1), published));
      Machine.await("all is given back", () -> Machine.duplicates(published) == 0);
    }
  }

  /** Hands in a socket whose close(2) takes ten seconds: the sweep goes on meanwhile. */
  @Test
  void whatTakesLongToCloseHoldsUpNobody() throws Exception {
    String script =
        """
        import socket, struct, sys
        broker = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        broker.connect(sys.argv[1])
        broker.send(struct.pack('=II', 1, 1))
        listener = socket.create_server(('127.0.0.1', 0))
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 10))
        slow.connect(listener.getsockname())
        other, _ = listener.accept()
        slow.setblocking(False)
        try:
            while True:
                slow.send(b'x' * 65536)
        except BlockingIOError:
            pass
        socket.send_fds(broker, [struct.pack('=II', 4, 1)], [slow.fileno()])
        slow.close()
        while b'is no stats fd' not in broker.recv(4096):
            pass
        print('refused', flush=True)
        sys.stdin.read()
        """;
    assumeTrue(
        new ProcessBuilder("sh", "-c", "command -v python3 >/dev/null").start().waitFor() == 0,
        "skipped: no python3 on this machine");
    Process client =
        new ProcessBuilder("python3", "-c", script, broker.socket.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(client.inputReader().readLine()).isEqualTo("refused");
      long start = System.nanoTime();
      for (int i = 0; i < 3; i++) {
        bystander.sweep(Duration.ZERO);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    } finally {
      client.destroyForcibly().waitFor();
    }
  }

  /**
   * Two processes of one user hand in as much as one process may; the broker and the bystander are
   * another's.
   */
  @Test
  void ofWhatOneUserPublishesNoMoreIsReadThanAShare() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can be another user");
    assumeTrue(
        asNobody("python3", "-c", "").waitFor() == 0,
        "skipped: no setpriv on this machine, or no python3 for all");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(broker.socket, PosixFilePermissions.fromString("rw-rw-rw-"));
    // 15 objects with the most values that a statistic can have; nothing of a file is touched but
    // what describes it.
    String script =
        """
        import fcntl, os, socket, struct, sys
        broker = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        broker.connect(sys.argv[1])
        broker.send(struct.pack('=II', 1, 1))
        fds = []
        for vcpu in range(15):
            fd = os.memfd_create('kvm-vcpu-stats:%d' % vcpu, os.MFD_ALLOW_SEALING)
            os.truncate(fd, 136 + 8 * 65535)
            os.pwrite(fd, struct.pack('=IIIIII', 0, 48, 1, 24, 72, 136), 0)
            os.pwrite(fd, struct.pack('=IhHII', 0x203, 0, 65535, 0, 1), 72)
            os.pwrite(fd, b'large', 88)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, 0x1 | 0x2 | 0x4 | 0x10)
            fds.append(fd)
        socket.send_fds(broker, [struct.pack('=II', 4, len(fds))], fds)
        while True:
            packet = broker.recv(4096)
            kind, value = struct.unpack_from('=II', packet)
            if kind in (103, 104):
                print(kind, packet[8:].decode(), flush=True)
            if kind == 104:
                break
        """;
    Process[] clients = new Process[2];
    try {
      for (int i = 0; i < clients.length; i++) {
        clients[i] = asNobody("python3", "-c", script, broker.socket.toString());
        assertThat(clients[i].inputReader().readLine()).isEqualTo("103 ");
        int objects = i == 0 ? 15 : 0;
        long pid = clients[i].pid();
        Machine.await("it is looked at", () -> objects(pid) >= objects);
      }
      assertThat(clients[1].inputReader().readLine())
          .isEqualTo(
              "104 user 65534 publishes 31463040 bytes of samples: no more than 16777216 are kept"
                  + " for one user");
      assertThat(objects(clients[0].pid())).isEqualTo(15);
      assertThat(objects(clients[1].pid())).isZero();
    } finally {
      for (Process client : clients) {
        if (client != null) {
          client.destroyForcibly().waitFor();
        }
      }
    }
  }

  private static Process asNobody(String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of("sh", "-c", SETPRIV, "sh"));
    all.addAll(List.of(command));
    ProcessBuilder builder = new ProcessBuilder(all);
    builder.environment().put("PATH", "/usr/bin:/bin"); // Root's may be root's alone.
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private int objects(long pid) throws IOException {
    bystander.refresh();
    return bystander.vmms().stream()
        .filter(vmm -> vmm.pid() == pid)
        .mapToInt(vmm -> vmm.objects().size())
        .sum();
  }

  /** Floods, and is sent away; the sweeps go on meanwhile. */
  @Test
  void whoSendsTooMuchIsSentAway() throws Exception {
    try (PacketSocket client = PacketSocket.connect(broker.socket)) {
      client.send(Packets.hello());
      Machine.await(
          "sent away",
          () -> {
            for (int i = 0; i < MANY; i++) {
              if (!sends(client, Packets.interval(0))) {
                return true;
              }
            }
            return false;
          });
    }
    long start = System.nanoTime();
    bystander.sweep(Duration.ZERO);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
  }

  private static boolean sends(PacketSocket client, byte[] packet, Fd... fds) {
    try {
      client.send(packet, fds);
      return true;
    } catch (LinuxException e) {
      return false; // EPIPE: closed over there.
    }
  }

  @Test
  void thereIsALimitToHowManyConnect() throws Exception {
    List<PacketSocket> clients = new ArrayList<>();
    try {
      int refused = 0;
      for (int i = 0; i < MANY; i++) {
        PacketSocket client = connect();
        clients.add(client);
        try {
          client.send(Packets.hello());
          BrokerTest.answer(client, Packets.WELCOME);
        } catch (AssertionError | IOException e) {
          refused++;
        }
      }
      assertThat(refused).isPositive().isLessThan(MANY);
      bystander.sweep(Duration.ZERO);
    } finally {
      clients.forEach(PacketSocket::close);
    }
    // There is room again.
    Machine.await("all have gone", () -> ours().equals(before));
    new BrokerView(broker.socket, vmm -> true, Optional.empty()).close();
  }

  private PacketSocket connect() throws IOException, InterruptedException {
    PacketSocket[] connected = new PacketSocket[1];
    Machine.await(
        "connected",
        () -> {
          try {
            connected[0] = PacketSocket.connect(broker.socket);
            return true;
          } catch (LinuxException e) {
            return false; // EAGAIN: too many wait.
          }
        });
    return connected[0];
  }
}
