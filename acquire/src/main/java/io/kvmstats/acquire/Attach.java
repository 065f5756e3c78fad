package io.kvmstats.acquire;

import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.Vmm;
import io.kvmstats.discover.VmmThread;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Gadgets;
import io.kvmstats.linux.Injection;
import io.kvmstats.linux.Kcmp;
import io.kvmstats.linux.KvmAbi;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Tracee;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Has a VMM's threads open the stats fds that the VMM does not keep: on x86-64.
 *
 * <p>Each is stopped once for a moment, by ptrace, makes KVM_GET_STATS_FD, closes the result when
 * we have a duplicate of it, and goes on as if nothing had been ({@link Injection}). A VM's is
 * opened by any thread; a vCPU's only by the thread that runs it, since any other would wait for
 * KVM_RUN to end ({@code kvm_vcpu_ioctl} takes the vCPU's mutex: {@code virt/kvm/kvm_main.c}, Linux
 * 6.12).
 *
 * <p>If we die meanwhile, the thread finds its way back by itself. But under a filter that would
 * kill it for what it does, it has none: that one is suspended for as long as we live.
 */
final class Attach {
  /** How long a thread may take to stop, or to be one that can: mostly less than a millisecond. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final Duration PAUSE = Duration.ofMillis(5);

  /** How long one VMM's objects may take together, and each of them. */
  private static final Duration LIMIT = Duration.ofSeconds(5);

  /** How many threads that may run a vCPU are stopped, for a look at whether they do. */
  private static final int LOOKS_MAX = 64;

  private static final int TRIES = 5;
  private static final int SIGTRAP = 5;
  private static final int SELF = Math.toIntExact(ProcessHandle.current().pid());

  private final Vmm vmm;
  private @Nullable Seen seen;
  private final long start = System.nanoTime();

  /**
   * Prepares to attach to a VMM's threads, for five seconds.
   *
   * @param vmm the process
   */
  Attach(Vmm vmm) {
    this.vmm = vmm;
  }

  /** {@return whether it can be done on this architecture} */
  static boolean isPossible() {
    return System.getProperty("os.arch").equals("amd64");
  }

  /**
   * Opens the stats fd of a VM or vCPU. Waits for at most a few seconds.
   *
   * @param object a VM's or vCPU's descriptor in that process
   * @return its stats fd, and what it is of
   * @throws IOException why that can't be done or may not be tried, and what would help
   */
  StatsFd open(KvmFd object) throws IOException {
    if (!isPossible()) {
      throw new IOException("--attach is for x86-64 only");
    }
    if (System.nanoTime() - start > LIMIT.toNanos()) {
      throw new IOException(
          "given up, since others of this VMM took " + LIMIT.toSeconds() + " s: try again later");
    }
    Fd held = vmm.process().getfd(object.number());
    try {
      Descriptors.expectRoom(held);
      StatsFd.expect(held, object.link());
      if (seen == null) {
        seen =
            new Seen(VmmThread.of(vmm.pid()), Gadgets.of(vmm.pid())); // While nothing is stopped.
      }
      Target target = new Target(object, held, seen);
      return new StatsFd(object.kind() == KvmFd.Kind.VM ? ofVm(target) : ofVcpu(target), held);
    } catch (IOException | RuntimeException e) {
      held.close();
      throw e;
    }
  }

  /** The process, as it was before the first of its threads was stopped. */
  private record Seen(List<VmmThread> threads, Gadgets gadgets) {}

  /**
   * What a stats fd is wanted of.
   *
   * @param object in the VMM
   * @param held our duplicate
   * @param in its process
   */
  private record Target(KvmFd object, Fd held, Seen in) {

    /** {@return whether a thread was in KVM_RUN on it} */
    boolean isRunBy(VmmThread thread) throws LinuxException {
      return thread.call().what() == VmmThread.What.RUNS_VCPU
          && isBehind(thread.tid(), thread.call().vcpu());
    }

    /** {@return whether it is what a thread has behind a descriptor} */
    boolean isBehind(int tid, int number) throws LinuxException {
      try {
        return Kcmp.compareFiles(SELF, held.number(), tid, number) == 0;
      } catch (LinuxException e) {
        if (e.errno() == Errno.EBADF || e.errno() == Errno.ESRCH) {
          return false;
        }
        throw e;
      }
    }

    String statsLink() {
      KvmFd.Kind kind =
          object.kind() == KvmFd.Kind.VM ? KvmFd.Kind.VM_STATS : KvmFd.Kind.VCPU_STATS;
      return new KvmFd(kind, object.number(), object.vcpu()).link();
    }
  }

  private Fd ofVm(Target target) throws IOException {
    List<VmmThread> threads = target.in.threads;
    VmmThread thread =
        threads.stream()
            .filter(t -> trouble(t).isEmpty())
            .findFirst()
            .or(() -> threads.stream().findFirst()) // To say what is wrong with it.
            .orElseThrow(() -> new IOException("the process has ended"));
    return onThread(thread, target, false).orElseThrow();
  }

  private Fd ofVcpu(Target target) throws IOException {
    List<VmmThread> threads = target.in.threads;
    for (VmmThread thread : threads) {
      if (target.isRunBy(thread)) {
        return onThread(thread, target, false).orElseThrow();
      }
    }
    // QEMU's name for it, with debug-threads=on.
    String name = "CPU " + target.object.vcpu() + "/KVM";
    List<VmmThread> named = threads.stream().filter(t -> t.name().equals(name)).toList();
    if (Acquirer.holdsOneVm(vmm) && named.size() == 1) {
      return onThread(named.getFirst(), target, false).orElseThrow();
    }
    // Of one that is busy the kernel does not tell what it does, until it is stopped.
    List<VmmThread> busy =
        threads.stream().filter(t -> t.call().what() == VmmThread.What.BUSY).toList();
    for (VmmThread thread : busy.subList(0, Math.min(busy.size(), LOOKS_MAX))) {
      Optional<Fd> stats = onThread(thread, target, true);
      if (stats.isPresent()) {
        return stats.get();
      }
    }
    throw new IOException(
        "none of the VMM's threads is seen to run it, and any other would wait for the one that does:"
            + " try again when the guest runs");
  }

  /** {@return why a thread must not or can't be stopped; empty when it may be} */
  private Optional<String> trouble(VmmThread thread) {
    if (thread.tid() == vmm.pid() && isOurChild()) {
      // It waits for the end of each child, and is told of a stop in its place.
      return Optional.of(
          thread + " is the first one of a child of this process: Java takes its stop for its end");
    }
    return thread.trouble();
  }

  /**
   * {@return the thread as it is by now, if it waited for what can't be interrupted: for a page or
   * a disk, mostly for a moment}
   */
  private VmmThread settled(VmmThread thread) throws IOException {
    VmmThread now = thread;
    long begin = System.nanoTime();
    while (now.state() == 'D' && System.nanoTime() - begin < PATIENCE.toNanos()) {
      try {
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return now;
      }
      now = VmmThread.of(vmm.pid(), thread.tid());
    }
    return now;
  }

  private boolean isOurChild() {
    return ProcessHandle.of(vmm.pid())
        .flatMap(ProcessHandle::parent)
        .filter(ProcessHandle.current()::equals)
        .isPresent();
  }

  /** Runs a detour on a thread of our own, whose end lets the other one go. */
  private Optional<Fd> onThread(VmmThread thread, Target target, boolean ifItRuns)
      throws IOException {
    Optional<String> trouble = trouble(settled(thread));
    if (trouble.isPresent()) {
      throw new IOException(trouble.get());
    }
    CompletableFuture<Optional<Fd>> result = new CompletableFuture<>();
    Runnable untilCancelled =
        () -> {
          if (result.isCancelled()) {
            throw new CancellationException();
          }
        };
    Thread tracer =
        Thread.ofPlatform()
            .daemon()
            .name("attach-" + thread.tid())
            .start(() -> {
              try {
                Optional<Fd> stats = trace(thread.tid(), target, ifItRuns, untilCancelled);
                if (!result.complete(stats)) {
                  stats.ifPresent(Fd::close);
                }
              } catch (IOException | RuntimeException e) {
                result.completeExceptionally(e);
              }
            });
    try {
      tracer.join(LIMIT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (result.cancel(false)) {
      throw new IOException(thread + " was not back in " + LIMIT.toSeconds() + " s");
    }
    if (result.isCompletedExceptionally()) {
      Throwable e = result.exceptionNow();
      throw e instanceof IOException known ? known : new IOException(e);
    }
    return result.resultNow();
  }

  /** {@return the stats fd; empty when the thread does not run the vCPU, as it would have to} */
  private Optional<Fd> trace(int tid, Target target, boolean ifItRuns, Runnable step)
      throws IOException {
    for (int i = 0; i < TRIES; i++) {
      Fd stats = null;
      try (Tracee tracee = Tracee.seize(tid, PATIENCE, step)) {
        tracee.lookAround(); // While it runs.
        tracee.interrupt();
        Tracee.Stop stop = tracee.await();
        if (stop == Tracee.Stop.EVENT && tracee.signal() != SIGTRAP) {
          throw new IOException(tracee + " is stopped by a signal: let it go on ('kill -CONT')");
        }
        if (stop == Tracee.Stop.EVENT) {
          VmmThread now = VmmThread.of(vmm.pid(), tid);
          if (ifItRuns && !target.isRunBy(now)) {
            return Optional.empty();
          }
          stats = stopped(tracee, now, target);
        }
      } catch (IOException | RuntimeException e) {
        letGo(stats);
        throw e;
      } // It gets the signal that it stopped for.
      if (stats != null) {
        return Optional.of(stats);
      }
    }
    throw new IOException("thread " + tid + " gets one signal after another: try again later");
  }

  private Fd stopped(Tracee tracee, VmmThread thread, Target target) throws IOException {
    if (thread.call().what() == VmmThread.What.KERNELS_OWN) {
      throw new IOException(thread + " is the kernel's own");
    }
    if (!target.isBehind(thread.tid(), target.object.number())
        || !Kcmp.haveSameFds(vmm.pid(), thread.tid())) {
      throw new IOException(thread + " has something else as fd " + target.object.number());
    }
    if (thread.isFiltered()) {
      suspendFilter(tracee);
    }
    Fd stats = null;
    try (Injection injection = Injection.into(tracee, target.in.gadgets)) {
      stats = statsFd(injection, target);
    } catch (IOException | RuntimeException e) {
      letGo(stats);
      throw e;
    }
    return stats;
  }

  /** A VMM may be killed when we have what we want, and its thread is not back yet. */
  private static void letGo(@Nullable Fd stats) {
    if (stats != null) {
      stats.close();
    }
  }

  private static void suspendFilter(Tracee tracee) throws IOException {
    try {
      tracee.suspendSeccomp();
    } catch (LinuxException e) {
      throw new IOException(
          e.getMessage()
              + ": the VMM's seccomp filter can only be suspended as root, by a process without a"
              + " filter of its own, such as a container's or a systemd unit's",
          e);
    }
  }

  private Fd statsFd(Injection injection, Target target) throws IOException {
    int theirs = injection.ioctl("KVM_GET_STATS_FD", target.object.number(), KvmAbi.GET_STATS_FD);
    Fd ours = null;
    boolean done = false;
    try {
      ours = vmm.process().getfd(theirs);
      injection.closeFd(theirs);
      StatsFd.expect(ours, target.statsLink());
      done = true;
      return ours;
    } finally {
      if (ours == null) {
        injection.closeFd(theirs);
      } else if (!done) {
        ours.close();
      }
    }
  }
}
