package io.kvmstats.cli;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.text.Text;
import java.util.Optional;
import java.util.OptionalDouble;

/** An object's statistics in JSON: one shape for every command. */
final class StatJson {
  private StatJson() {}

  /** Writes the members that tell which object it is; the object stays open. */
  static void object(Json json, ObjectView object) {
    json.name("object").value(object.isVcpu() ? "vcpu" : "vm");
    json.name("vcpu");
    if (object.isVcpu()) {
      json.value(object.vcpu());
    } else {
      json.unknown();
    }
    json.name("fd").value(object.fd());
    json.name("id").value(object.id());
  }

  /**
   * Writes what a statistic is; a type, unit or base that is not known is null beside its flags.
   */
  static void descriptor(Json json, Descriptor descriptor) {
    json.name("name").value(descriptor.name());
    json.name("type").value(Text.typeWord(descriptor.type()).orElse(null));
    json.name("unit").value(Text.unitWord(descriptor.unit()).orElse(null));
    json.name("base");
    if (descriptor.base() == Base.UNKNOWN) {
      json.unknown();
    } else {
      json.value(descriptor.base().radix());
    }
    json.name("exponent").value(descriptor.exponent());
    json.name("bucket_size").value(descriptor.bucketSize());
    json.name("flags").value(Integer.toUnsignedLong(descriptor.flags()));
  }

  /**
   * Writes a statistic's raw value: a number, an array of them if it has several, null if unknown.
   */
  static void value(Json json, Descriptor descriptor, Optional<Sample> sample) {
    json.name("value");
    if (sample.isEmpty()) {
      json.unknown();
    } else if (scalar(descriptor)) {
      json.unsigned(sample.get().value(descriptor));
    } else {
      json.beginArray();
      for (int i = 0; i < descriptor.size(); i++) {
        json.unsigned(sample.get().value(descriptor, i));
      }
      json.endArray();
    }
  }

  /**
   * Writes a statistic's element: what it is, its value, and how it changed since the last sweep.
   */
  static void change(Json json, Descriptor descriptor, Optional<Reading> reading) {
    json.beginObject();
    descriptor(json, descriptor);
    value(json, descriptor, reading.map(Reading::latest).filter(s -> s.has(descriptor)));
    delta(json, descriptor, reading.flatMap(r -> r.deltas(descriptor)));
    OptionalDouble rate = reading.map(r -> r.perSecond(descriptor)).orElse(OptionalDouble.empty());
    json.name("per_second").value(rate.orElse(Double.NaN));
    json.name("reset").value(reading.filter(r -> r.reset(descriptor)).isPresent());
    json.endObject();
  }

  /** Writes by how much a statistic grew: like its value; null if unknown, or not cumulative. */
  static void delta(Json json, Descriptor descriptor, Optional<long[]> deltas) {
    json.name("delta");
    if (deltas.isEmpty()) {
      json.unknown();
    } else if (scalar(descriptor)) {
      json.unsigned(deltas.get()[0]);
    } else {
      json.beginArray();
      for (long delta : deltas.get()) {
        json.unsigned(delta);
      }
      json.endArray();
    }
  }

  private static boolean scalar(Descriptor descriptor) {
    return descriptor.size() == 1 && !descriptor.type().isHistogram();
  }
}
