package io.kvmstats.jfr;

import io.kvmstats.collect.FreshHost;
import io.kvmstats.collect.HostView;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmNames;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.jfr.ObjectEvent.Recorded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import jdk.jfr.FlightRecorder;

/**
 * KVM's statistics as periodic events of the Flight Recorder: {@code kvmstats.VM} for each VM and
 * {@code kvmstats.Vcpu} for each vCPU, with a field for each statistic.
 *
 * <p>An unknown value is {@code Long.MIN_VALUE}, which {@code jfr print} shows as N/A. Histograms
 * are left out.
 *
 * <p>A daemon thread of this looks for VMs, whether or not a recording is on: what it has of a VM
 * that has ended, it must let go. VMs are read by the thread that JFR has for periodic events.
 */
public final class KvmEvents implements AutoCloseable {
  /**
   * A type is a class that stays until the JVM ends: so many of KVM's, and as many of those who
   * publish ever other ones.
   */
  private static final int TYPES_MAX = 64;

  private static final System.Logger LOG = System.getLogger(KvmEvents.class.getName());

  private final FreshHost host;
  private final Duration interval;
  private final Catalog catalog = Catalog.load();
  private final VmNames vmNames = new VmNames();
  private final Map<Shape, ObjectEvent> types = new HashMap<>();
  private final Set<String> typeNames = new HashSet<>();
  private boolean isFull;
  private boolean isOver;

  /**
   * Takes over a view of a host, and does nothing before this is registered.
   *
   * @param host used by nobody else from now on; closed with this
   * @param interval from one look for VMs to the next, how old a value may be, and the period of
   *     events where a recording does not say otherwise
   */
  public KvmEvents(HostView host, Duration interval) {
    this.interval = interval;
    this.host = new FreshHost(host, interval, this::seen);
  }

  /**
   * Registers the events of all VMs that there are, and from then on of those that come. To be
   * called once.
   *
   * @throws IllegalStateException when this JVM has no Flight Recorder, or this was closed
   */
  public void register() {
    if (!FlightRecorder.isAvailable()) {
      throw new IllegalStateException("this JVM has no Flight Recorder");
    }
    host.start();
  }

  private synchronized void seen(List<VmmView> vmms) {
    if (isOver) {
      return;
    }
    vmNames.see(vmms);
    Map<Shape, List<Recorded>> objects = new HashMap<>();
    for (VmmView vmm : vmms) {
      for (ObjectView object : vmm.objects()) {
        objects
            .computeIfAbsent(Shape.of(object, vmm.isPublished()), _ -> new ArrayList<>())
            .add(new Recorded(vmNames.of(vmm), vmm.pid(), object));
      }
    }
    SortedMap<String, Shape> come = new TreeMap<>();
    for (Shape shape : objects.keySet()) {
      if (!types.containsKey(shape)) {
        come.put(shape.nameOfItsOwn(), shape);
      }
    }
    // Sorted, so that names are not by the order in which VMs were found: most fields first.
    come.entrySet().stream()
        .sorted(Comparator.comparingInt(of -> -of.getValue().fields().size()))
        .forEach(of -> add(of.getValue(), of.getKey()));
    types.forEach((shape, type) -> type.record(objects.getOrDefault(shape, List.of())));
  }

  private void add(Shape shape, String nameOfItsOwn) {
    boolean isFirst = !shape.isPublished() && !typeNames.contains(shape.name());
    String name = isFirst ? shape.name() : nameOfItsOwn;
    long alike =
        types.keySet().stream().filter(type -> type.isPublished() == shape.isPublished()).count();
    if (alike < TYPES_MAX && typeNames.add(name)) {
      types.put(shape, new ObjectEvent(host, shape, name, interval, catalog));
    } else if (!isFull) {
      isFull = true;
      LOG.log(System.Logger.Level.WARNING, "too many kinds of statistics: some are not recorded");
    }
  }

  /** Unregisters all events, and closes the host. */
  @Override
  public void close() {
    synchronized (this) {
      isOver = true;
      types.values().forEach(ObjectEvent::unregister);
      types.clear();
    }
    host.close();
  }
}
