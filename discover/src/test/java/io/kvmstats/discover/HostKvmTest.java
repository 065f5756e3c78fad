package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.guest.GuestMain;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.Pidfd;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Real VMMs, found in the real /proc. */
class HostKvmTest {
  private static final long PATIENCE_NANOS = 30_000_000_000L;
  private static final int SELF = (int) ProcessHandle.current().pid();

  private static Optional<Vmm> find(Host.Scan scan, int pid) {
    return scan.vmms().stream().filter(vmm -> vmm.pid() == pid).findFirst();
  }

  @Test
  void aGuestIsFoundUntilItEnds() throws Exception {
    Machine.assumeKvm();
    try (GuestProcess guest =
        GuestProcess.start("guest=web,,1,debug-threads=on", List.of(Life.HALT, Life.HALT))
            .awaitRunning()) {
      Vmm before;
      try (Host.Scan scan = new Host().scan()) {
        before = find(scan, guest.pid()).orElseThrow();
        assertThat(before.program()).isEqualTo("kvmstats-guest");
        assertThat(before.name()).contains(new VmName("web,1", "-name"));
        assertThat(before.vms()).hasSize(1);
        assertThat(before.vcpus()).extracting(KvmFd::vcpu).containsExactly(0, 1);
        assertThat(before.vmStats()).hasSize(1);
        assertThat(before.vcpuStats()).extracting(KvmFd::vcpu).containsExactly(0, 1);
        assertThat(before.process().isAlive()).isTrue();
      }
      try (Host.Scan again = new Host().scan()) {
        Vmm after = find(again, guest.pid()).orElseThrow();
        assertThat(after.holdsTheSameAs(before)).isTrue();
        guest.kill();
        assertThat(after.process().isAlive()).isFalse();
      }
      try (Host.Scan gone = new Host().scan()) {
        assertThat(find(gone, guest.pid())).isEmpty();
        assertThat(gone.hidden()).extracting(Hidden::pid).doesNotContain(guest.pid());
      }
    }
  }

  @Test
  void whoHoldsAnothersVmToReadItIsNoVmm() throws Exception {
    Machine.assumeKvm();
    try (GuestProcess guest = GuestProcess.start("read", List.of(Life.HALT)).awaitRunning();
        Host.Scan scan = new Host().scan()) {
      Vmm vmm = find(scan, guest.pid()).orElseThrow();
      try (Fd vm = vmm.process().getfd(vmm.vms().getFirst().number());
          Fd vcpu = vmm.process().getfd(vmm.vcpus().getFirst().number());
          Host.Scan again = new Host().scan()) {
        assertThat(vm.link()).isEqualTo("anon_inode:kvm-vm");
        assertThat(vcpu.link()).isEqualTo("anon_inode:kvm-vcpu:0");
        assertThat(find(again, SELF)).isEmpty();
        assertThat(find(again, guest.pid()).orElseThrow().holdsTheSameAs(vmm)).isTrue();
        try (Kvm kvm = Kvm.open();
            KvmVm own = kvm.createVm();
            Host.Scan third = new Host().scan()) {
          assertThat(own.toString()).isNotEmpty();
          Vmm self = find(third, SELF).orElseThrow();
          assertThat(self.vms()).hasSize(1);
          assertThat(self.vcpus()).isEmpty();
        }
      }
    }
  }

  @Test
  void twoVmsAreTwoAndADuplicateIsNone() throws Exception {
    Machine.assumeKvm();
    try (Kvm kvm = Kvm.open();
        KvmVm first = kvm.createVm();
        KvmVcpu _ = first.createVcpu(0)) {
      int number;
      try (Host.Scan scan = new Host().scan()) {
        Vmm vmm = find(scan, SELF).orElseThrow();
        assertThat(vmm.vms()).hasSize(1);
        assertThat(vmm.vcpus()).hasSize(1);
        assertThat(vmm.vmStats()).isEmpty();
        assertThat(vmm.vcpuStats()).isEmpty();
        number = vmm.vms().getFirst().number();
      }
      try (KvmVm second = kvm.createVm();
          KvmVcpu _ = second.createVcpu(0);
          Fd _ = second.statsFd();
          Fd _ = second.statsFd();
          Pidfd self = Pidfd.open(SELF);
          Fd _ = self.getfd(number);
          Fd _ = self.getfd(number);
          Host.Scan scan = new Host().scan()) {
        Vmm vmm = find(scan, SELF).orElseThrow();
        assertThat(vmm.vms()).hasSize(2).extracting(KvmFd::number).contains(number);
        // One number, but vCPUs of two VMs.
        assertThat(vmm.vcpus()).extracting(KvmFd::vcpu).containsExactly(0, 0);
        // Opened twice, they are two files, of one object.
        assertThat(vmm.vmStats()).hasSize(2);
      }
    }
  }

  @Test
  void newVmsAndVcpusAreFoundAtOnceInAProcessThatWasLookedAtBefore() throws Exception {
    Machine.assumeKvm();
    Host host = new Host();
    try (Kvm kvm = Kvm.open()) {
      for (int i = 0; i < 3 * Rescan.TURNS; i++) {
        try (Host.Scan scan = host.scan()) {
          assertThat(find(scan, SELF)).isEmpty();
        }
        if (i % 4 == 3) { // After some scans that had nothing to see.
          try (KvmVm vm = kvm.createVm();
              Host.Scan scan = host.scan()) {
            assertThat(find(scan, SELF).orElseThrow().vcpus()).as("VM %d", i).isEmpty();
            try (KvmVcpu _ = vm.createVcpu(3);
                Host.Scan again = host.scan()) {
              assertThat(find(again, SELF).orElseThrow().vcpus())
                  .as("VM %d", i)
                  .extracting(KvmFd::vcpu)
                  .containsExactly(3);
            }
          }
        }
      }
    }
  }

  @Test
  void aVmmInAPidNamespaceHasItsPidOfThisOne() throws Exception {
    Machine.assumeKvm();
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/unshare"))
            && new ProcessBuilder("unshare", "--pid", "--fork", "--mount-proc", "true")
                    .start()
                    .waitFor()
                == 0,
        "needs permission to make a pid namespace");
    List<String> command = Machine.java(GuestMain.class.getName());
    command.addAll(0, List.of("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"));
    command.addAll(List.of("-name", "inside", "halt"));
    Process unshare = new ProcessBuilder(command).start();
    try {
      long deadline = System.nanoTime() + PATIENCE_NANOS;
      Optional<Vmm> found = Optional.empty();
      while (found.isEmpty() && System.nanoTime() < deadline) {
        try (Host.Scan scan = new Host().scan()) {
          found =
              scan.vmms().stream()
                  .filter(vmm -> vmm.name().filter(n -> n.text().equals("inside")).isPresent())
                  .findFirst();
        }
      }
      int pid = found.orElseThrow().pid();
      assertThat(unshare.descendants().map(ProcessHandle::pid)).contains((long) pid);
      assertThat(new ProcFs(Path.of("/proc")).pidNamespaces(pid)).isEqualTo(2);
    } finally {
      unshare.destroyForcibly().waitFor();
    }
  }

  @Test
  void scanningLeavesNothingOpen() throws Exception {
    Machine.assumeKvm();
    try (Kvm kvm = Kvm.open();
        KvmVm _ = kvm.createVm()) {
      long before = pidfds();
      for (int i = 0; i < 20; i++) {
        try (Host.Scan scan = new Host().scan()) {
          assertThat(find(scan, SELF)).isPresent();
          assertThat(pidfds()).isGreaterThan(before);
        }
      }
      assertThat(pidfds()).isEqualTo(before);
    }
  }

  /** {@return how many processes this one holds} */
  static long pidfds() throws IOException {
    long count = 0;
    try (var fds = Files.newDirectoryStream(Path.of("/proc/self/fdinfo"))) {
      for (Path fd : fds) {
        try {
          count += Files.readString(fd).contains("\nPid:") ? 1 : 0;
        } catch (IOException e) {
          // Closed meanwhile.
        }
      }
    }
    return count;
  }

  @Test
  void qemuIsFound() throws Exception {
    String qemu = "qemu-system-x86_64";
    Machine.assumeKvm();
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(qemu)));
    assumeTrue(installed, "needs " + qemu + ", which is not installed");
    List<String> command =
        List.of(
            qemu,
            "-accel",
            "kvm",
            "-machine",
            "q35",
            "-smp",
            "2",
            "-display",
            "none",
            "-nodefaults",
            "-S",
            "-name",
            "guest=qemu-test,debug-threads=on",
            "-qmp",
            "stdio");
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try {
      assertThat(process.inputReader().readLine()).contains("QMP");
      // It greets at once, and answers when the machine is made.
      process.outputWriter().append("{\"execute\":\"qmp_capabilities\"}").flush();
      assertThat(process.inputReader().readLine()).contains("return");
      try (Host.Scan scan = new Host().scan()) {
        Vmm vmm = find(scan, (int) process.pid()).orElseThrow();
        assertThat(vmm.program()).isEqualTo(qemu);
        assertThat(vmm.name()).contains(new VmName("qemu-test", "-name"));
        assertThat(vmm.vms()).hasSize(1);
        assertThat(vmm.vcpus()).extracting(KvmFd::vcpu).containsExactly(0, 1);
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
  }
}
