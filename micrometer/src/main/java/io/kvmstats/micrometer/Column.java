package io.kvmstats.micrometer;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Scale;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * A statistic as a meter.
 *
 * @param descriptor where its value is
 * @param family what the meter is
 */
record Column(Descriptor descriptor, Family family) {

  Meter register(MeterRegistry registry, MeteredObject object) {
    return family.isCounter()
        ? FunctionCounter.builder(family.name(), object, of -> of.value(this))
            .tags(object.tags())
            .description(family.help())
            .baseUnit(family.unit())
            .register(registry)
        : Gauge.builder(family.name(), object, of -> of.value(this))
            .tags(object.tags())
            .description(family.help())
            .baseUnit(family.unit())
            .register(registry);
  }

  /** {@return its value in base units, NaN when it is absent} */
  double value(Sample sample) {
    return sample.has(descriptor)
        ? Scale.of(descriptor).toDouble(sample.value(descriptor))
        : Double.NaN;
  }
}
