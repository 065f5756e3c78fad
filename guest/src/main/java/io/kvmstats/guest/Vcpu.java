package io.kvmstats.guest;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmExit;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** A vCPU and the thread that made it and runs it: the stats id names that thread. */
final class Vcpu implements AutoCloseable {
  /** A vCPU sees the stop flag after one round of its life; the longest takes milliseconds. */
  private static final Duration STOP_MAX = Duration.ofSeconds(10);

  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final Thread thread;
  private @Nullable KvmVcpu vcpu;
  private @Nullable Fd stats;

  private Vcpu(Kvm kvm, KvmVm vm, int id) {
    // Named as QEMU names them, so that tools find them by it.
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .name("CPU " + id + "/KVM")
            .unstarted(() -> {
              KvmVcpu made;
              try {
                made = make(kvm, vm, id);
              } catch (IOException | RuntimeException e) {
                ready.completeExceptionally(e);
                return;
              }
              ready.complete(null);
              live(made);
            });
  }

  /** Starts a vCPU, and returns when it runs. */
  static Vcpu start(Kvm kvm, KvmVm vm, int id) throws IOException {
    Vcpu vcpu = new Vcpu(kvm, vm, id);
    vcpu.thread.start();
    try {
      vcpu.ready.get();
      return vcpu;
    } catch (ExecutionException e) {
      vcpu.close();
      throw new IOException("vCPU " + id + " can't be made: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while vCPU " + id + " starts", e);
    }
  }

  private KvmVcpu make(Kvm kvm, KvmVm vm, int id) throws IOException {
    KvmVcpu made = vm.createVcpu(id);
    vcpu = made;
    made.setSupportedCpuid(kvm);
    made.setRealMode(Program.page(id) >> 4, 0, Program.PAGE_BYTES, Program.MMIO >> 4);
    made.makeRunnable();
    stats = made.statsFd(); // Before it runs: afterwards this would wait until it does not.
    return made;
  }

  private static void live(KvmVcpu vcpu) {
    try {
      while (true) {
        KvmExit exit = vcpu.run();
        switch (exit) {
          case IO -> {
            if (vcpu.ioPort() == Program.STOP_PORT) {
              return;
            }
          }
          case MMIO, INTERRUPTED -> {}
          default -> throw new IllegalStateException("vCPU " + vcpu.id() + " stopped: " + exit);
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("vCPU " + vcpu.id() + " can't run", e);
    }
  }

  void awaitStop() {
    try {
      if (!thread.join(STOP_MAX)) {
        throw new IllegalStateException(thread.getName() + " did not stop");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while " + thread.getName() + " stops", e);
    }
  }

  /** Frees a vCPU that has stopped. */
  @Override
  public void close() {
    if (stats != null) {
      stats.close();
    }
    if (vcpu != null) {
      vcpu.close();
    }
  }
}
