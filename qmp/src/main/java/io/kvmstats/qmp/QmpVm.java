package io.kvmstats.qmp;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.Vmm;
import io.kvmstats.discover.VmmProcess;
import io.kvmstats.qmp.StatsAnswer.Stats;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The statistics of a QEMU's VM and vCPUs, asked for over a QMP socket of its own.
 *
 * <p>One connection is kept for as long as this is open; when it breaks, the next query connects
 * anew, less and less often as long as that fails. Used by one thread at a time; only {@link
 * #close} may come from another, and ends a query that is under way.
 */
public final class QmpVm implements AutoCloseable {
  /** How long connecting, the greeting and each answer may take. */
  static final Duration PATIENCE = Duration.ofSeconds(1);

  /**
   * How much of that opening or a query may take in all, however many steps it has: what is quick
   * enough at each of a thousand steps would hold up all other VMs. A monitor that somebody else
   * uses takes one, and then the next is tried.
   */
  private static final int PATIENCE_IN_ALL = 3;

  private static final long BACK_OFF_FIRST_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long BACK_OFF_MAX_NANOS = Duration.ofMinutes(1).toNanos();

  /** Before it, every query interrupts every vCPU. */
  private static final int KEPT_FDS_SINCE = version(8, 1);

  private static final String VM = "vm";
  private static final String VCPU = "vcpu";

  private final VmmProcess vmm;
  private final Set<Integer> numbers;
  private final String path;
  private final Duration patience;
  private final List<Part> parts;
  private final String version;
  private final Map<String, Integer> vcpus;

  private volatile @Nullable QmpSession session;
  private volatile boolean closed;
  private @Nullable BucketOrder order;
  private @Nullable IOException failure;
  private long backOffNanos = BACK_OFF_FIRST_NANOS;
  private long retryNanos;

  /**
   * One of the objects.
   *
   * @param vcpu KVM's number of the vCPU; {@link KvmFd#NO_VCPU} of the VM
   * @param qomPath QEMU's name for it
   * @param layout of its data block
   */
  private record Part(int vcpu, String qomPath, BlockLayout layout) {}

  /**
   * A VM or vCPU that QEMU has statistics of.
   *
   * @param vcpu KVM's number of the vCPU; {@link KvmFd#NO_VCPU} of the VM
   * @param id QEMU's name for it, such as {@code /machine/unattached/device[0]}
   * @param schema of its data block
   */
  public record QmpObject(int vcpu, String id, Schema schema) {}

  private QmpVm(
      VmmProcess vmm, Set<Integer> numbers, String path, QmpSession session, Duration patience)
      throws IOException {
    this.vmm = vmm;
    this.numbers = numbers;
    this.path = path;
    this.patience = patience;
    this.session = session;
    this.version = session.version();
    this.vcpus = session.vcpus();
    this.parts = parts(session);
  }

  /**
   * Finds the QMP sockets in a QEMU's command line, and takes the first that answers.
   *
   * @param vmm the process; stays the caller's
   * @return its statistics
   * @throws IOException why none answers, socket by socket
   */
  public static QmpVm open(Vmm vmm) throws IOException {
    VmmProcess process = new VmmProcess(vmm.pid());
    Monitors monitors = Monitors.of(process.commandLine());
    if (!vmm.process().isAlive()) {
      throw new IOException("the process has ended");
    }
    if (vmm.vms().size() != 1) {
      throw new IOException("a QEMU has one VM, and this process has " + vmm.vms().size());
    }
    return open(process, numbers(vmm), monitors, PATIENCE);
  }

  private static Set<Integer> numbers(Vmm vmm) {
    return vmm.vcpus().stream().map(KvmFd::vcpu).collect(Collectors.toCollection(TreeSet::new));
  }

  static QmpVm open(VmmProcess process, Set<Integer> numbers, Monitors monitors, Duration patience)
      throws IOException {
    List<String> refusals = new ArrayList<>();
    long untilNanos = untilNanos(patience);
    for (String path : monitors.paths()) {
      try {
        QmpSession session = QmpSession.open(process, path, numbers, patience, untilNanos);
        try {
          return new QmpVm(process, numbers, path, session, patience);
        } catch (IOException | RuntimeException e) {
          session.close();
          throw e;
        }
      } catch (IOException e) {
        refusals.add(path + ": " + e.getMessage());
      }
    }
    refusals.addAll(monitors.refusals());
    if (refusals.isEmpty()) {
      refusals.add(
          "no QMP socket in its command line; one for kvmstats alone would help (-qmp"
              + " unix:PATH,server=on,wait=off)");
    }
    throw new IOException(String.join("; ", refusals));
  }

  private static long untilNanos(Duration patience) {
    return System.nanoTime() + PATIENCE_IN_ALL * patience.toNanos();
  }

  private List<Part> parts(QmpSession from) throws IOException {
    Map<String, Map<String, Descriptor>> schemas = from.schemas();
    Map<String, String> sums = new HashMap<>();
    for (CatalogEntry entry : Catalog.load().entries()) {
      entry.sum().ifPresent(sum -> sums.put(entry.stat(), sum));
    }
    List<Part> found = new ArrayList<>();
    Optional<Stats> vm = from.stats(VM).stream().findFirst();
    if (vm.isPresent()) {
      BlockLayout layout =
          new BlockLayout(schemas.getOrDefault(VM, Map.of()), vm.get().values(), sums);
      found.add(new Part(KvmFd.NO_VCPU, "/machine", layout));
    }
    BlockLayout shared = null; // As the kernel has one for all vCPUs.
    for (Stats vcpu : from.stats(VCPU)) {
      Integer number = vcpus.get(vcpu.qomPath());
      if (number == null) {
        throw new MalformedAnswerException("there is an unknown vCPU: " + vcpu.qomPath());
      }
      if (shared == null) {
        shared = new BlockLayout(schemas.getOrDefault(VCPU, Map.of()), vcpu.values(), sums);
      }
      found.add(new Part(number, vcpu.qomPath(), shared));
    }
    if (found.stream().map(Part::vcpu).distinct().count() != found.size()) {
      throw new MalformedAnswerException("a vCPU is listed twice");
    }
    if (found.isEmpty()) {
      throw new IOException("QEMU has no statistics of KVM's");
    }
    return found.stream().sorted(Comparator.comparingInt(Part::vcpu)).toList();
  }

  /** {@return the VM and its vCPUs, by number} */
  public List<QmpObject> objects() {
    return parts.stream()
        .map(part -> new QmpObject(part.vcpu, part.qomPath, part.layout.schema()))
        .toList();
  }

  /** {@return QEMU's version by its own account, such as "7.2"} */
  public String version() {
    return version;
  }

  /** {@return whether a query interrupts the vCPUs: QEMU's do before 8.1} */
  public boolean interruptsVcpus() {
    String[] numbers = version.split("\\.", -1);
    return version(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1])) < KEPT_FDS_SINCE;
  }

  private static int version(int major, int minor) {
    return major * 1000 + minor;
  }

  /**
   * Asks for the statistics of all objects: two commands, each answered within a second or not at
   * all.
   *
   * @param blocks a data block for each of the objects, in their order, to be filled
   * @return how many bytes of each are filled: what lies behind is absent from the answer, or a
   *     histogram whose order can't be told yet
   * @throws IOException when there is no answer, or none that makes sense
   */
  public List<Long> query(List<MemorySegment> blocks) throws IOException {
    long untilNanos = untilNanos(patience);
    QmpSession open = connected(untilNanos);
    try {
      open.giveUpAt(untilNanos);
      Map<Integer, Stats> answers = new HashMap<>();
      open.stats(VM).forEach(stats -> answers.put(KvmFd.NO_VCPU, stats));
      for (Stats stats : open.stats(VCPU)) {
        Integer number = vcpus.get(stats.qomPath());
        if (number == null || answers.put(number, stats) != null) {
          throw new MalformedAnswerException("there is an unknown vCPU: " + stats.qomPath());
        }
      }
      learnOrder(answers);
      List<Long> valid = new ArrayList<>();
      for (int i = 0; i < parts.size(); i++) {
        Stats stats = answers.get(parts.get(i).vcpu);
        valid.add(
            stats == null ? 0 : parts.get(i).layout.fill(blocks.get(i), stats.values(), order));
      }
      failure = null;
      backOffNanos = BACK_OFF_FIRST_NANOS;
      return valid;
    } catch (QmpError e) {
      throw e;
    } catch (IOException e) {
      broken(e);
      throw e;
    }
  }

  /** One histogram shows it for all: it is the same code that lists them. */
  private void learnOrder(Map<Integer, Stats> answers) {
    Set<BucketOrder> shown = EnumSet.noneOf(BucketOrder.class);
    for (Part part : parts) {
      Stats stats = answers.get(part.vcpu);
      if (stats != null) {
        shown.addAll(part.layout.orders(stats.values()));
      }
    }
    if (shown.size() == 1) {
      order = shown.iterator().next();
    } else if (shown.size() > 1) {
      order = null; // Something is not as we think: none is shown until it is.
    }
  }

  private QmpSession connected(long untilNanos) throws IOException {
    QmpSession open = session;
    if (open != null) {
      return open;
    }
    IOException last = failure;
    if (last != null && System.nanoTime() - retryNanos < 0) {
      throw again(last);
    }
    try {
      open = QmpSession.open(vmm, path, numbers, patience, untilNanos);
      if (!open.vcpus().equals(vcpus)) {
        open.close();
        throw new IOException("its vCPUs are others by now");
      }
    } catch (IOException e) {
      broken(e);
      throw e;
    }
    session = open;
    if (closed) { // Meanwhile, by another thread.
      open.close();
    }
    return open;
  }

  private static IOException again(IOException last) {
    String message = String.valueOf(last.getMessage());
    IOException again =
        last instanceof SocketTimeoutException
            ? new SocketTimeoutException(message)
            : new IOException(message);
    again.initCause(last);
    return again;
  }

  private void broken(IOException why) {
    QmpSession open = session;
    session = null;
    if (open != null) {
      open.close();
    }
    failure = why;
    retryNanos = System.nanoTime() + backOffNanos;
    backOffNanos = Math.min(2 * backOffNanos, BACK_OFF_MAX_NANOS);
  }

  @Override
  public void close() {
    closed = true;
    QmpSession open = session;
    if (open != null) {
      open.close();
    }
  }
}
