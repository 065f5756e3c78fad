package io.kvmstats.qmp;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.discover.VmmProcess;
import io.kvmstats.qmp.StatsAnswer.Stats;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.FileSystems;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;

/**
 * A connection to the monitor of one VMM, and to no other.
 *
 * <p>That the peer is the VMM is checked by what can be: its user is the VMM's or root, as the
 * kernel says, and the threads that it says run its vCPUs are the VMM's. The peer's pid is in the
 * same answer of the kernel's (SO_PEERCRED), but the JDK keeps it to itself. Who could lie about
 * the threads has the VMM's user, and so its memory as well.
 */
final class QmpSession implements AutoCloseable {
  /** What QEMU writes of an x86 vCPU has 3.5 KiB, and an event less than 1 KiB. */
  private static final long BYTES_PER_VCPU = 32 << 10;

  private static final long BYTES_MORE = 256 << 10;

  /** By its number, which needs no entry in any table. */
  private static final String ROOT = "0";

  private static final int APIC_ID_MAX = 1 << 20;

  private final QmpConnection connection;
  private final int vcpusMax;
  private final Map<String, Integer> vcpus = new HashMap<>();

  private QmpSession(QmpConnection connection, int vcpusMax) {
    this.connection = connection;
    this.vcpusMax = vcpusMax;
  }

  /**
   * Connects.
   *
   * @param vmm the process that has to answer
   * @param path where it listens, as it names it
   * @param numbers of KVM's vCPUs in that process
   * @param patience how long each step may take
   * @param untilNanos when to give up, in ns as {@link System#nanoTime} counts
   * @throws IOException why it can't be spoken to there
   */
  static QmpSession open(
      VmmProcess vmm, String path, Set<Integer> numbers, Duration patience, long untilNanos)
      throws IOException {
    QmpConnection connection =
        QmpConnection.open(UnixDomainSocketAddress.of(vmm.find(path)), patience, untilNanos);
    try {
      QmpSession session = new QmpSession(connection, numbers.size());
      session.identify(vmm, numbers);
      return session;
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private void identify(VmmProcess vmm, Set<Integer> numbers) throws IOException {
    UserPrincipalLookupService users = FileSystems.getDefault().getUserPrincipalLookupService();
    UserPrincipal peer = connection.peer();
    if (!peer.equals(users.lookupPrincipalByName(ROOT))
        && !peer.equals(users.lookupPrincipalByName(Integer.toString(vmm.user())))) {
      throw new IOException("user " + peer + " listens there, who is neither the VMM's nor root");
    }
    List<Cpu> cpus = connection.execute("query-cpus-fast", null, limit(), this::cpus);
    Set<Integer> tids = vmm.ownTids();
    for (Cpu cpu : cpus) {
      if (!tids.contains(cpu.thread)) {
        throw new IOException(
            "another process answers there: its vCPUs' threads are not the VMM's");
      }
      vcpus.put(cpu.qomPath, number(cpu));
    }
    if (vcpus.isEmpty()
        || new HashSet<>(vcpus.values()).size() != cpus.size()
        || !numbers.containsAll(vcpus.values())) {
      throw new IOException(
          "its vCPUs " + vcpus.values() + " are not those that KVM has: " + numbers);
    }
  }

  private static final class Cpu implements Values.Member {
    private String qomPath = "";
    private int index = -1;
    private int thread = -1;

    @Override
    public void read(String name, JsonParser json) throws IOException {
      switch (name) {
        case "qom-path" -> qomPath = Values.text(json);
        case "cpu-index" -> index = Values.integer(json, 0, APIC_ID_MAX);
        case "thread-id" -> thread = Values.integer(json, 0, Integer.MAX_VALUE);
        default -> Values.skip(json);
      }
    }
  }

  private List<Cpu> cpus(JsonParser json) throws IOException {
    List<Cpu> cpus = new ArrayList<>();
    Values.list(
        json,
        vcpusMax,
        element -> {
          Cpu cpu = new Cpu();
          Values.object(element, cpu);
          cpus.add(cpu);
        });
    return cpus;
  }

  /**
   * {@return KVM's number of a vCPU}
   *
   * <p>That is QEMU's own, except on x86, where it is the local APIC's (kvm_arch_vcpu_id,
   * target/i386/kvm, QEMU 7.2): with three cores to a socket, the fourth vCPU is KVM's number 4.
   */
  private int number(Cpu cpu) throws IOException {
    try {
      return connection.execute(
          "qom-get",
          arguments -> {
            arguments.writeStringProperty("path", cpu.qomPath);
            arguments.writeStringProperty("property", "apic-id");
          },
          limit(),
          json -> Values.integer(json, 0, APIC_ID_MAX));
    } catch (QmpError e) {
      return cpu.index; // It has no such property.
    }
  }

  /**
   * Sets when all that is asked from now on must have been answered.
   *
   * @param nanos as {@link System#nanoTime} counts
   */
  void giveUpAt(long nanos) {
    connection.giveUpAt(nanos);
  }

  private long limit() {
    return BYTES_MORE + BYTES_PER_VCPU * vcpusMax;
  }

  /** {@return QEMU's version by its own account, such as "7.2"} */
  String version() {
    return connection.version();
  }

  /** {@return KVM's numbers of the vCPUs, by QEMU's names for them} */
  Map<String, Integer> vcpus() {
    return Map.copyOf(vcpus);
  }

  /** {@return what the statistics are, by target and name} */
  Map<String, Map<String, Descriptor>> schemas() throws IOException {
    return connection.execute(
        "query-stats-schemas",
        arguments -> arguments.writeStringProperty("provider", "kvm"),
        limit(),
        new StatsSchemas());
  }

  /**
   * {@return the statistics of the VM, or of all vCPUs}
   *
   * @param target "vm" or "vcpu"
   */
  List<Stats> stats(String target) throws IOException {
    return connection.execute(
        "query-stats",
        arguments -> {
          arguments.writeStringProperty("target", target);
          providers(arguments);
        },
        limit(),
        new StatsAnswer(vcpusMax + 1));
  }

  private static void providers(JsonGenerator arguments) {
    arguments.writeName("providers");
    arguments.writeStartArray();
    arguments.writeStartObject();
    arguments.writeStringProperty("provider", "kvm");
    arguments.writeEndObject();
    arguments.writeEndArray();
  }

  @Override
  public void close() {
    connection.close();
  }
}
