package io.kvmstats.otlp;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kvmstats.acquire.Source;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.discover.BootTime;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.Vmm;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** VMs that a test makes up, and what is written of them. */
final class Fakes {
  static final BootTime BOOT = new BootTime(1_700_000_000);
  static final Vmm.Key KEY = new Vmm.Key(4711, 2500);

  /** Of {@link #KEY}. */
  static final long START_NANOS = 1_700_000_025_000_000_000L;

  static final Times TIMES = new Times(5_000_000_000L, 1_700_000_100_000_000_000L);

  private Fakes() {}

  static Descriptor counter(String name, int offset) {
    return stat(name, StatType.CUMULATIVE, Unit.NONE, 0, 1, offset);
  }

  static Descriptor stat(
      String name, StatType type, Unit unit, int exponent, int size, int offset) {
    int flags = Descriptor.flags(type, unit, Base.POW10);
    long bucketSize = type == StatType.LINEAR_HISTOGRAM ? 10 : 0;
    return new Descriptor(name, flags, exponent, size, offset, bucketSize);
  }

  static Sample sample(Schema schema, long nanos, long... values) {
    return new Sample(schema, nanos, nanos, MemorySegment.ofArray(values), ByteOrder.nativeOrder());
  }

  static ObjectView vcpu(int number, Sample sample) {
    return object(number, 20 + number, sample);
  }

  static ObjectView vm(Sample sample) {
    return object(KvmFd.NO_VCPU, 10, sample);
  }

  static ObjectView object(int number, int fd, Sample sample) {
    return new ObjectView(
        number,
        fd,
        "kvm-4711",
        sample.schema(),
        () -> Optional.of(new Reading(sample, Optional.empty())));
  }

  static VmmView vmm(Vmm.Key key, String name, ObjectView... objects) {
    return vmm(key, name, Source.DUP, 1, objects);
  }

  static VmmView vmm(Vmm.Key key, String name, Source source, int vms, ObjectView... objects) {
    return new VmmView(
        key,
        "qemu-system-x86_64",
        new VmIdentity(Optional.of(new VmName(name, "-name")), Optional.empty()),
        vms,
        List.of(),
        Optional.of(source),
        false,
        Optional.empty(),
        List.of(objects));
  }

  static Export export() {
    return new Export(Optional.of("host-1"), Optional.of(BOOT));
  }

  /** {@return what an export writes, as OpenTelemetry's own classes read it} */
  static List<ExportMetricsServiceRequest> requests(
      Export export, int bytesMax, List<VmmView> vmms) {
    List<ExportMetricsServiceRequest> requests = new ArrayList<>();
    export.write(
        vmms, TIMES, new Requests("1.2", bytesMax, request -> requests.add(parse(request))));
    return requests;
  }

  static ExportMetricsServiceRequest parse(byte[] request) {
    try {
      return ExportMetricsServiceRequest.parseFrom(request);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  static List<Metric> metrics(Export export, VmmView... vmms) {
    return requests(export, Requests.BYTES_MAX, List.of(vmms)).stream()
        .flatMap(request -> request.getResourceMetricsList().stream())
        .flatMap(resource -> metrics(resource).stream())
        .toList();
  }

  static List<Metric> metrics(ResourceMetrics resource) {
    return resource.getScopeMetricsList().stream()
        .flatMap(scope -> scope.getMetricsList().stream())
        .toList();
  }
}
