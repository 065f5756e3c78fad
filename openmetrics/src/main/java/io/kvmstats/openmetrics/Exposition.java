package io.kvmstats.openmetrics;

import io.kvmstats.collect.VmNames;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.discover.BootTime;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * The document that is scraped, written from samples as they are: docs/metrics.md says what is in
 * it.
 *
 * <p>Between scrapes it keeps what each VM and each family is called, so that no series changes its
 * name while its VM lives. Used by one thread at a time.
 */
public final class Exposition {
  private static final Map<String, OwnFamily> OWN =
      Arrays.stream(OwnFamily.values())
          .collect(Collectors.toMap(own -> own.family().name(), own -> own));

  private final Selection selection;
  private final Optional<BootTime> boot;
  private final LongSupplier clock;
  private final VmNames names = new VmNames();
  private final Plans plans;
  private final Histogram histogram = new Histogram();
  private Map<Vmm.Key, ExportedVmm> vmms = new LinkedHashMap<>();

  /**
   * Begins with no VM known.
   *
   * @param selection what is exported
   */
  public Exposition(Selection selection) {
    this(selection, BootTime.read(), System::nanoTime);
  }

  Exposition(Selection selection, Optional<BootTime> boot, LongSupplier clock) {
    this.selection = selection;
    this.boot = boot;
    this.clock = clock;
    this.plans = new Plans(OwnFamily.all(), Catalog.load(), System.getProperty("os.arch"));
  }

  /**
   * Writes the document, of the objects' newest samples.
   *
   * @param list the VMMs that there are, by pid
   * @param wanted families or series by name, as a scrape asks for them; all when empty
   * @param out is written to in large pieces, and not flushed
   * @throws IOException when {@code out} fails
   */
  public void write(
      List<VmmView> list, Health health, Format format, Set<String> wanted, OutputStream out)
      throws IOException {
    write(
        list,
        health,
        wanted,
        switch (format) {
          case TEXT -> new TextOutput(out, false);
          case OPENMETRICS -> new TextOutput(out, true);
          case PROTOBUF -> new ProtobufOutput(out);
        });
  }

  /**
   * {@return how many series each family would have in the text format, by the family's name there}
   *
   * @param list the VMMs that there are, by pid
   */
  public SortedMap<String, Integer> series(List<VmmView> list, Health health) {
    SeriesCount count = new SeriesCount();
    try {
      write(list, health, Set.of(), count);
    } catch (IOException e) {
      throw new AssertionError("nothing is written", e);
    }
    return count.series();
  }

  private void write(List<VmmView> list, Health health, Set<String> wanted, Output out)
      throws IOException {
    see(list, health.up());
    try {
      vmms.values().forEach(vmm -> vmm.objects().forEach(ExportedObject::read));
      long now = clock.getAsLong();
      SortedMap<String, Statistic> statistics = statistics();
      SortedMap<String, Family> families = new TreeMap<>();
      OWN.forEach((name, own) -> families.put(name, own.family()));
      statistics.forEach((name, statistic) -> families.put(name, statistic.family()));
      for (Family family : families.values()) {
        if (!selection.has(family) || !family.isAnyOf(wanted)) {
          continue;
        }
        out.begin(family);
        OwnFamily own = OWN.get(family.name());
        if (own != null) {
          own.write(out, health, vmms.values(), now);
        }
        Statistic statistic = statistics.get(family.name());
        if (statistic != null) {
          statistic.write(out, selection.detail(), histogram);
        }
        out.end();
      }
      out.finish();
    } finally {
      vmms.values().forEach(vmm -> vmm.objects().forEach(ExportedObject::forget));
    }
  }

  /** {@return the families that the objects' schemas have now, by name} */
  private SortedMap<String, Statistic> statistics() {
    SortedMap<String, Statistic> all = new TreeMap<>();
    for (Plan plan : plans.all()) {
      for (Plan.Column column : plan.columns()) {
        all.computeIfAbsent(column.family().name(), _ -> new Statistic(column.family()))
            .add(column, plan.objects());
      }
    }
    return all;
  }

  /** Takes note of which VMMs and objects there are, and what is exported of them. */
  private void see(List<VmmView> list, boolean canSee) {
    Map<Vmm.Key, ExportedVmm> before = vmms;
    vmms = new LinkedHashMap<>();
    if (canSee) { // Else nobody knows who has ended.
      names.see(list);
    }
    for (VmmView view : list) {
      ExportedVmm known = before.get(view.key());
      String name = names.of(view);
      ExportedVmm vmm =
          known == null || !known.name().equals(name)
              ? new ExportedVmm(view, name, created(view.key()))
              : known;
      vmm.seen(view);
      vmms.put(view.key(), vmm);
    }
    plans.all().forEach(plan -> plan.objects().clear());
    // The kernel's first: what a process publishes can't take their names.
    for (boolean isPublished : List.of(false, true)) {
      for (ExportedVmm vmm : vmms.values()) {
        if (vmm.view().isPublished() == isPublished) {
          vmm.objects().forEach(object -> object.plan(plans).objects().add(object));
        }
      }
    }
    plans.dropUnused();
  }

  private long created(Vmm.Key key) {
    return boot.map(time -> time.startMillis(key))
        .filter(millis -> millis > 0)
        .orElse(Output.UNKNOWN_TIME);
  }
}
