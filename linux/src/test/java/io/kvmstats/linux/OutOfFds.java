package io.kvmstats.linux;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs in a process of its own, which may open few descriptors, and uses up all of them. */
final class OutOfFds {
  private static int nextVcpu = 1;

  private OutOfFds() {}

  /** Prints the outcome of each call before, without and after free descriptors, and leaks. */
  public static void main(String[] args) throws IOException {
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        KvmVcpu vcpu = vm.createVcpu(0)) {
      // Also loads all classes, for which the JVM may need descriptors.
      print("refused", List.of(attempt(() -> vm.createVcpu(0))));
      print("before", attempts(kvm, vm, vcpu));
      List<String> before = Held.now();
      List<Fd> all = new ArrayList<>();
      List<String> without;
      try {
        while (true) {
          all.add(Fd.open("/dev/null", Fd.O_RDONLY));
        }
      } catch (LinuxException e) {
        without = attempts(kvm, vm, vcpu);
      }
      all.forEach(Fd::close);
      print("without", without);
      print("after", attempts(kvm, vm, vcpu));
      List<String> leaked = Held.now();
      before.forEach(leaked::remove);
      print("leaked", leaked);
    }
  }

  private static List<String> attempts(Kvm kvm, KvmVm vm, KvmVcpu vcpu) {
    int id = nextVcpu++; // A VM keeps the number of a vCPU that was closed.
    return List.of(
        attempt(Kvm::open),
        attempt(kvm::createVm),
        attempt(() -> vm.createVcpu(id)),
        attempt(vm::statsFd),
        attempt(vcpu::statsFd),
        attempt(() -> Pidfd.open((int) ProcessHandle.current().pid())));
  }

  private interface Opening {
    AutoCloseable open() throws IOException;
  }

  private static String attempt(Opening opening) {
    try (AutoCloseable opened = opening.open()) {
      return opened == null ? "null" : "ok";
    } catch (LinuxException e) {
      return Errno.name(e.errno());
    } catch (Exception e) {
      return e.toString();
    }
  }

  private static void print(String what, List<String> list) {
    System.out.println(what + " " + list);
  }
}
