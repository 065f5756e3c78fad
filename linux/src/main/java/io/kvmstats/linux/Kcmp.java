package io.kvmstats.linux;

import java.util.Locale;

/** Compares what processes have by what it is in the kernel (kcmp(2), CONFIG_KCMP). */
public final class Kcmp {
  private static final long KCMP_FILE = 0;
  private static final long KCMP_VM = 1;
  private static final long KCMP_FILES = 2;

  private Kcmp() {}

  /**
   * Compares the open files behind two descriptors, by an order of the kernel's own.
   *
   * @param pidA a process or thread
   * @param fdA a descriptor of it
   * @param pidB the same or another
   * @param fdB a descriptor of it
   * @return 0 when the two are duplicates of one open file; else negative or positive, the same for
   *     the same two files until the next boot
   * @throws LinuxException EPERM without PTRACE_MODE_READ_REALCREDS, EBADF, ESRCH, ENOSYS
   */
  public static int compareFiles(int pidA, int fdA, int pidB, int fdB) throws LinuxException {
    String subject = "fd " + fdA + " of process " + pidA + " and fd " + fdB + " of process " + pidB;
    return switch (compare(subject, pidA, pidB, KCMP_FILE, fdA, fdB)) {
      case 0 -> 0;
      case 1 -> -1;
      default -> 1;
    };
  }

  /**
   * {@return whether two processes or threads have one address space}
   *
   * @param pidA one
   * @param pidB another
   * @throws LinuxException EPERM without PTRACE_MODE_READ_REALCREDS, ESRCH, ENOSYS
   */
  public static boolean haveSameMemory(int pidA, int pidB) throws LinuxException {
    return compare("processes " + pidA + " and " + pidB, pidA, pidB, KCMP_VM, 0, 0) == 0;
  }

  /**
   * {@return whether two processes or threads have one table of descriptors}
   *
   * @param pidA one
   * @param pidB another
   * @throws LinuxException EPERM without PTRACE_MODE_READ_REALCREDS, ESRCH, ENOSYS
   */
  public static boolean haveSameFds(int pidA, int pidB) throws LinuxException {
    return compare("processes " + pidA + " and " + pidB, pidA, pidB, KCMP_FILES, 0, 0) == 0;
  }

  private static int compare(String subject, int pidA, int pidB, long what, int a, int b)
      throws LinuxException {
    long order = Libc.syscall(number(), pidA, pidB, what, a, b);
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
