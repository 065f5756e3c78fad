package io.kvmstats.linux;

import java.util.Locale;

/** Compares descriptors by the open file behind them (kcmp(2), CONFIG_KCMP). */
public final class Kcmp {
  private static final long KCMP_FILE = 0;

  private Kcmp() {}

  /**
   * Compares the open files behind two descriptors of a process, by an order of the kernel's own.
   *
   * @param pid the process
   * @param fdA a descriptor of it
   * @param fdB another
   * @return 0 when the two are duplicates of one open file; else negative or positive, the same for
   *     the same two files until the next boot
   * @throws LinuxException EPERM without PTRACE_MODE_READ_REALCREDS, EBADF, ESRCH, ENOSYS
   */
  public static int compareFiles(int pid, int fdA, int fdB) throws LinuxException {
    return switch (compare(pid, fdA, pid, fdB)) {
      case 0 -> 0;
      case 1 -> -1;
      default -> 1;
    };
  }

  /**
   * {@return whether two processes' descriptors are duplicates of one open file}
   *
   * @param pidA a process
   * @param fdA a descriptor of it
   * @param pidB a process
   * @param fdB a descriptor of it
   * @throws LinuxException EPERM without PTRACE_MODE_READ_REALCREDS, EBADF, ESRCH, ENOSYS
   */
  public static boolean areSameFile(int pidA, int fdA, int pidB, int fdB) throws LinuxException {
    return compare(pidA, fdA, pidB, fdB) == 0;
  }

  private static int compare(int pidA, int fdA, int pidB, int fdB) throws LinuxException {
    String subject = "fd " + fdA + " of process " + pidA + " and fd " + fdB + " of process " + pidB;
    long order = Libc.syscall(number(), pidA, pidB, KCMP_FILE, fdA, fdB);
    return (int) LinuxException.check(order, "kcmp", subject);
  }

  /** The system call's number: arch/&#42;/include/uapi/asm/unistd*.h, Linux 6.12. */
  static long number() {
    String architecture = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return switch (architecture) {
      case "amd64", "x86_64" -> 312;
      case "aarch64", "riscv64", "loongarch64" -> 272;
      case "s390x" -> 343;
      case "ppc64le", "ppc64" -> 354;
      default -> -1; // Answered with ENOSYS, which says what is missing.
    };
  }
}
