package io.kvmstats.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.CollectedVmm;
import io.kvmstats.collect.Collector;
import io.kvmstats.collect.Slot;
import io.kvmstats.collect.VmmView;
import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The directory of a real guest: written, read back, cut, and changed in every way. */
class DirectoryTest {
  private static final long SEED = Long.getLong("tests.seed", System.nanoTime());
  private static final int MUTATIONS = 50_000;
  private static final int ROOM = 1 << 20;
  private static final MemorySegment TABLE = Arena.ofAuto().allocate(ROOM, 64);
  private static final Hidden HIDDEN = new Hidden(17, "qemu", VmIdentity.UNKNOWN, "not yours");

  @BeforeEach
  void kvm() {
    Machine.assumeKvm();
  }

  private static Collector collector() throws IOException {
    Collector collector =
        new Collector(vmm -> vmm.name().filter(n -> n.text().equals("listed")).isPresent());
    collector.refresh();
    return collector;
  }

  private static GuestProcess guest() throws IOException {
    return GuestProcess.start("listed", List.of(Life.HALT, Life.MMIO)).awaitRunning();
  }

  private static byte[] encode(List<CollectedVmm> vmms, int room) {
    return encode(vmms, room, slot -> 64 * slot.object(), new ArrayList<>());
  }

  private static byte[] encode(
      List<CollectedVmm> vmms, int room, ToLongFunction<Slot> offset, List<Integer> bugs) {
    return Directory.encode(vmms, List.of(HIDDEN), room, offset, (vmm, bug) -> bugs.add(vmm.pid()))
        .bytes();
  }

  private static DirectoryReader.Contents read(byte[] directory) throws IOException {
    return DirectoryReader.read(directory, TABLE, slot -> Optional::empty);
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    try (GuestProcess guest = guest();
        Collector collector = collector()) {
      DirectoryReader.Contents contents = read(encode(collector.collected(), ROOM));
      assertThat(contents.hidden()).containsExactly(HIDDEN);
      assertThat(contents.vmms())
          .usingRecursiveComparison()
          .ignoringFields("objects.latest")
          .isEqualTo(collector.vmms());
      assertThat(contents.vmms().getFirst().pid()).isEqualTo(guest.pid());
    }
  }

  /** Whatever the room, it is kept to, and each VMM is there whole, or without objects, or not. */
  @Test
  void whereThereIsNoRoomItSaysSo() throws IOException {
    try (GuestProcess guest = guest();
        Collector collector = collector()) {
      assertThat(guest.pid()).isPositive();
      int whole = encode(collector.collected(), ROOM).length;
      Set<Integer> objects = new HashSet<>();
      for (int room = 0; room <= whole; room++) {
        byte[] directory = encode(collector.collected(), room);
        assertThat(directory.length).isLessThanOrEqualTo(room);
        for (VmmView vmm : read(directory).vmms()) {
          objects.add(vmm.objects().size());
          if (vmm.objects().isEmpty()) {
            assertThat(vmm.shortfall()).contains("the broker's directory is full");
          }
        }
      }
      assertThat(objects).containsExactlyInAnyOrder(0, 3);
    }
  }

  /** Of one to four bytes each. */
  @Test
  void aLongTextIsCutBehindACharacter() throws IOException {
    for (String character : List.of("a", "\u00e4", "\u20ac", "\ud83d\ude00")) {
      int bytes = character.getBytes(StandardCharsets.UTF_8).length;
      for (int before = 0; before < bytes; before++) {
        String why = "x".repeat(before) + character.repeat(5000);
        List<Hidden> hidden = List.of(new Hidden(17, "qemu", VmIdentity.UNKNOWN, why));
        byte[] directory =
            Directory.encode(List.of(), hidden, ROOM, slot -> 0, (vmm, bug) -> {}).bytes();
        String cut = "x".repeat(before) + character.repeat((4096 - before) / bytes);
        assertThat(read(directory).hidden().getFirst().why()).isEqualTo(cut);
      }
    }
  }

  /** As though two had published: the second has what is left of its user's share, or his own. */
  @Test
  void whatOneUserPublishesHasNoMoreThanAShare() throws IOException {
    try (GuestProcess first = guest();
        GuestProcess second = guest();
        Collector collector = collector()) {
      assertThat(first.pid()).isNotEqualTo(second.pid());
      CollectedVmm one = collector.collected().getFirst();
      CollectedVmm other = collector.collected().getLast();
      int alone = encode(List.of(one), ROOM).length;
      int room = 8 * (alone + 200); // Enough to list the second, and not its objects.
      assertThat(objects(room, paid(one, 7), paid(other, 8))).containsExactly(3, 3);
      assertThat(objects(room, one, other)).containsExactly(3, 3);
      byte[] directory = encode(List.of(paid(one, 7), paid(other, 7)), room);
      List<VmmView> vmms = read(directory).vmms();
      assertThat(vmms.getFirst().objects()).hasSize(3);
      assertThat(vmms.getLast().objects()).isEmpty();
      assertThat(vmms.getLast().shortfall())
          .contains("user 7's share of the broker's directory is full");
      // Not even that it is there, where there is no share for that.
      assertThat(objects(8 * alone, paid(one, 7), paid(other, 7))).containsExactly(3);
    }
  }

  private static CollectedVmm paid(CollectedVmm vmm, int user) {
    return new CollectedVmm(vmm.acquired(), vmm.objects(), OptionalInt.of(user));
  }

  private static List<Integer> objects(int room, CollectedVmm... vmms) throws IOException {
    return read(encode(List.of(vmms), room)).vmms().stream().map(v -> v.objects().size()).toList();
  }

  /** A mistake that only one VMM's data finds is met in the midst of its objects. */
  @Test
  void aMistakeOfOursCostsOneVmm() throws IOException {
    try (GuestProcess first = guest();
        GuestProcess second = guest();
        Collector collector = collector()) {
      List<CollectedVmm> both = collector.collected();
      for (GuestProcess guest : List.of(first, second)) {
        CollectedVmm one =
            both.stream().filter(c -> c.acquired().vmm().pid() == guest.pid()).findFirst().get();
        Slot bad = one.objects().getLast().slot();
        List<Integer> bugs = new ArrayList<>();
        byte[] directory =
            encode(
                both,
                ROOM,
                slot -> {
                  if (slot == bad) {
                    throw new IllegalStateException("a mistake");
                  }
                  return 64 * slot.object();
                },
                bugs);
        assertThat(bugs).containsExactly(Math.toIntExact(guest.pid()));
        DirectoryReader.Contents contents = read(directory);
        assertThat(contents.hidden()).containsExactly(HIDDEN);
        assertThat(contents.vmms())
            .usingRecursiveComparison()
            .ignoringFields("objects.latest")
            .isEqualTo(collector.vmms().stream().filter(v -> v.pid() != guest.pid()).toList());
      }
    }
  }

  /** {@code -Dtests.seed=N} repeats one run. */
  @Test
  void nonsenseIsAnErrorAndNothingElse() throws IOException {
    byte[] directory;
    try (GuestProcess guest = guest();
        Collector collector = collector()) {
      assertThat(guest.pid()).isPositive();
      directory = encode(collector.collected(), ROOM);
    }
    Random random = new Random(SEED);
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] changed = directory.clone();
      for (int k = random.nextInt(3); k >= 0; k--) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
      }
      if (random.nextInt(4) == 0) {
        changed = Arrays.copyOf(changed, random.nextInt(changed.length));
      }
      try {
        read(changed);
      } catch (IOException e) {
        refused++;
      } catch (RuntimeException e) {
        throw new AssertionError("-Dtests.seed=" + SEED + ", mutation " + i, e);
      }
    }
    assertThat(refused).isBetween(MUTATIONS / 10, MUTATIONS - 1);
  }
}
