package io.kvmstats.exec;

import io.kvmstats.core.binaryform.Abi;
import io.kvmstats.core.binaryform.BinaryForm;
import io.kvmstats.core.binaryform.ServedVm;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.KvmAbi;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.SeccompFilter;
import io.kvmstats.linux.SeccompListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Answers a program's calls of the binary form, until nobody is left to make any.
 *
 * <p>What is not ours to answer the kernel does: a descriptor that is closed, or another file's, or
 * of a VM that another process made, gets the error that the kernel has for it.
 */
final class Supervisor {
  static final Abi ABI = Abi.of("amd64");

  /** What the program's calls are stopped for. */
  static final SeccompFilter FILTER =
      new SeccompFilter(
          new int[] {
            KvmAbi.CREATE_VM, KvmAbi.CREATE_VCPU, ABI.getInfo(), ABI.getNames(), ABI.getData()
          },
          ABI.checkExtension(),
          BinaryForm.CAPABILITY);

  /** How soon the end of a VM is noticed, half of it. */
  private static final int LOOK_MILLIS = 500;

  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final int O_PATH = 0x20_0000;

  /** {@code /dev/kvm}'s number, wherever it is: {@code include/linux/miscdevice.h}, Linux 6.12. */
  private static final long KVM_DEVICE = 10 << 8 | 232;

  private final SeccompListener listener;
  private final Layout layout;
  private final Runnable step;
  private final ProgramObjects objects = new ProgramObjects();
  private final ProgramMemory memory = new ProgramMemory();
  private final Complaints complaints = new Complaints();

  /** The threads whose next creation is to pass. */
  private final Set<Integer> passing = ConcurrentHashMap.newKeySet();

  private final AtomicInteger creating = new AtomicInteger();

  /**
   * Makes one, to be run.
   *
   * @param listener where the calls come
   * @param step is called after each thing that is done to a thread of the program
   */
  Supervisor(SeccompListener listener, Layout layout, Runnable step) {
    this.listener = listener;
    this.layout = layout;
    this.step = step;
  }

  /** Answers until the last process that is filtered has ended. */
  void run() throws IOException {
    long looked = System.nanoTime();
    while (true) {
      boolean holding = creating.get() > 0 || !objects.isEmpty();
      SeccompListener.Wait wait = listener.await(holding ? LOOK_MILLIS : -1);
      if (wait == SeccompListener.Wait.END) {
        return;
      }
      if (wait == SeccompListener.Wait.CALL) {
        serveNext();
      }
      if (holding && System.nanoTime() - looked >= LOOK_MILLIS * NANOS_PER_MILLI) {
        objects.release();
        looked = System.nanoTime();
      }
    }
  }

  private void serveNext() throws IOException {
    SeccompListener.Call call;
    try {
      call = listener.receive();
    } catch (LinuxException e) {
      if (e.errno() == Errno.ENOENT) {
        return; // A signal was quicker.
      }
      throw e;
    }
    int request = (int) call.b();
    if (request == KvmAbi.CREATE_VM || request == KvmAbi.CREATE_VCPU) {
      create(call);
    } else {
      answer(call);
    }
  }

  private void create(SeccompListener.Call call) {
    if (passing.remove(call.thread())) {
      listener.pass(call);
      return;
    }
    if ((int) call.b() == KvmAbi.CREATE_VM) {
      objects.releaseIfMany();
    }
    Creation creation =
        new Creation(listener, call, objects, layout, memory, passing, complaints, step);
    creating.incrementAndGet();
    try {
      Thread.ofPlatform()
          .start(() -> {
            try {
              creation.run();
            } finally {
              creating.decrementAndGet();
            }
          });
    } catch (OutOfMemoryError e) {
      creating.decrementAndGet();
      listener.pass(call); // No thread is to be had; the program has what it would have without us.
    }
  }

  /** Answers a call, or lets the kernel do it. */
  private void answer(SeccompListener.Call call) {
    try {
      ProgramObject object = objects.find(call.thread(), (int) call.a());
      if (object != null && object.vm().owner().isOf(call.thread()) && listener.isWaiting(call)) {
        memory.turnTo(call.thread());
        listener.answer(call, object.answer((int) call.b(), call.c(), memory));
      } else if (object == null && isAboutDevice(call)) {
        listener.answer(call, ServedVm.checkExtension(call.c()));
      } else {
        listener.pass(call);
      }
    } catch (IOException e) {
      listener.pass(call);
      complaints.say(call.thread(), e);
    }
  }

  private static boolean isAboutDevice(SeccompListener.Call call) {
    Path fd = Path.of("/proc/" + call.thread() + "/fd/" + (int) call.a());
    try {
      return (int) call.b() == ABI.checkExtension()
          && Files.getAttribute(fd, "unix:rdev") instanceof Number number
          && number.longValue() == KVM_DEVICE
          && !isPathOnly(call);
    } catch (IOException e) {
      return false; // It is no open descriptor.
    }
  }

  /** An O_PATH descriptor takes no ioctl, and shows in /proc as any other does. */
  private static boolean isPathOnly(SeccompListener.Call call) throws IOException {
    Path info = Path.of("/proc/" + call.thread() + "/fdinfo/" + (int) call.a());
    for (String line : Files.readAllLines(info)) {
      if (line.startsWith("flags:")) {
        int octal = 8;
        return (Integer.parseInt(line.substring("flags:".length()).strip(), octal) & O_PATH) != 0;
      }
    }
    return true;
  }
}
