package io.kvmstats.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmBinaryForm;
import io.kvmstats.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The binary form of a VM whose vCPUs run, field by field between two reads of its stats fds. */
class BinaryFormTest {
  private static final int ROUNDS = 500;

  private Kvm kvm;

  @BeforeEach
  void open() throws IOException {
    GuestTest.assumeKvm();
    kvm = Kvm.open();
  }

  @AfterEach
  void close() {
    if (kvm != null) {
      kvm.close();
    }
  }

  @Test
  void everyFieldIsTheStatsFds() throws Exception {
    List<Life> lives = List.of(Life.HALT, Life.PORT_IO, Life.MMIO);
    try (Guest guest = new Guest(kvm, Mapping.anonymous(Program.MEMORY_BYTES))) {
      KvmBinaryForm form = guest.vm().binaryForm();
      guest.build(kvm, lives.stream().map(Program::life).toList());
      try (OwnStats vm = OwnStats.ofVm();
          OwnStats first = OwnStats.ofVcpu(0);
          OwnStats second = OwnStats.ofVcpu(1);
          OwnStats third = OwnStats.ofVcpu(2)) {
        List<OwnStats> vcpus = List.of(first, second, third);
        List<String> names = form.names().names();
        int own = vm.read().all().size();
        long[] data = new long[form.info()];
        for (int round = 0; round < ROUNDS; round++) {
          long[] before = expected(vm, vcpus, names, own);
          form.data(MemorySegment.ofArray(data));
          long[] after = expected(vm, vcpus, names, own);
          for (int i = 0; i < data.length; i++) {
            if ((i < own ? vm : first).isCumulative(names.get(i))) {
              assertThat(data[i]).as(names.get(i)).isBetween(before[i], after[i]);
            }
          }
        }
        third.await(now -> now.value("mmio_exits") > 100);
        guest.stop();
        form.data(MemorySegment.ofArray(data));
        assertThat(data).isEqualTo(expected(vm, vcpus, names, own));
        assertThat(data[names.indexOf("mmio_exits")]).isGreaterThan(100);
      }
    }
    assertThat(OwnStats.kvmLinks()).containsExactly("/dev/kvm");
  }

  private static long[] expected(OwnStats vm, List<OwnStats> vcpus, List<String> names, int own)
      throws IOException {
    long[] values = new long[names.size()];
    OwnStats.Values ofVm = vm.read();
    for (int i = 0; i < own; i++) {
      values[i] = ofVm.value(names.get(i));
    }
    for (OwnStats vcpu : vcpus) {
      OwnStats.Values ofVcpu = vcpu.read();
      for (int i = own; i < values.length; i++) {
        values[i] += ofVcpu.value(names.get(i));
      }
    }
    return values;
  }
}
