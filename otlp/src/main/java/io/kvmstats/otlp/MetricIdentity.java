package io.kvmstats.otlp;

import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Scale;
import io.kvmstats.core.model.StatType;
import java.util.Locale;
import java.util.Map;

/**
 * What a statistic's metric is called, and what tells it from others.
 *
 * @param name by OpenTelemetry's rules: dotted, in lower case, without its unit and without "total"
 * @param kind of its points
 * @param unit by UCUM; empty where it isn't known
 */
record MetricIdentity(String name, Kind kind, String unit) {
  /** OpenTelemetry's limit is 255; what is left is for what comes before and behind. */
  private static final int STEM_MAX = 200;

  /** UCUM's prefixes of the powers of ten that have one. */
  private static final Map<Integer, String> PREFIXES =
      Map.of(-9, "n", -6, "u", -3, "m", 3, "k", 6, "M", 9, "G");

  /** {@return the one that a statistic has as long as nobody else has its name} */
  static MetricIdentity of(Scope scope, Descriptor stat) {
    return new MetricIdentity(
        "kvm." + scope.name().toLowerCase(Locale.ROOT) + "." + stem(stat),
        Kind.of(stat),
        Scale.isKnown(stat) ? factor(stat) + unit(stat) : "");
  }

  /** {@return the same under another name, the name's 2nd, 3rd and so on} */
  MetricIdentity numbered(int number) {
    return new MetricIdentity(name + "_" + number, kind, unit);
  }

  /** {@return a statistic's name without what kind and unit say} */
  private static String stem(Descriptor stat) {
    String stem = stat.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_.]", "_");
    stem = stem.substring(0, Math.min(stem.length(), STEM_MAX));
    if (stat.type() == StatType.CUMULATIVE) {
      stem = stem.replaceFirst("_total$", "");
    }
    if (stat.type().isHistogram()) {
      stem = stem.replaceFirst("_hist$", "");
    }
    return switch (stat.unit()) {
      case SECONDS ->
          stem.replaceFirst("_(ns|us|ms|s)$", "")
              + (stat.type().isHistogram() ? ".duration" : ".time");
      case BYTES -> stem.replaceFirst("_bytes$", "");
      case CYCLES -> stem.replaceFirst("_cycles$", "");
      case NONE, BOOLEAN, UNKNOWN -> stem;
    };
  }

  private static String unit(Descriptor stat) {
    return switch (stat.unit()) {
      case SECONDS -> "s";
      case BYTES -> "By";
      case CYCLES -> "{cycle}";
      case NONE -> "{count}";
      case BOOLEAN -> "1";
      case UNKNOWN -> "";
    };
  }

  /** {@return what a histogram's unit is in: its bounds stay raw numbers, which are exact} */
  private static String factor(Descriptor stat) {
    int exponent = Scale.of(stat).exponent();
    if (!stat.type().isHistogram() || stat.base() != Base.POW10 || exponent == 0) {
      return "";
    }
    String prefix = PREFIXES.get(exponent);
    boolean takesPrefix = unit(stat).equals("s") || unit(stat).equals("By");
    return takesPrefix && prefix != null ? prefix : "10*" + exponent + ".";
  }
}
