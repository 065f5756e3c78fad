package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process's memory as the kernel knows it, its mm: threads have one in common, and so has a child
 * of vfork(2) with its parent, but not one of fork(2), nor a process with itself after execve(2).
 *
 * <p>Holds no memory of it: it ends when the process does. One thread at a time.
 */
public final class AddressSpace implements AutoCloseable {
  private final int process;
  private final Fd mem;
  private final MemorySegment probe = Arena.ofAuto().allocate(1);

  private AddressSpace(int process, Fd mem) {
    this.process = process;
    this.mem = mem;
  }

  /**
   * {@return that of a thread, and of its process}
   *
   * @param thread its number; the first one of a process may have ended, and then has no memory
   * @throws IOException EACCES, EPERM without PTRACE_MODE_ATTACH_FSCREDS; ENOENT, ESRCH
   */
  public static AddressSpace of(int thread) throws IOException {
    int process = ProcStatus.processOf(thread);
    return new AddressSpace(process, Fd.open("/proc/" + thread + "/mem", Fd.O_RDONLY));
  }

  /** {@return the process of the thread that it was asked of} */
  public int process() {
    return process;
  }

  /**
   * {@return whether a thread has it}
   *
   * @param thread which does not end meanwhile
   * @throws LinuxException EPERM without PTRACE_MODE_READ_REALCREDS
   */
  public boolean isOf(int thread) throws LinuxException {
    // What costs least comes first.
    return exists() && (thread == process || haveSame(thread) || isThread(thread));
  }

  /**
   * The file is of the memory, not of the process: after an execve there is nothing more to read
   * ({@code mem_rw} in {@code fs/proc/base.c}, Linux 6.12). Nothing is at address 0 either, but it
   * says so.
   */
  private boolean exists() {
    return mem.tryPread(probe, 0) != 0;
  }

  /** Its first thread may have ended before the others, and then has no memory. */
  private boolean isThread(int thread) {
    return Files.exists(Path.of("/proc/" + process + "/task/" + thread));
  }

  private boolean haveSame(int thread) throws LinuxException {
    try {
      return Kcmp.haveSameMemory(process, thread);
    } catch (LinuxException e) {
      if (e.errno() == Errno.ESRCH) {
        return false; // The process has gone, and left its memory to none that we know.
      }
      throw e;
    }
  }

  @Override
  public void close() {
    mem.close();
  }
}
