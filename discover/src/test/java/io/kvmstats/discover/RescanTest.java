package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A host that has looked before finds what one finds that looks for the first time, whatever a seed
 * makes of the processes meanwhile.
 *
 * <p>/proc is made up; but the pids are those of children that do nothing, and the descriptors are
 * among those that they have, so that the kernel can be asked about them.
 */
class RescanTest {
  private static final int CHILDREN = 5;
  private static final int STEPS = 1000;

  /** What a child has open: files of its own each, as pipes' ends are. */
  private static final List<Integer> FDS = List.of(0, 1, 2);

  private static final String DULL = "socket:[4711]";
  private static final String VM = "anon_inode:kvm-vm";

  @TempDir private Path folder;
  private FakeProc proc;
  private CountingProcFs procFs;
  private final List<Process> children = new ArrayList<>();
  private final List<Integer> pids = new ArrayList<>();
  private final Random random = new Random(seed());
  private long events = 1000;
  private int threads;

  private static long seed() {
    long seed = Long.getLong("tests.seed", System.nanoTime());
    System.out.println("RescanTest: -Dtests.seed=" + seed);
    return seed;
  }

  /**
   * Counts descriptors, as Linux does since 6.2; and a folder is a process's as long as it lives.
   */
  private static final class CountingProcFs extends ProcFs {
    private final Map<Integer, Long> lives = new HashMap<>();
    private final Path root;
    private final boolean counts;
    private int looks;

    CountingProcFs(Path root, boolean counts) {
      super(root);
      this.root = root;
      this.counts = counts;
    }

    @Override
    FdTable fdTable(int pid) throws IOException {
      try (var fds = Files.list(root.resolve(pid + "/fd"))) {
        return new FdTable(lives.getOrDefault(pid, 0L), counts ? fds.count() : 0);
      }
    }

    @Override
    boolean countsFds() {
      return counts;
    }

    @Override
    long threads(int pid) throws IOException {
      return tids(pid).size();
    }

    @Override
    Fds kvmFds(int pid, Optional<Fds> before) throws IOException {
      looks++;
      return super.kvmFds(pid, before);
    }
  }

  @BeforeEach
  void makeUp() throws IOException {
    proc = new FakeProc(Files.createDirectory(folder.resolve("proc")));
    procFs = new CountingProcFs(proc.root(), true);
    Files.createDirectories(folder.resolve("sys/kernel"));
    event();
    for (int i = 0; i < CHILDREN; i++) {
      children.add(new ProcessBuilder("sleep", "1000").start());
      pids.add((int) children.getLast().pid());
    }
  }

  @AfterEach
  void end() throws InterruptedException {
    for (Process child : children) {
      child.destroyForcibly().waitFor();
    }
  }

  private Host host() {
    return new Host(procFs, folder.resolve("run"), folder.resolve("sys"));
  }

  /** KVM makes a VM, somewhere. */
  private void event() throws IOException {
    Files.writeString(folder.resolve("sys/kernel/uevent_seqnum"), ++events + "\n");
  }

  private void start(int pid) throws IOException {
    procFs.lives.merge(pid, 1L, Long::sum);
    proc.process(pid, "vmm", random.nextInt(1000), "vmm", "-name", "n" + random.nextInt(1000));
  }

  private void end(int pid) throws IOException {
    try (var files = Files.walk(proc.root().resolve(Integer.toString(pid)))) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }

  private boolean isAlive(int pid) {
    return Files.exists(proc.root().resolve(Integer.toString(pid)));
  }

  /** {@return what a process has open, by number} */
  private Map<Integer, String> open(int pid) throws IOException {
    Map<Integer, String> open = new TreeMap<>();
    for (int fd : procFs.fds(pid, Integer.MAX_VALUE)) {
      open.put(fd, procFs.fdLink(pid, fd));
    }
    return open;
  }

  /** As dup2(2) does: what was behind the number is closed. */
  private void set(int pid, int fd, String link) throws IOException {
    close(pid, fd);
    proc.fd(pid, fd, link);
  }

  private void close(int pid, int fd) throws IOException {
    Files.deleteIfExists(proc.root().resolve(pid + "/fd/" + fd));
  }

  private static List<String> found(Host host) throws IOException {
    try (Host.Scan scan = host.scan()) {
      List<String> found = new ArrayList<>();
      for (Vmm vmm : scan.vmms()) {
        found.add(vmm.toString().replaceFirst("process=[^,]*,", ""));
      }
      scan.hidden().forEach(hidden -> found.add(hidden.toString()));
      return found;
    }
  }

  private void somethingHappens() throws IOException {
    int pid = pids.get(random.nextInt(CHILDREN));
    if (!isAlive(pid)) {
      start(pid);
      return;
    }
    int fd = FDS.get(random.nextInt(FDS.size()));
    switch (random.nextInt(8)) {
      case 0 -> end(pid);
      case 1 -> {
        end(pid);
        start(pid); // Its pid comes again at once.
      }
      case 2 -> close(pid, fd);
      case 3 -> set(pid, fd, VM);
      case 4 -> set(pid, fd, "anon_inode:kvm-vcpu:" + random.nextInt(2));
      case 5 -> set(pid, fd, "anon_inode:kvm-vm-stats");
      default -> set(pid, fd, DULL);
    }
  }

  /** {@return what each process has open} */
  private Map<Integer, Map<Integer, String>> allOpen() throws IOException {
    Map<Integer, Map<Integer, String>> all = new HashMap<>();
    for (int pid : pids) {
      if (isAlive(pid)) {
        all.put(pid, open(pid));
      }
    }
    return all;
  }

  /** KVM tells of a new VM, and a new vCPU has a thread, where no count would tell. */
  private void tell(Map<Integer, Long> lives, Map<Integer, Map<Integer, String>> before)
      throws IOException {
    Map<Integer, Map<Integer, String>> now = allOpen();
    for (int pid : now.keySet()) {
      Map<Integer, String> was = before.getOrDefault(pid, Map.of());
      Map<Integer, String> is = now.getOrDefault(pid, Map.of());
      boolean isSame = procFs.lives.get(pid).equals(lives.get(pid));
      if (isSame && was.size() == is.size() && !was.equals(is)) {
        if (is.containsValue(VM) || was.values().stream().allMatch(DULL::equals)) {
          event();
        } else {
          proc.thread(pid, pid + ++threads, "CPU 0/KVM");
        }
      }
    }
  }

  @Test
  void findsWhatAFirstScanWould() throws IOException {
    Host host = host();
    for (int step = 0; step < STEPS; step++) {
      Map<Integer, Long> lives = Map.copyOf(procFs.lives);
      Map<Integer, Map<Integer, String>> before = allOpen();
      for (int i = random.nextInt(4); i > 0; i--) {
        somethingHappens();
      }
      tell(lives, before);
      assertThat(found(host)).as("step %d", step).isEqualTo(found(host()));
    }
  }

  @Test
  void aVmIsFoundAtOnceInAProcessThatHasAsManyDescriptorsAsBefore() throws IOException {
    Host host = host();
    int pid = pids.getFirst();
    start(pid);
    set(pid, 1, DULL);
    for (int i = 0; i < 2 * Rescan.TURNS; i++) {
      assertThat(found(host)).isEmpty();
    }
    event();
    set(pid, 1, VM);
    assertThat(found(host)).hasSize(1);
    // KVM tells of it a moment before it is there.
    set(pid, 1, DULL);
    for (int i = 0; i < 2 * Rescan.TURNS; i++) {
      found(host);
    }
    event();
    assertThat(found(host)).isEmpty();
    set(pid, 1, VM);
    assertThat(found(host)).hasSize(1);
  }

  @Test
  void whoeverHasAPidThatComesAgainIsNew() throws IOException {
    Host host = host();
    int pid = pids.getFirst();
    start(pid);
    set(pid, 1, DULL);
    for (int i = 0; i < 2 * Rescan.TURNS; i++) {
      assertThat(found(host)).isEmpty();
      end(pid);
      start(pid);
      set(pid, 1, VM); // Inherited from a parent that has ended.
      assertThat(found(host)).isEqualTo(found(host())).hasSize(1);
      end(pid);
      start(pid);
      set(pid, 1, DULL);
    }
  }

  @Test
  void aVmThatWasPassedInPlaceOfAnotherFileIsFoundWhenItIsItsTurn() throws IOException {
    Host host = host();
    for (int pid : pids) {
      start(pid);
      set(pid, 1, DULL);
    }
    found(host);
    found(host);
    for (int pid : pids) {
      set(pid, 1, VM);
    }
    int scans = 0;
    while (found(host).size() < CHILDREN) {
      assertThat(++scans).isLessThan(Rescan.TURNS);
    }
    // As a vCPU is that its VMM makes when it closes another file, and a thread ends.
    for (int pid : pids) {
      set(pid, 2, DULL);
    }
    found(host);
    for (int pid : pids) {
      set(pid, 2, "anon_inode:kvm-vcpu:7");
    }
    scans = 0;
    while (found(host).stream().filter(vmm -> vmm.contains("vcpu=7")).count() < CHILDREN) {
      assertThat(++scans).isLessThan(Rescan.TURNS);
    }
  }

  @Test
  void whatAVmmClosesIsMissedAtOnce() throws IOException {
    Host host = host();
    int pid = pids.getFirst();
    start(pid);
    set(pid, 0, VM);
    set(pid, 1, "anon_inode:kvm-vcpu:0");
    for (int i = 0; i < 2 * Rescan.TURNS; i++) {
      assertThat(found(host).getFirst()).contains("vcpu=0");
    }
    set(pid, 1, DULL);
    assertThat(found(host).getFirst()).doesNotContain("vcpu=0");
  }

  @Test
  void whatIsAsBeforeIsNotLookedAt() throws IOException {
    for (int pid : pids) {
      start(pid);
      set(pid, 1, DULL);
    }
    assertThat(looksOfManyScans(true)).isEqualTo(CHILDREN * 4);
    // Without any of the signs, all are looked at in each scan.
    assertThat(looksOfManyScans(false)).isEqualTo(CHILDREN * (2 + 2 * Rescan.TURNS));
    Files.delete(folder.resolve("sys/kernel/uevent_seqnum"));
    assertThat(looksOfManyScans(true)).isEqualTo(CHILDREN * (2 + 2 * Rescan.TURNS));
  }

  /** The first two, before which an event may have been, and so many that each has two turns. */
  private int looksOfManyScans(boolean counts) throws IOException {
    CountingProcFs counted = new CountingProcFs(proc.root(), counts);
    Host host = new Host(counted, folder.resolve("run"), folder.resolve("sys"));
    for (int i = 0; i < 2 + 2 * Rescan.TURNS; i++) {
      assertThat(found(host)).isEmpty();
    }
    return counted.looks;
  }
}
