package io.kvmstats.linux;

import java.io.IOException;

/**
 * A process, held so that its pid can't come to mean another one (pidfd_open(2), Linux 5.3).
 *
 * <p>What was read from {@code /proc/PID} belongs to this process if {@link #isAlive} still says so
 * afterwards: its pid is not given away before its end is seen here.
 */
public final class Pidfd implements AutoCloseable {
  // One number on every architecture that the JDK runs on: those since 424 are.
  private static final long SYS_PIDFD_OPEN = 434;
  private static final long SYS_PIDFD_GETFD = 438;

  /** A thread, instead of a process (Linux 6.9). */
  private static final long PIDFD_THREAD = 0x80;

  private final int pid;
  private final Fd fd;

  private Pidfd(int pid, Fd fd) {
    this.pid = pid;
    this.fd = fd;
  }

  /**
   * Opens a process.
   *
   * @param pid in this process's pid namespace; a process's, not a thread's
   * @return that process, whichever has the pid now
   * @throws LinuxException ESRCH when there is none; EINVAL, on newer kernels (Linux 6.18) ENOENT,
   *     when pid is a thread's; EMFILE
   */
  public static Pidfd open(int pid) throws LinuxException {
    String subject = "process " + pid;
    long number = Libc.syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0, 0);
    return new Pidfd(pid, new Fd(LinuxException.check(number, "pidfd_open", subject), subject));
  }

  /**
   * Opens the process of a thread, to see the descriptors that this thread has. Before Linux 6.9
   * they are those of its process's first thread, as they mostly are anyway.
   *
   * @param tid the thread, which does not end meanwhile
   * @return its process
   * @throws IOException ESRCH, EMFILE
   */
  public static Pidfd openThread(int tid) throws IOException {
    String subject = "thread " + tid;
    long number = Libc.syscall(SYS_PIDFD_OPEN, tid, PIDFD_THREAD, 0, 0, 0);
    if (number == -Errno.EINVAL) {
      return open(ProcStatus.processOf(tid));
    }
    return new Pidfd(tid, new Fd(LinuxException.check(number, "pidfd_open", subject), subject));
  }

  /** Takes over a pidfd. */
  static Pidfd of(int pid, int number) {
    return new Pidfd(pid, new Fd(number, "process " + pid));
  }

  /** {@return the pid; once the process has ended, it may be another's} */
  public int pid() {
    return pid;
  }

  /**
   * {@return whether the process has not ended yet; a zombie has}
   *
   * @throws LinuxException EINVAL, ENOMEM: it could not be told
   */
  public boolean isAlive() throws LinuxException {
    return fd.poll(0) == 0;
  }

  /**
   * Duplicates a descriptor of that process into this one (pidfd_getfd(2), Linux 5.6).
   *
   * <p>The two share one open file. Needs PTRACE_MODE_ATTACH_REALCREDS: the same user, or
   * CAP_SYS_PTRACE, as Yama and the like allow.
   *
   * @param number the descriptor's number over there
   * @return this process's duplicate
   * @throws LinuxException EPERM, EBADF when it is not open there, ESRCH when the process ended
   */
  public Fd getfd(int number) throws LinuxException {
    String subject = "fd " + number + " of process " + pid;
    long ours = Libc.syscall(SYS_PIDFD_GETFD, fd.number(), number, 0, 0, 0);
    return new Fd(LinuxException.check(ours, "pidfd_getfd", subject), subject);
  }

  /**
   * {@return this process, held once more}
   *
   * @throws LinuxException EMFILE
   */
  public Pidfd duplicate() throws LinuxException {
    return new Pidfd(pid, fd.duplicate());
  }

  @Override
  public void close() {
    fd.close();
  }
}
