package io.kvmstats.jfr;

import io.kvmstats.collect.FreshHost;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Sample;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.lang.model.SourceVersion;
import jdk.jfr.AnnotationElement;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.EventFactory;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;
import jdk.jfr.ValueDescriptor;

/** A registered type of events, and the objects that have one each whenever it is due. */
final class ObjectEvent {
  /** What a field of ours or of every event's is called, so that no statistic's is. */
  private static final Set<String> RESERVED =
      Set.of("vm", "pid", "fd", "vcpu", "startTime", "duration", "eventThread", "stackTrace");

  private final FreshHost host;
  private final Shape shape;
  private final EventFactory factory;
  private final Runnable hook = this::commitAll;
  private volatile List<Recorded> objects = List.of();

  /**
   * An object that is recorded.
   *
   * @param vm what its VM is called
   * @param pid its process
   */
  record Recorded(String vm, int pid, ObjectView view) {}

  /**
   * Registers the type.
   *
   * @param name of the type
   * @param period that it has unless a recording says otherwise
   */
  ObjectEvent(FreshHost host, Shape shape, String name, Duration period, Catalog catalog) {
    this.host = host;
    this.shape = shape;
    this.factory =
        EventFactory.create(
            List.of(
                new AnnotationElement(Name.class, name),
                new AnnotationElement(Label.class, shape.label()),
                new AnnotationElement(Category.class, new String[] {"KVM"}),
                new AnnotationElement(Period.class, Math.max(1, period.toMillis()) + " ms"),
                new AnnotationElement(StackTrace.class, false)),
            fields(catalog));
    FlightRecorder.addPeriodicEvent(factory.newEvent().getClass(), hook);
  }

  private List<ValueDescriptor> fields(Catalog catalog) {
    List<ValueDescriptor> fields = new ArrayList<>();
    fields.add(ours(String.class, "vm", "VM"));
    fields.add(ours(int.class, "pid", "Process"));
    fields.add(ours(int.class, "fd", "Descriptor"));
    if (shape.isVcpu()) {
      fields.add(ours(int.class, "vcpu", "vCPU"));
    }
    Set<String> taken = new HashSet<>(RESERVED);
    for (Field field : shape.fields()) {
      Optional<String> meaning =
          catalog
              .find(
                  field.stat(),
                  shape.isVcpu() ? Scope.VCPU : Scope.VM,
                  System.getProperty("os.arch"))
              .map(CatalogEntry::meaning);
      fields.add(field.described(name(field.stat(), taken), meaning));
    }
    return fields;
  }

  private static ValueDescriptor ours(Class<?> type, String name, String label) {
    return new ValueDescriptor(type, name, List.of(new AnnotationElement(Label.class, label)));
  }

  /** {@return a name that an identifier can have, taken now; the statistic's own where it can} */
  static String name(String stat, Set<String> taken) {
    String plain = stat.replaceAll("[^a-zA-Z0-9_]", "_");
    if (!SourceVersion.isName(plain)) {
      plain = "stat_" + plain;
    }
    String name = plain;
    for (int i = 2; !taken.add(name); i++) {
      name = plain + "_" + i;
    }
    return name;
  }

  void record(List<Recorded> now) {
    objects = now;
  }

  /** Run by the thread that JFR has for periodic events. */
  private void commitAll() {
    for (Recorded object : objects) {
      Optional<Sample> sample = host.sample(object.view());
      Event event = factory.newEvent();
      int index = 0;
      event.set(index++, object.vm());
      event.set(index++, object.pid());
      event.set(index++, object.view().fd());
      if (shape.isVcpu()) {
        event.set(index++, object.view().vcpu());
      }
      for (Field field : shape.fields()) {
        event.set(index++, sample.map(field::value).orElse(Field.UNKNOWN));
      }
      event.commit();
    }
  }

  void unregister() {
    FlightRecorder.removePeriodicEvent(hook);
    factory.unregister();
  }
}
