package io.kvmstats.tui;

import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.text.Text;
import io.kvmstats.discover.VmName;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A VMM as one sweep found it: a line of the screen, and what is behind it.
 *
 * @param view what it is
 * @param objects its VMs, then its vCPUs
 * @param amounts their metrics together
 */
record ObservedVmm(VmmView view, List<Observed> objects, Map<Metric, Amount> amounts) {
  ObservedVmm(VmmView view, List<Observed> objects) {
    this(
        view,
        objects,
        Arrays.stream(Metric.values())
            .collect(Collectors.toMap(metric -> metric, metric -> metric.over(view, objects))));
  }

  /** {@return a metric over all of its objects} */
  Amount amount(Metric metric) {
    return Objects.requireNonNull(amounts.get(metric));
  }

  /** {@return what tells it from every other, for as long as the screen is there} */
  String id() {
    return view.key().pid() + ":" + view.key().startTicks();
  }

  /** {@return what tells one of its objects from every other} */
  String id(Observed object) {
    return id() + ":" + object.view().fd();
  }

  /** {@return its VM's name, or its process; safe for a terminal} */
  String name() {
    return Text.printable(view.name().map(VmName::text).orElse("pid " + view.pid()));
  }

  /** {@return one of its objects, where it has several VMs with the descriptor that tells which} */
  String name(Observed object) {
    String name = object.view().isVcpu() ? "vCPU " + object.view().vcpu() : "VM";
    return view.vms() > 1 ? name + " (fd " + object.view().fd() + ")" : name;
  }

  Stream<Observed> vcpus() {
    return objects.stream().filter(object -> object.view().isVcpu());
  }

  /** {@return when the oldest of its objects' samples was read; now where there is none} */
  long readNanos(long now) {
    return objects.stream()
            .flatMap(object -> object.reading().map(Reading::latest).stream())
            .mapToLong(sample -> sample.afterNanos() - now)
            .min()
            .orElse(0)
        + now;
  }
}
