package io.kvmstats.openmetrics;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import org.jspecify.annotations.Nullable;

/** A VM or vCPU that is exported: what stays as it is while it lives, and its newest sample. */
final class ExportedObject {
  private final ExportedVmm vmm;
  private final Labels labels;
  private ObjectView view;
  private @Nullable Schema planned;
  private @Nullable Plan plan;
  private long kernelsBytes;
  private @Nullable Sample sample;

  ExportedObject(ExportedVmm vmm, Labels labels, ObjectView view) {
    this.vmm = vmm;
    this.labels = labels;
    this.view = view;
  }

  ExportedVmm vmm() {
    return vmm;
  }

  Labels labels() {
    return labels;
  }

  ObjectView view() {
    return view;
  }

  /** Takes note of how it is seen now. */
  void seen(ObjectView now) {
    view = now;
  }

  /** {@return what is exported of it; looked up again only when its schema is another one} */
  Plan plan(Plans plans) {
    Plan known = plan;
    if (known == null || planned == null || !planned.equals(view.schema())) {
      known = plans.of(view.schema(), scope(), !view.isVcpu() && vmm.view().hasSums());
      plan = known;
      planned = view.schema();
      // Names of ours have a dot: see CatalogEntry.isOurs.
      kernelsBytes =
          planned.descriptors().stream()
              .filter(stat -> stat.name().indexOf('.') < 0)
              .mapToLong(Descriptor::end)
              .max()
              .orElse(0);
    }
    return known;
  }

  private Scope scope() {
    return view.isVcpu() ? Scope.VCPU : Scope.VM;
  }

  /** Reads it, for one scrape. */
  void read() {
    sample = view.read().map(Reading::latest).orElse(null);
  }

  /**
   * {@return whether all that the kernel counts of it was read; the times of a vCPU's thread are
   * not to be had before one runs it}
   */
  boolean isRead() {
    return sample != null && sample.data().byteSize() >= kernelsBytes;
  }

  /** Lets go of what was read. */
  void forget() {
    sample = null;
  }

  /** {@return its newest sample; null when there is none} */
  @Nullable Sample sample() {
    return sample;
  }
}
