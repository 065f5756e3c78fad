package io.kvmstats.micrometer;

import io.kvmstats.collect.FreshHost;
import io.kvmstats.collect.HostView;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmNames;
import io.kvmstats.collect.VmmView;
import io.kvmstats.discover.Vmm;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * KVM's statistics as meters: {@code kvm.vm.NAME} of each VM and {@code kvm.vcpu.NAME} of each
 * vCPU, with tags {@code vm} and {@code vcpu}, in base units, and {@code kvm.up}.
 *
 * <p>Meters come and go with the VMs. What can't be read is NaN, never 0. Histograms are left out,
 * which Micrometer can only fill by itself.
 *
 * <p>VMs are looked for by a daemon thread of this. They are read by the threads that ask a meter
 * for its value, once for all meters: see {@link FreshHost}.
 */
public final class KvmMetrics implements MeterBinder, AutoCloseable {
  private final FreshHost host;
  private final VmNames names = new VmNames();
  private final Families families = new Families();
  private final List<MeterRegistry> registries = new ArrayList<>();
  private final List<Gauge> own = new ArrayList<>();
  private final Map<Id, MeteredObject> objects = new HashMap<>();
  private boolean isOver;

  /** What an object is while it lives. */
  private record Id(Vmm.Key vmm, int vcpu, int fd) {}

  /**
   * Takes over a view of a host, and does nothing before this is bound to a registry.
   *
   * @param host used by nobody else from now on; closed with this
   * @param interval from one look for VMs to the next, and how old a value may be: some seconds,
   *     less than from one scrape or step to the next
   */
  public KvmMetrics(HostView host, Duration interval) {
    this.host = new FreshHost(host, interval, this::seen);
  }

  /**
   * Registers the meters of all VMs that there are, and from then on of those that come.
   *
   * @throws IllegalStateException when this was closed
   */
  @Override
  public synchronized void bindTo(MeterRegistry registry) {
    if (isOver) {
      throw new IllegalStateException("closed");
    }
    registries.add(registry);
    own.add(
        Gauge.builder("kvm.up", host, view -> view.isUp() ? 1 : 0)
            .description("Whether there is anything to read VMs from.")
            .register(registry));
    objects.values().forEach(object -> object.bindTo(registry));
    if (registries.size() == 1) {
      host.start();
    }
  }

  /** Of two VMs by one name, the one that has gone gives up its meters before the other's come. */
  private synchronized void seen(List<VmmView> vmms) {
    if (isOver) {
      return;
    }
    names.see(vmms);
    families.keepOnly(vmms.stream().flatMap(vmm -> vmm.objects().stream()).toList());
    Map<Id, MeteredObject> gone = new HashMap<>(objects);
    Map<Id, MeteredObject> come = new HashMap<>();
    // The kernel's first: what a process publishes can't take their names.
    for (VmmView vmm : vmms.stream().sorted(Comparator.comparing(VmmView::isPublished)).toList()) {
      String name = names.of(vmm);
      Set<Integer> ambiguous = vmm.ambiguous();
      for (ObjectView object : vmm.objects()) {
        boolean needsFd = ambiguous.contains(object.vcpu());
        Tags tags = tags(name, object, needsFd ? " (fd " + object.fd() + ")" : "");
        List<Column> columns = families.of(object);
        Id id = new Id(vmm.key(), object.vcpu(), object.fd());
        MeteredObject known = objects.get(id);
        if (known != null && known.isAs(tags, columns)) {
          known.seen(object);
          gone.remove(id);
        } else {
          come.put(id, new MeteredObject(host, tags, columns, object));
        }
      }
    }
    gone.values().forEach(MeteredObject::unbind);
    objects.keySet().removeAll(gone.keySet());
    come.values().forEach(object -> registries.forEach(object::bindTo));
    objects.putAll(come);
  }

  /** All meters of one name have the same tags, which is what registries ask for. */
  private static Tags tags(String name, ObjectView object, String suffix) {
    return object.isVcpu()
        ? Tags.of("vm", name, "vcpu", object.vcpu() + suffix)
        : Tags.of("vm", name + suffix);
  }

  /** Takes all meters out of their registries, and closes the host. */
  @Override
  public void close() {
    host.close();
    synchronized (this) {
      isOver = true;
      objects.values().forEach(MeteredObject::unbind);
      objects.clear();
      for (int i = 0; i < registries.size(); i++) {
        registries.get(i).remove(own.get(i));
      }
      registries.clear();
      own.clear();
    }
  }
}
