package io.kvmstats.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.acquire.Source;
import io.kvmstats.collect.Collector;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.discover.VmName;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.PacketSocket;
import io.kvmstats.linux.Poll;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that reads real guests, and those who read from it. */
class BrokerTest {
  private static final String NAME = "brokered";
  private static final Duration ANY_AGE = Duration.ofDays(1);

  @TempDir private Path folder;

  @BeforeEach
  void kvm() {
    Machine.assumeKvm();
  }

  private static boolean isOurs(Optional<VmName> name) {
    return name.filter(n -> n.text().equals(NAME)).isPresent();
  }

  private static BrokerView view(RunningBroker broker) throws IOException {
    return new BrokerView(broker.socket, vmm -> isOurs(vmm.name()), Optional.empty());
  }

  private static GuestProcess guest() throws IOException {
    return GuestProcess.start(NAME, List.of(Life.HALT, Life.MMIO)).awaitRunning();
  }

  /** {@return whether there are so many, and all of them is read} A VMM may be seen half made. */
  private static boolean sees(BrokerView view, int vmms) throws IOException {
    view.refresh();
    return view.vmms().size() == vmms
        && view.vmms().stream().allMatch(vmm -> vmm.shortfall().isEmpty());
  }

  @Test
  void itsReadersSeeWhatTheyWouldReadThemselves() throws Exception {
    try (GuestProcess guest = guest();
        RunningBroker broker = new RunningBroker(folder, "rw-------");
        BrokerView view = view(broker);
        Collector collector = new Collector(vmm -> isOurs(vmm.name()))) {
      Machine.await("the guest is there", () -> sees(view, 1));
      collector.refresh();
      VmmView theirs = view.vmms().getFirst();
      VmmView ours = collector.vmms().getFirst();
      assertThat(theirs)
          .usingRecursiveComparison()
          .ignoringFields("objects.latest")
          .isEqualTo(ours);
      assertThat(theirs.pid()).isEqualTo(guest.pid());

      // Values only grow: the broker's lie between two of ours.
      collector.sweep();
      view.sweep(Duration.ZERO);
      List<Sample> middle = samples(theirs);
      List<Sample> before = samples(ours);
      collector.sweep();
      List<Sample> after = samples(ours);
      int moved = 0;
      for (int i = 0; i < middle.size(); i++) {
        for (Descriptor descriptor : middle.get(i).schema().descriptors()) {
          if (descriptor.type().isCumulative()) {
            long low = before.get(i).value(descriptor);
            long high = after.get(i).value(descriptor);
            assertThat(middle.get(i).value(descriptor)).as(descriptor.name()).isBetween(low, high);
            moved += low < high ? 1 : 0;
          }
        }
      }
      assertThat(moved).isPositive();
    }
  }

  private static List<Sample> samples(VmmView vmm) {
    return vmm.objects().stream().map(o -> o.read().orElseThrow().latest()).toList();
  }

  @Test
  void aVmThatComesIsThereWithinAnIntervalOrTwoAndOneThatEndsIsGone() throws Exception {
    try (RunningBroker broker = new RunningBroker(folder, "rw-------");
        BrokerView view = view(broker)) {
      List<ObjectView> objects;
      try (GuestProcess guest = guest()) {
        Machine.await(
            "the guest is there",
            () -> sees(view, 1) && view.vmms().getFirst().objects().size() == 3);
        objects = view.vmms().getFirst().objects();
        view.sweep(Duration.ZERO);
        assertThat(objects).hasSize(3).allMatch(object -> object.read().isPresent());
        guest.kill();
      }
      Machine.await("the guest is gone", () -> sees(view, 0));
      view.sweep(Duration.ZERO);
      assertThat(objects).allMatch(object -> object.read().isEmpty());
    }
  }

  /** Rates are over the reader's own time, whatever the broker's is. */
  @Test
  void aReaderHasItsOwnTime() throws Exception {
    try (GuestProcess guest = guest();
        RunningBroker broker = new RunningBroker(folder, "rw-------");
        BrokerView view = view(broker)) {
      Machine.await("the guest is there", () -> sees(view, 1));
      ObjectView object = view.vmms().getFirst().objects().getFirst();
      view.sweep(Duration.ZERO);
      Thread.sleep(5 * RunningBroker.INTERVAL.toMillis());
      view.sweep(Duration.ZERO);
      Reading long_ = object.read().orElseThrow();
      assertThat(long_.seconds().orElseThrow())
          .isGreaterThanOrEqualTo(4 * RunningBroker.INTERVAL.toNanos() / 1e9);
      // Nothing newer is there: what was read last stays what is shown.
      view.sweep(ANY_AGE);
      view.sweep(ANY_AGE);
      assertThat(object.read().orElseThrow().seconds().orElseThrow()).isPositive();
      assertThat(guest.pid()).isPositive();
    }
  }

  @Test
  void aWishForAShorterIntervalIsGrantedUpToTheLimitAndEndsWithItsReader() throws Exception {
    try (RunningBroker broker = new RunningBroker(folder, "rw-------");
        BrokerView view = view(broker)) {
      view.sweep(Duration.ZERO);
      assertThat(view.interval()).isEqualTo(RunningBroker.INTERVAL);
      assertThat(view.intervalLimit()).isEqualTo(RunningBroker.LIMIT);
      try (BrokerView hasty =
          new BrokerView(broker.socket, vmm -> true, Optional.of(Duration.ofNanos(1)))) {
        Machine.await("shorter", () -> view.interval().equals(RunningBroker.LIMIT));
        hasty.sweep(Duration.ZERO);
      }
      Machine.await("as before", () -> view.interval().equals(RunningBroker.INTERVAL));
    }
  }

  /** And have their rates on, over the exchange; who may not connect any more is out. */
  @Test
  void aTableIsWithdrawnFromAllAndWhoMayGoesOnWithAnother() throws Exception {
    try (GuestProcess guest = guest();
        RunningBroker broker = new RunningBroker(folder, "rw-------");
        BrokerView view = view(broker);
        BrokerView waiting = view(broker);
        PacketSocket keeper = PacketSocket.connect(broker.socket)) {
      Machine.await("the guest is there", () -> sees(view, 1) && sees(waiting, 1));
      view.sweep(Duration.ZERO);
      waiting.sweep(Duration.ZERO);
      List<ObjectView> objects = view.vmms().getFirst().objects();
      List<ObjectView> ofWaiting = waiting.vmms().getFirst().objects();
      keeper.send(Packets.hello());
      try (MappedTable kept = table(keeper)) {
        assertThat(kept.isReplaced()).isFalse();

        broker.replaceTable();
        Machine.await("it is withdrawn", kept::isReplaced);
        assertThatThrownBy(() -> answer(keeper, Packets.TAKEN)).hasMessage("cut off");
        byte[] before = kept.memory().toArray(ValueLayout.JAVA_BYTE);
        // One that looks for VMs, and one that sweeps only.
        view.refresh();
        view.sweep(Duration.ZERO);
        waiting.sweep(Duration.ZERO);
        assertThat(view.vmms())
            .extracting(VmmView::pid)
            .containsExactly(Math.toIntExact(guest.pid()));
        assertThat(view.vmms().getFirst().objects()).hasSize(3);
        for (List<ObjectView> going :
            List.of(objects, ofWaiting, view.vmms().getFirst().objects())) {
          assertThat(going).allMatch(object -> object.read().orElseThrow().seconds().orElse(0) > 0);
        }
        view.sweep(Duration.ZERO);
        assertThat(kept.memory().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
      }
      Machine.await("it is said", () -> !broker.log.isEmpty());
      assertThat(broker.log).singleElement().asString().contains("all clients were cut off");

      // Again, and the table that took the first one's place is as good as that.
      broker.replaceTable();
      Machine.await("withdrawn again", () -> broker.log.size() == 2);
      view.sweep(Duration.ZERO);
      assertThat(objects).allMatch(object -> object.read().isPresent());
      guest.kill();
      Machine.await("its end is seen", () -> sees(view, 0));
    }
  }

  @Test
  void whoMayNotConnectAnyMoreIsCutOff() throws Exception {
    try (RunningBroker broker = new RunningBroker(folder, "rw-------");
        BrokerView view = view(broker)) {
      view.sweep(Duration.ZERO);
      // Root may connect to any socket that is there.
      Files.move(broker.socket, folder.resolve("moved"));
      broker.replaceTable();
      Machine.await("it is withdrawn", () -> !broker.log.isEmpty());
      assertThatThrownBy(view::refresh)
          .hasMessageStartingWith("the broker has cut us off: ")
          .hasMessageContaining("ENOENT");
    }
  }

  private static MappedTable table(PacketSocket socket) throws IOException {
    Poll poll = new Poll();
    poll.add(socket, Poll.IN);
    poll.await(5000);
    try (PacketSocket.Packet packet = socket.receive(Packets.BYTES_MAX).orElseThrow()) {
      return new MappedTable(packet.fds().getFirst());
    }
  }

  @Test
  void theEndOfABrokerIsSaid() throws Exception {
    RunningBroker broker = new RunningBroker(folder, "rw-------");
    try (BrokerView view = view(broker)) {
      view.sweep(Duration.ZERO);
      broker.close();
      assertThat(broker.socket).doesNotExist();
      // Its connection is closed by a thread that does nothing else.
      assertThatThrownBy(() ->
              Machine.await(
                  "it is said",
                  () -> {
                    view.refresh();
                    return false;
                  }))
          .hasMessage("the broker has ended");
      assertThatThrownBy(() -> view.sweep(Duration.ZERO)).isInstanceOf(IOException.class);
    }
    assertThatThrownBy(() -> view(broker))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("ENOENT");
  }

  /** Objects of the next one may have the numbers that others had before. */
  @Test
  void aReaderGoesOnWithTheBrokerThatComesNext() throws Exception {
    try (GuestProcess guest = guest()) {
      RunningBroker first = new RunningBroker(folder, "rw-------");
      try (BrokerView view = view(first)) {
        Machine.await("the guest is there", () -> sees(view, 1));
        view.sweep(Duration.ZERO);
        List<ObjectView> before = view.vmms().getFirst().objects();
        first.close();
        assertThatThrownBy(() -> Machine.await("it is said", () -> !sees(view, 1)))
            .hasMessageStartingWith("the broker has ended");
        assertThatThrownBy(view::refresh).hasMessageStartingWith("the broker has ended: ");
        try (RunningBroker next = new RunningBroker(folder, "rw-------")) {
          assertThat(next.socket).isEqualTo(first.socket);
          Machine.await("the guest is there again", () -> sees(view, 1));
          view.sweep(Duration.ZERO);
          view.sweep(Duration.ZERO);
          assertThat(before).allMatch(object -> object.read().isEmpty());
          assertThat(view.vmms().getFirst().pid()).isEqualTo(guest.pid());
          assertThat(view.vmms().getFirst().objects())
              .allMatch(object -> object.read().orElseThrow().seconds().isPresent());
        }
      }
    }
  }

  @Test
  void aSecondBrokerIsRefusedAndASocketLeftBehindIsNot() throws Exception {
    Path socket = folder.resolve("broker.sock");
    PacketSocket.listen(socket, Files.getPosixFilePermissions(folder)).close();
    assertThat(socket).exists();
    try (RunningBroker broker = new RunningBroker(folder, "rw-------")) {
      assertThatThrownBy(() -> new RunningBroker(folder, "rw-------"))
          .hasMessage("another broker listens at " + broker.socket);
      view(broker).close();
    }
    Files.writeString(socket, "a file of somebody's");
    assertThatThrownBy(() -> new RunningBroker(folder, "rw-------"))
        .hasMessageContaining("EADDRINUSE");
    assertThat(socket).hasContent("a file of somebody's");
  }

  /**
   * What is handed in is read as long as the connection lasts, and holds nothing afterwards. The
   * broker is this process too: only what it was handed is left of the VM, or it would find it.
   */
  @Test
  void aVmThatIsHandedInIsReadThatWay() throws Exception {
    Fd vmStats;
    Fd vcpuStats;
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        KvmVcpu vcpu = vm.createVcpu(0)) {
      vmStats = vm.statsFd();
      vcpuStats = vcpu.statsFd();
    }
    try (vmStats;
        vcpuStats;
        RunningBroker broker = new RunningBroker(folder, "rw-------");
        BrokerView view = view(broker)) {
      try (PacketSocket provider = PacketSocket.connect(broker.socket)) {
        provider.send(Packets.hello());
        provider.send(name(NAME));
        provider.send(hand(2), vmStats, vcpuStats);
        assertThat(answer(provider, Packets.TAKEN).getInt()).isEqualTo(2);
        Machine.await("it is there", () -> sees(view, 1));
        view.sweep(Duration.ZERO);
        assertThat(Machine.duplicates(vmStats)).isPositive();
        VmmView vmm = view.vmms().getFirst();
        assertThat(vmm.source()).contains(Source.HANDED);
        assertThat(vmm.name()).contains(new VmName(NAME, "handed"));
        assertThat(vmm.isPublished()).isFalse();
        assertThat(vmm.objects()).hasSize(2).allMatch(object -> object.read().isPresent());
      }
      Machine.await("it is gone", () -> sees(view, 0));
      Machine.await(
          "its stats fds are closed",
          () -> Machine.duplicates(vmStats) + Machine.duplicates(vcpuStats) == 0);
    }
  }

  /** Two VMs of one process: a connection for each, and neither is taken for the other. */
  @Test
  void eachConnectionIsAVmOfItsOwn() throws Exception {
    Fd one = statsOfAVmThatIsGone();
    Fd other = statsOfAVmThatIsGone();
    try (one;
        other;
        RunningBroker broker = new RunningBroker(folder, "rw-------");
        BrokerView view = view(broker);
        PacketSocket first = PacketSocket.connect(broker.socket);
        PacketSocket second = PacketSocket.connect(broker.socket)) {
      first.send(Packets.hello());
      first.send(name(NAME));
      first.send(hand(1), one);
      second.send(Packets.hello());
      second.send(hand(1), other);
      Machine.await(
          "both are there", () -> sees(view, 1) && view.vmms().getFirst().objects().size() == 2);
      // What was handed in, and what is swept.
      assertThat(Machine.duplicates(one)).isEqualTo(2);
      assertThat(Machine.duplicates(other)).isEqualTo(2);
    }
  }

  private static Fd statsOfAVmThatIsGone() throws IOException {
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm()) {
      return vm.statsFd();
    }
  }

  static byte[] name(String name) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length)
        .order(ByteOrder.nativeOrder())
        .putInt(Packets.NAME)
        .putInt(text.length)
        .put(text)
        .array();
  }

  static byte[] hand(int count) {
    return ByteBuffer.allocate(8)
        .order(ByteOrder.nativeOrder())
        .putInt(Packets.HAND)
        .putInt(count)
        .array();
  }

  /** {@return what stands behind the type in the next packet of this type} */
  static ByteBuffer answer(PacketSocket socket, int type) throws IOException {
    while (true) {
      Poll poll = new Poll();
      poll.add(socket, Poll.IN);
      poll.await(5000);
      PacketSocket.Packet packet = socket.receive(Packets.BYTES_MAX).orElseThrow();
      packet.close();
      if (!packet.bytes().hasRemaining()) {
        throw new IOException("cut off");
      }
      int found = packet.bytes().getInt();
      if (found == type) {
        return packet.bytes();
      }
      assertThat(found).isIn(Packets.WELCOME, Packets.CHANGED, Packets.TAKEN);
    }
  }
}
