package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A family of schemas: of each that has it, where its values are, and its objects. */
final class Statistic {
  private final Family family;
  private final List<Part> parts = new ArrayList<>();

  private record Part(Plan.Column column, List<ExportedObject> objects) {}

  Statistic(Family family) {
    this.family = family;
  }

  Family family() {
    return family;
  }

  void add(Plan.Column column, List<ExportedObject> objects) {
    parts.add(new Part(column, objects));
  }

  /**
   * Writes its series.
   *
   * @param out has begun this family
   * @param histogram for use in between
   */
  void write(Output out, Detail detail, Histogram histogram) throws IOException {
    if (family.kind() == Kind.HISTOGRAM) {
      if (detail == Detail.HISTOGRAMS) {
        writeHistograms(out, histogram);
      }
      return;
    }
    Map<ExportedVmm, VcpuSum> sums = new LinkedHashMap<>();
    for (Part part : parts) {
      Descriptor descriptor = part.column.descriptor();
      for (ExportedObject object : part.objects) {
        Sample sample = object.sample();
        if (sample == null || !sample.has(descriptor)) {
          continue;
        }
        long raw = sample.value(descriptor);
        if (detail == Detail.VM && object.view().isVcpu()) {
          sums.computeIfAbsent(object.vmm(), VcpuSum::new)
              .add(raw, part.column.scale(), family.kind());
        } else {
          out.value(
              object.labels(),
              family.kind() == Kind.BOOLEAN && raw != 0 ? 1 : raw,
              part.column.scale(),
              object.vmm().createdMillis());
        }
      }
    }
    for (VcpuSum sum : sums.values()) {
      if (sum.isWhole()) {
        out.value(sum.vmm().labels(), sum.raw(), sum.scale(), sum.vmm().createdMillis());
      }
    }
  }

  private void writeHistograms(Output out, Histogram histogram) throws IOException {
    for (Part part : parts) {
      Descriptor descriptor = part.column.descriptor();
      @Nullable Descriptor sum = part.column.sum();
      Buckets buckets = Objects.requireNonNull(part.column.buckets());
      for (ExportedObject object : part.objects) {
        Sample sample = object.sample();
        if (sample != null && sample.has(descriptor)) {
          histogram.read(sample, descriptor, buckets, sum);
          out.histogram(object.labels(), histogram, object.vmm().createdMillis());
        }
      }
    }
  }
}
