package io.kvmstats.openmetrics;

import io.prometheus.metrics.expositionformats.generated.com_google_protobuf_4_36_1.Metrics.Bucket;
import io.prometheus.metrics.expositionformats.generated.com_google_protobuf_4_36_1.Metrics.Histogram;
import io.prometheus.metrics.expositionformats.generated.com_google_protobuf_4_36_1.Metrics.Metric;
import io.prometheus.metrics.expositionformats.generated.com_google_protobuf_4_36_1.Metrics.MetricFamily;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A document in protobuf, as the classes read it that protobuf's compiler made. */
final class Messages {
  private Messages() {}

  static List<MetricFamily> parse(byte[] document) throws IOException {
    ByteArrayInputStream in = new ByteArrayInputStream(document);
    List<MetricFamily> families = new ArrayList<>();
    for (MetricFamily family = MetricFamily.parseDelimitedFrom(in);
        family != null;
        family = MetricFamily.parseDelimitedFrom(in)) {
      families.add(family);
    }
    return families;
  }

  /** {@return each series' value, by the name and labels that it has in the text format} */
  static Map<String, Double> values(List<MetricFamily> families) {
    Map<String, Double> values = new TreeMap<>();
    for (MetricFamily family : families) {
      for (Metric metric : family.getMetricList()) {
        Map<String, String> labels = labels(metric);
        switch (family.getType()) {
          case COUNTER -> values.put(family.getName() + labels, metric.getCounter().getValue());
          case GAUGE -> values.put(family.getName() + labels, metric.getGauge().getValue());
          case UNTYPED -> values.put(family.getName() + labels, metric.getUntyped().getValue());
          case HISTOGRAM -> {
            Histogram histogram = metric.getHistogram();
            values.put(family.getName() + "_count" + labels, unsigned(histogram.getSampleCount()));
            if (!Double.isNaN(histogram.getSampleSum())) {
              values.put(family.getName() + "_sum" + labels, histogram.getSampleSum());
            }
            for (Bucket bucket : histogram.getBucketList()) {
              Map<String, String> withLe = new TreeMap<>(labels);
              withLe.put("le", Double.toString(bucket.getUpperBound()));
              values.put(
                  family.getName() + "_bucket" + withLe, unsigned(bucket.getCumulativeCount()));
            }
          }
          default -> throw new AssertionError(family.getType() + " of " + family.getName());
        }
      }
    }
    return values;
  }

  static Map<String, String> labels(Metric metric) {
    Map<String, String> labels = new TreeMap<>();
    metric.getLabelList().forEach(label -> labels.put(label.getName(), label.getValue()));
    return labels;
  }

  private static double unsigned(long count) {
    return Double.parseDouble(Long.toUnsignedString(count));
  }
}
