package io.kvmstats.exec;

import io.kvmstats.core.binaryform.UserMemory;
import io.kvmstats.linux.AddressSpace;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Injection;
import io.kvmstats.linux.KvmAbi;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Pidfd;
import io.kvmstats.linux.ProcStatus;
import io.kvmstats.linux.SeccompListener;
import io.kvmstats.linux.Tracee;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;

/**
 * Has a thread of the program, which is about to create a VM or a vCPU, open the stats fd of what
 * it creates: of a vCPU that runs, it could be opened no more without waiting for it.
 *
 * <p>In a thread of its own, whose end lets the program's thread go, whatever went wrong before.
 */
final class Creation implements Runnable {
  /** Longer than the kernel takes to create a VM, and than a hostile program may have us wait. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final int SIGTRAP = 5;
  private static final int OURSELVES = Math.toIntExact(ProcessHandle.current().pid());

  private final SeccompListener listener;
  private final SeccompListener.Call call;
  private final ProgramObjects objects;
  private final Layout layout;
  private final UserMemory memory;
  private final Set<Integer> passing;
  private final Complaints complaints;
  private final Runnable step;

  /**
   * Makes one, to be run.
   *
   * @param call that was stopped
   * @param passing gets the thread when its call, made again, is to pass
   * @param step is called after each thing that is done to the thread
   */
  Creation(
      SeccompListener listener,
      SeccompListener.Call call,
      ProgramObjects objects,
      Layout layout,
      UserMemory memory,
      Set<Integer> passing,
      Complaints complaints,
      Runnable step) {
    this.listener = listener;
    this.call = call;
    this.objects = objects;
    this.layout = layout;
    this.memory = memory;
    this.passing = passing;
    this.complaints = complaints;
    this.step = step;
  }

  @Override
  public void run() {
    try {
      follow();
    } catch (IOException e) {
      complaints.say(call.thread(), e);
    }
  }

  private void follow() throws IOException {
    Tracee tracee;
    try {
      tracee = Tracee.seize(call.thread(), PATIENCE, step);
    } catch (LinuxException e) {
      // A debugger has it, for one.
      try {
        giveUp();
      } finally {
        listener.pass(call); // Whatever else goes wrong: it waits for this.
      }
      throw e;
    }
    try (tracee) {
      follow(tracee);
    }
  }

  private void follow(Tracee tracee) throws IOException {
    try {
      if (createdBy(tracee)) {
        acquire(tracee, (int) tracee.result());
      }
    } catch (IOException e) {
      giveUp(); // Before it is free.
      throw e;
    }
  }

  /**
   * Has the thread make its call again, in a state from which it can be followed.
   *
   * @return whether it has created something; it is stopped then
   */
  private boolean createdBy(Tracee tracee) throws IOException {
    // It waits for an answer, and would not stop before. The one that it gets is to make the call
    // again; on its way there it is interrupted.
    tracee.interrupt();
    if (!listener.answer(call, -Tracee.ERESTARTNOINTR)) {
      return false; // It was killed.
    }
    Tracee.Stop stop = tracee.await();
    if (stop == Tracee.Stop.EVENT && tracee.signal() == SIGTRAP) {
      stop = tracee.resume();
    }
    if (stop != Tracee.Stop.SYSCALL) {
      return false; // A signal comes first, or its process is stopped. Its call comes again.
    }
    passing.add(call.thread());
    try {
      tracee.resume();
    } finally {
      passing.remove(call.thread()); // Before it is free: its next one is not to pass as well.
    }
    tracee.restartIfInterrupted();
    return tracee.result() >= 0;
  }

  private void acquire(Tracee tracee, int fd) throws IOException {
    try (Injection injection = Injection.into(tracee);
        Pidfd process = Pidfd.openThread(tracee.tid())) {
      if (filters(tracee.tid()) > filters(OURSELVES) + 1) {
        tracee.suspendSeccomp(); // It has its own, which may not let pass what we want.
      }
      open(injection, process, fd);
    }
  }

  /** {@return how many seccomp filters a thread is under: before Linux 5.9 nobody says} */
  private static int filters(int thread) throws IOException {
    return ProcStatus.field(thread, "Seccomp_filters").map(Integer::parseInt).orElse(0);
  }

  /** Opens the statistics of what has been created, and adds it to what we know. */
  private void open(Injection injection, Pidfd process, int fd) throws IOException {
    Fd object = process.getfd(fd);
    Fd stats = null;
    boolean kept = false;
    try {
      String link = object.link();
      boolean isVm = link.equals("anon_inode:kvm-vm");
      if (isVm || link.startsWith("anon_inode:kvm-vcpu:")) {
        stats = statsFd(injection, process, fd);
        kept = isVm ? addVm(object, stats) : addVcpu(object, stats);
      } // Else it was another device's ioctl, of the same number.
    } finally {
      if (!kept) {
        object.close();
      }
      if (!kept && stats != null) {
        stats.close();
      }
    }
  }

  private static Fd statsFd(Injection injection, Pidfd process, int fd) throws IOException {
    int theirs = injection.ioctl("KVM_GET_STATS_FD", fd, KvmAbi.GET_STATS_FD);
    try {
      return process.getfd(theirs);
    } finally {
      injection.closeFd(theirs);
    }
  }

  private boolean addVm(Fd vm, Fd stats) throws IOException {
    AddressSpace owner = AddressSpace.of(call.thread());
    Pidfd process = Pidfd.open(owner.process());
    objects.add(new ProgramVm(vm, stats, owner, process, layout, memory));
    return true;
  }

  private boolean addVcpu(Fd vcpu, Fd stats) throws LinuxException {
    ProgramObject vm = objects.find(call.thread(), (int) call.a());
    if (!(vm instanceof ProgramVm known)) {
      return false; // Its VM could not be read.
    }
    objects.add(known.add(vcpu, stats));
    return true;
  }

  /** A sum over a VM's vCPUs that lacks one is wrong. */
  private void giveUp() throws LinuxException {
    if ((int) call.b() == KvmAbi.CREATE_VCPU
        && objects.find(call.thread(), (int) call.a()) instanceof ProgramVm vm) {
      objects.giveUp(vm);
    }
  }
}
