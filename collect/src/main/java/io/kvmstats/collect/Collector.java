package io.kvmstats.collect;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.Handed;
import io.kvmstats.acquire.StatsBytes;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.CollectedVmm.CollectedObject;
import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Keeps a host's VMs discovered, acquired and swept: the whole flow, for those who want no more of
 * it than its results.
 *
 * <p>{@link #refresh} when VMs may have come or gone, {@link #sweep} as often as numbers are
 * wanted: the latter may be another thread's, which a slow VM then never holds up.
 */
public final class Collector implements HostView {
  private static final int ROOT = 0;
  private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Predicate<Vmm> wanted;
  private final Surroundings surroundings;
  private Table table;
  private final Sweep sweep;
  private final Map<Vmm.Key, CollectedVmm> vmms = new HashMap<>();
  private final Map<Vmm.Key, Retry> retries = new HashMap<>();
  private final Set<Vmm.Key> leftOut = new HashSet<>();
  private final BiConsumer<Vmm, RuntimeException> bugs;
  private List<Hidden> hidden = List.of();

  /**
   * Makes a collector that has not looked yet, and disturbs nobody.
   *
   * @param wanted which VMMs to acquire
   * @throws LinuxException ENOMEM
   */
  public Collector(Predicate<Vmm> wanted) throws LinuxException {
    this(wanted, new Acquirer());
  }

  /**
   * Makes a collector that has not looked yet.
   *
   * @param wanted which VMMs to acquire
   * @param acquirer gets the statistics of each, in the ways that it was allowed
   * @throws LinuxException ENOMEM
   */
  public Collector(Predicate<Vmm> wanted, Acquirer acquirer) throws LinuxException {
    this(
        wanted,
        Surroundings.thisHost(new Host(), acquirer, new Handed()),
        new Table(),
        Collector::end);
  }

  /**
   * {@return a collector of all VMs, for a process with privileges that reads for others}
   *
   * @param attach whether to have the threads of a VMM open stats fds that it does not keep: {@link
   *     io.kvmstats.acquire.Source#ATTACH}
   * @param handed what processes hand in
   * @param table to sweep into; closed with this
   * @param bugs is told of a VMM that is left out from now on, because a mistake of ours met what
   *     it has: that may be an attack, and must not end who reads for all others
   */
  public static Collector privileged(
      boolean attach, Handed handed, Table table, BiConsumer<Vmm, RuntimeException> bugs) {
    Acquirer acquirer = new Acquirer(attach, List.of(), handed);
    return new Collector(
        vmm -> true, Surroundings.thisHost(Host.ofProcAlone(), acquirer, handed), table, bugs);
  }

  /** Who reads for one user ends with a mistake of ours, which is then seen. */
  private static void end(Vmm vmm, RuntimeException bug) {
    throw bug;
  }

  Collector(Predicate<Vmm> wanted, Surroundings surroundings, Table table) {
    this(wanted, surroundings, table, Collector::end);
  }

  Collector(
      Predicate<Vmm> wanted,
      Surroundings surroundings,
      Table table,
      BiConsumer<Vmm, RuntimeException> bugs) {
    this.wanted = wanted;
    this.surroundings = surroundings;
    this.table = table;
    this.sweep = new Sweep(table, surroundings::nanoTime);
    this.bugs = bugs;
  }

  /**
   * Looks for VMs: acquires new ones and lets go of those that ended.
   *
   * @throws IOException when /proc can't be read
   */
  @Override
  public void refresh() throws IOException {
    releaseEnded(); // What is held of one that has ended would be taken for our own.
    Host.Scan scan = surroundings.scan();
    hidden = scan.hidden();
    Map<Vmm.Key, Vmm> found = new HashMap<>();
    scan.vmms().forEach(vmm -> found.put(vmm.key(), vmm));
    for (Iterator<CollectedVmm> known = vmms.values().iterator(); known.hasNext(); ) {
      CollectedVmm collected = known.next();
      Vmm now = found.get(collected.acquired().vmm().key());
      if (now == null || !collected.acquired().isStill(now)) {
        known.remove();
        release(collected);
      }
    }
    leftOut.retainAll(found.keySet());
    retry();
    for (Vmm vmm : inOrder(found.values())) {
      boolean isKnown = vmms.containsKey(vmm.key()) || leftOut.contains(vmm.key());
      if (isKnown || !wanted.test(vmm)) {
        vmm.close();
      } else {
        retries.put(vmm.key(), new Retry(surroundings.nanoTime()));
        collect(vmm, () -> collect(surroundings.acquire(vmm), List.of()));
      }
    }
  }

  /** Its bytes may be made to find a mistake of ours: that costs this VMM, and no other. */
  private void collect(Vmm vmm, Supplier<CollectedVmm> how) {
    try {
      vmms.put(vmm.key(), how.get());
    } catch (RuntimeException e) {
      leaveOut(vmm, e);
    }
  }

  /**
   * Lets go of a VMM for as long as it lives, since a mistake of ours met what it has.
   *
   * @param vmm found by this, and not yet let go of
   * @param bug what was thrown, which is told on
   */
  public void leaveOut(Vmm vmm, RuntimeException bug) {
    leftOut.add(vmm.key());
    CollectedVmm known = vmms.remove(vmm.key());
    if (known != null) {
      release(known);
    } else {
      retries.remove(vmm.key());
      vmm.close();
    }
    bugs.accept(vmm, bug);
  }

  /** Descriptors may be free again, a VMM that was stopped may go on, a thread may be seen. */
  private void retry() {
    long now = surroundings.nanoTime();
    for (CollectedVmm before : List.copyOf(vmms.values())) {
      Vmm vmm = before.acquired().vmm();
      if (before.acquired().isIncomplete()
          && Objects.requireNonNull(retries.get(vmm.key())).isDue(now)) {
        collect(vmm, () -> collect(surroundings.retry(before.acquired()), before.objects()));
      }
    }
  }

  private void releaseEnded() throws IOException {
    for (CollectedVmm collected : List.copyOf(vmms.values())) {
      Vmm vmm = collected.acquired().vmm();
      if (!vmm.process().isAlive()) {
        vmms.remove(vmm.key());
        release(collected);
      }
    }
  }

  /** What the kernel counts comes first: descriptors can run out too. */
  private static List<Vmm> inOrder(Collection<Vmm> vmms) {
    return vmms.stream()
        .sorted(Comparator.comparing(Vmm::isPublished).thenComparingInt(Vmm::pid))
        .toList();
  }

  /**
   * Has what was acquired swept.
   *
   * @param known its objects that are swept already
   */
  private CollectedVmm collect(AcquiredVmm acquired, List<CollectedObject> known) {
    Map<StatsBytes, CollectedObject> swept = new HashMap<>();
    known.forEach(object -> swept.put(object.object().bytes(), object));
    List<CollectedObject> objects = new ArrayList<>();
    OptionalInt payer = OptionalInt.empty();
    try {
      payer = payer(acquired.vmm());
      if (payer.isPresent()) {
        checkShare(payer.getAsInt(), acquired);
      }
      for (StatsObject object : acquired.objects()) {
        CollectedObject before = swept.get(object.bytes());
        objects.add(before != null ? before : new CollectedObject(object, sweep.add(object)));
      }
      return new CollectedVmm(acquired, List.copyOf(objects), payer);
    } catch (RuntimeException e) {
      letGo(acquired, objects, known);
      throw e;
    } catch (IOException e) {
      // No room for these, and only for these: the VMM is listed with the reason.
      letGo(acquired, objects, known);
      List<StatsObject> kept = known.stream().map(CollectedObject::object).toList();
      Optional<String> why = Optional.of(String.valueOf(e.getMessage()));
      return new CollectedVmm(new AcquiredVmm(acquired.vmm(), kept, why, true), known, payer);
    }
  }

  private OptionalInt payer(Vmm vmm) throws IOException {
    int user = vmm.isPublished() ? surroundings.user(vmm) : ROOT;
    return user == ROOT ? OptionalInt.empty() : OptionalInt.of(user);
  }

  /** Anybody may publish: what is left for the others must not be one user's to say. */
  private void checkShare(int user, AcquiredVmm acquired) throws IOException {
    long others =
        vmms.values().stream()
            .filter(vmm -> vmm.payer().equals(OptionalInt.of(user)))
            .filter(vmm -> !vmm.acquired().vmm().key().equals(acquired.vmm().key()))
            .flatMap(vmm -> vmm.objects().stream())
            .mapToLong(CollectedObject::bytes)
            .sum();
    long own =
        acquired.objects().stream()
            .mapToLong(object -> SlotLayout.slotBytes(object.file().schema().dataBytes()))
            .sum();
    if (others + own > table.share()) {
      throw new IOException(
          "user "
              + user
              + " publishes "
              + (others + own)
              + " bytes of samples: no more than "
              + table.share()
              + " are kept for one user");
    }
  }

  /** Keeps only what was known before. */
  private void letGo(
      AcquiredVmm acquired, List<CollectedObject> objects, List<CollectedObject> known) {
    Set<StatsBytes> kept = new HashSet<>();
    known.forEach(object -> kept.add(object.object().bytes()));
    objects.stream()
        .filter(object -> !kept.contains(object.object().bytes()))
        .forEach(object -> sweep.remove(object.slot()));
    acquired.objects().stream()
        .filter(object -> !kept.contains(object.bytes()))
        .forEach(StatsObject::close);
  }

  private void release(CollectedVmm collected) {
    retries.remove(collected.acquired().vmm().key());
    collected.objects().forEach(object -> sweep.remove(object.slot()));
    collected.acquired().close();
  }

  /**
   * Has all sources that are polled polled now, and waits for them together, for a second at most;
   * returns at once where there are none. For who wants a sweep of now, and can wait: a sweep by
   * itself takes what is there.
   */
  private void pollAnew() {
    long until = System.nanoTime() + POLL_NANOS;
    List<StatsBytes> all =
        vmms.values().stream()
            .flatMap(vmm -> vmm.objects().stream())
            .map(object -> object.object().bytes())
            .toList();
    all.forEach(StatsBytes::askAnew);
    try {
      for (StatsBytes bytes : all) {
        bytes.awaitAnew(until);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // The sweep takes what is there.
    }
  }

  /**
   * Has all samples land in another table from now on. Nothing is acquired anew, and no object gets
   * another number.
   *
   * @param other without slots; closed with this, in place of the one before
   * @throws IOException when it is too small; nothing has changed then
   */
  public void moveTo(Table other) throws IOException {
    Map<Slot, Slot> moved = sweep.moveTo(other);
    vmms.replaceAll((key, vmm) -> vmm.movedTo(moved));
    table.close();
    table = other;
  }

  /** Reads every acquired object once. */
  public void sweep() {
    sweep.run();
  }

  /**
   * Reads every acquired object once. What is polled is from some time before, and polled anew
   * where none may have passed.
   */
  @Override
  public void sweep(Duration age) {
    if (age.isZero()) {
      pollAnew();
    }
    sweep();
  }

  @Override
  public List<VmmView> vmms() {
    return collected().stream().map(VmmView::of).toList();
  }

  /** {@return the VMMs and what was acquired of them, by pid; all stays the collector's} */
  public List<AcquiredVmm> acquired() {
    return collected().stream().map(CollectedVmm::acquired).toList();
  }

  /** {@return the VMMs and their slots, by pid; all stays the collector's} */
  public List<CollectedVmm> collected() {
    return vmms.values().stream()
        .sorted(Comparator.comparingInt(collected -> collected.acquired().vmm().pid()))
        .toList();
  }

  @Override
  public List<Hidden> hidden() {
    return hidden;
  }

  @Override
  public void close() {
    vmms.values().forEach(this::release);
    vmms.clear();
    table.close();
  }
}
