package io.kvmstats.jfr;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.text.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jdk.jfr.AnnotationElement;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Timespan;
import jdk.jfr.ValueDescriptor;

/**
 * A statistic as a field of an event: whatever of its descriptor is not the place of its value.
 *
 * @param stat its name
 * @param flags its type, unit and base, as in {@link Descriptor}
 * @param exponent of the base
 */
record Field(String stat, int flags, int exponent) {
  /** What {@code jfr print} and others show as N/A. */
  static final long UNKNOWN = Long.MIN_VALUE;

  static Field of(Descriptor descriptor) {
    return new Field(descriptor.name(), descriptor.flags(), descriptor.exponent());
  }

  private Descriptor descriptor() {
    return new Descriptor(stat, flags, exponent, 1, 0, 0);
  }

  /**
   * {@return the field}
   *
   * @param name in the event
   * @param meaning of the statistic, where something is known
   */
  ValueDescriptor described(String name, Optional<String> meaning) {
    List<AnnotationElement> annotations = new ArrayList<>();
    annotations.add(new AnnotationElement(Label.class, stat));
    Optional<AnnotationElement> content = content();
    content.ifPresent(annotations::add);
    String unit = Text.unit(descriptor()).strip();
    String counted = content.isPresent() || unit.isEmpty() ? "" : " Counted in " + unit + ".";
    String description = (meaning.orElse("") + counted).strip();
    if (!description.isEmpty()) {
      annotations.add(new AnnotationElement(Description.class, description));
    }
    return new ValueDescriptor(long.class, name, annotations);
  }

  private Optional<AnnotationElement> content() {
    if (isBytes()) {
      return Optional.of(new AnnotationElement(DataAmount.class, DataAmount.BYTES));
    }
    if (descriptor().unit() != Unit.SECONDS || descriptor().base() != Base.POW10) {
      return Optional.empty();
    }
    Optional<String> unit =
        switch (exponent) {
          case 0 -> Optional.of(Timespan.SECONDS);
          case -3 -> Optional.of(Timespan.MILLISECONDS);
          case -6 -> Optional.of(Timespan.MICROSECONDS);
          case -9 -> Optional.of(Timespan.NANOSECONDS);
          default -> Optional.empty();
        };
    return unit.map(word -> new AnnotationElement(Timespan.class, word));
  }

  private boolean isBytes() {
    return descriptor().unit() == Unit.BYTES && descriptor().base() == Base.POW2 && exponent >= 0;
  }

  /**
   * {@return the value in a sample: bytes where these are counted in powers of two, else raw. What
   * is more than a long holds is the largest one}
   */
  long value(Sample sample) {
    return sample
        .schema()
        .find(stat)
        .filter(sample::has)
        .map(descriptor -> toLong(sample.value(descriptor)))
        .orElse(UNKNOWN);
  }

  private long toLong(long raw) {
    int shift = isBytes() ? exponent : 0;
    return raw == 0 || shift < Long.numberOfLeadingZeros(raw) ? raw << shift : Long.MAX_VALUE;
  }
}
