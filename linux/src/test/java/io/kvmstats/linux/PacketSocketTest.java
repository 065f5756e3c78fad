package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.linux.PacketSocket.Packet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PacketSocketTest {
  private static final int SELF = Math.toIntExact(ProcessHandle.current().pid());
  private static final int BYTES_MAX = 1 << 10;

  @TempDir private Path folder;
  private List<String> before = List.of();
  private PacketSocket listener;
  private PacketSocket here;
  private PacketSocket there;

  @BeforeEach
  void connect() throws IOException {
    PacketSocket.connect(bound("warm")).close(); // Loads all classes, which may open descriptors.
    listener.close();
    before = Held.now();
    Path path = bound("socket");
    here = PacketSocket.connect(path);
    there = listener.accept().orElseThrow();
  }

  private Path bound(String name) throws IOException {
    Path path = folder.resolve(name);
    listener = PacketSocket.listen(path, PosixFilePermissions.fromString("rw-r-----"));
    return path;
  }

  @AfterEach
  void nothingIsLeftOpen() throws IOException {
    here.close();
    there.close();
    listener.close();
    List<String> after = Held.now();
    before.forEach(after::remove);
    assertThat(after).isEmpty();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(Packet packet) {
    byte[] bytes = new byte[packet.bytes().remaining()];
    packet.bytes().get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void packetsComeWholeAndInOrder() throws IOException {
    assertThat(there.receive(BYTES_MAX)).isEmpty();
    assertThat(here.send(bytes("one"))).isTrue();
    assertThat(here.send(bytes("two, longer"))).isTrue();
    assertThat(text(there.receive(BYTES_MAX).orElseThrow())).isEqualTo("one");
    assertThat(text(there.receive(BYTES_MAX).orElseThrow())).isEqualTo("two, longer");
    assertThat(there.receive(BYTES_MAX)).isEmpty();
  }

  @Test
  void descriptorsComeAlongAndAreTheSameFiles() throws IOException {
    List<Fd> fds = new ArrayList<>();
    for (int i = 0; i < PacketSocket.FDS_MAX; i++) {
      fds.add(Memfd.create("handed " + i, 1));
    }
    here.send(bytes("all"), fds.toArray(Fd[]::new));
    try (Packet packet = there.receive(BYTES_MAX).orElseThrow()) {
      assertThat(packet.complete()).isTrue();
      assertThat(packet.fds()).hasSize(fds.size());
      for (int i = 0; i < fds.size(); i++) {
        Fd handed = packet.fds().get(i);
        assertThat(Kcmp.compareFiles(SELF, fds.get(i).number(), SELF, handed.number())).isZero();
        assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + handed.number())))
            .containsPattern("flags:\\t0?2[0-7]*"); // O_CLOEXEC
      }
    }
    fds.forEach(Fd::close);
  }

  @Test
  void whatIsTooLongComesCutAndSaysSo() throws IOException {
    here.send(bytes("0123456789"));
    Packet packet = there.receive(4).orElseThrow();
    assertThat(packet.complete()).isFalse();
    assertThat(text(packet)).isEqualTo("0123");
  }

  /** A receiver that does not receive makes the sender fail, not wait. */
  @Test
  void nobodyWaits() throws IOException {
    int sent = 0;
    while (here.send(bytes("x".repeat(BYTES_MAX)))) {
      sent++;
    }
    assertThat(sent).isPositive();
    Poll poll = new Poll();
    int sender = poll.add(here, Poll.OUT);
    int receiver = poll.add(there, Poll.IN);
    poll.await(0);
    assertThat(poll.isReady(sender)).isFalse();
    assertThat(poll.isReady(receiver)).isTrue();
    for (int i = 0; i < sent; i++) {
      assertThat(there.receive(BYTES_MAX)).isPresent();
    }
    sender = poll.add(here, Poll.OUT);
    poll.await(0);
    assertThat(poll.isReady(sender)).isTrue();
  }

  @Test
  void theEndOfTheOtherIsSeen() throws IOException {
    here.close();
    assertThat(there.receive(BYTES_MAX).orElseThrow().bytes().remaining()).isZero();
    assertThatThrownBy(() -> there.send(bytes("x"))).hasMessageContaining("EPIPE");
  }

  @Test
  void thePeerIsKnown() throws IOException {
    assertThat(there.peer().pid()).isEqualTo(SELF);
    try (Pidfd process = there.peerProcess()) {
      assertThat(process.pid()).isEqualTo(SELF);
      assertThat(process.isAlive()).isTrue();
    }
  }

  @Test
  void whoMayConnectIsTheFilesMode() throws IOException {
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("socket"))))
        .isEqualTo("rw-r-----");
  }

  @Test
  void errorsSayWhatAndWhere() throws IOException {
    Path taken = folder.resolve("socket");
    assertThatThrownBy(
            () -> PacketSocket.listen(taken, PosixFilePermissions.fromString("rw-rw-rw-")))
        .hasMessageContaining("bind on socket " + taken)
        .hasMessageContaining("EADDRINUSE");
    listener.close();
    assertThatThrownBy(() -> PacketSocket.connect(taken))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED));
    assertThatThrownBy(() -> PacketSocket.connect(folder.resolve("none")))
        .hasMessageContaining("ENOENT");
    assertThatThrownBy(() -> PacketSocket.connect(Path.of("/" + "x".repeat(200))))
        .hasMessageContaining("too long");
  }
}
