package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Schema;
import io.kvmstats.discover.KvmFd.Kind;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.Memfd;
import io.kvmstats.linux.Pidfd;
import io.kvmstats.publish.PublishedVcpu;
import io.kvmstats.publish.PublishedVm;
import io.kvmstats.publish.SchemaBuilder;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What this process publishes, found in the real /proc as that of any other. */
class PublishedTest {
  private static final int SELF = (int) ProcessHandle.current().pid();
  private static final Schema SCHEMA = new SchemaBuilder().cumulative("exits").build();

  private static Optional<Vmm> self(Host.Scan scan) {
    return scan.vmms().stream().filter(vmm -> vmm.pid() == SELF).findFirst();
  }

  @Test
  void aPublisherIsFoundByWhatItHasMapped() throws IOException {
    try (PublishedVm vm = new PublishedVm(SCHEMA, SCHEMA);
        PublishedVcpu _ = vm.addVcpu(12);
        PublishedVcpu _ = vm.addVcpu(5);
        Host.Scan scan = new Host().scan()) {
      Vmm found = self(scan).orElseThrow();
      assertThat(found.isPublished()).isTrue();
      assertThat(found.vmStats()).extracting(KvmFd::kind).containsExactly(Kind.PUBLISHED_VM_STATS);
      assertThat(found.vcpuStats()).extracting(KvmFd::vcpu).containsExactly(5, 12);
      assertThat(found.vcpuStats().getFirst().link())
          .isEqualTo("/memfd:kvm-vcpu-stats:5 (deleted)");
      assertThat(found.vms()).isEqualTo(found.vmStats());
      assertThat(found.vcpus()).isEqualTo(found.vcpuStats());
      // A duplicate makes no second VM.
      try (Pidfd self = Pidfd.open(SELF);
          Fd _ = self.getfd(found.vmStats().getFirst().number());
          Host.Scan again = new Host().scan()) {
        assertThat(self(again).orElseThrow().vmStats()).hasSize(1);
      }
    }
    try (Host.Scan scan = new Host().scan()) {
      assertThat(self(scan)).isEmpty();
    }
  }

  @Test
  void whatIsOnlyHeldIsAnothersAndNotCounted() throws IOException {
    try (Fd _ = Memfd.create("kvm-vm-stats", 4096);
        Host.Scan scan = new Host().scan()) {
      assertThat(self(scan)).isEmpty();
    }
    try (PublishedVm _ = new PublishedVm(SCHEMA, SCHEMA);
        Fd _ = Memfd.create("kvm-vm-stats", 4096);
        Host.Scan scan = new Host().scan()) {
      assertThat(self(scan).orElseThrow().vmStats()).hasSize(1);
    }
  }

  @Test
  void theKernelsWordGoesBeforeTheProcesss() throws IOException {
    Machine.assumeKvm();
    try (PublishedVm _ = new PublishedVm(SCHEMA, SCHEMA);
        Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm()) {
      try (Host.Scan scan = new Host().scan()) {
        Vmm found = self(scan).orElseThrow();
        assertThat(found.isPublished()).isTrue();
        assertThat(found.vms()).extracting(KvmFd::kind).containsExactly(Kind.VM);
      }
      try (Fd _ = vm.statsFd();
          Host.Scan scan = new Host().scan()) {
        Vmm found = self(scan).orElseThrow();
        assertThat(found.isPublished()).isFalse();
        assertThat(found.vmStats()).extracting(KvmFd::kind).containsExactly(Kind.VM_STATS);
      }
    }
  }
}
