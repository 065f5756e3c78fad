package io.kvmstats.linux;

import java.lang.foreign.Arena;

/**
 * Files that are nothing but memory (memfd_create(2), Linux 3.17), and what they are sealed
 * against.
 *
 * <p>Their link in /proc is {@code /memfd:NAME (deleted)}. So may be that of an ordinary file, but
 * only a memfd can have seals such as {@link #F_SEAL_SHRINK} ({@code mm/memfd.c}, Linux 6.12).
 */
public final class Memfd {
  /** No seal can be added any more. */
  public static final int F_SEAL_SEAL = 0x1;

  /** The file can't become shorter. */
  public static final int F_SEAL_SHRINK = 0x2;

  /** The file can't become longer. */
  public static final int F_SEAL_GROW = 0x4;

  /** Nobody can write to the file. */
  public static final int F_SEAL_WRITE = 0x8;

  /** Nobody can write to the file but through mappings made before the seal (Linux 5.1). */
  public static final int F_SEAL_FUTURE_WRITE = 0x10;

  private static final int MFD_CLOEXEC = 0x1;
  private static final int MFD_ALLOW_SEALING = 0x2;
  private static final int F_ADD_SEALS = 1033;
  private static final int F_GET_SEALS = 1034;

  private Memfd() {}

  /**
   * Makes a file of zeros, close-on-exec, that can be sealed.
   *
   * @param name what /proc calls it: up to 249 bytes, nobody else's concern
   * @param bytes its length
   * @return the file, open for reading and writing
   * @throws LinuxException EMFILE, ENOMEM; EACCES where {@code vm.memfd_noexec} is 2
   */
  public static Fd create(String name, long bytes) throws LinuxException {
    String subject = "memfd " + name;
    Fd fd;
    try (Arena arena = Arena.ofConfined()) {
      long address = arena.allocateFrom(name).address();
      long number = Libc.memfdCreate(address, MFD_CLOEXEC | MFD_ALLOW_SEALING);
      fd = new Fd(LinuxException.check(number, "memfd_create", subject), subject);
    }
    try {
      LinuxException.check(Libc.ftruncate(fd.number(), bytes), "ftruncate", subject);
      return fd;
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  /**
   * Seals a memfd, for everybody and for good.
   *
   * @param fd open for writing
   * @param seals {@code F_SEAL_*}, besides those that it has
   * @throws LinuxException EPERM when it has {@link #F_SEAL_SEAL}; EBUSY for {@link #F_SEAL_WRITE}
   *     while a mapping can write; EINVAL when it is no memfd
   */
  public static void addSeals(Fd fd, int seals) throws LinuxException {
    long result = Libc.fcntl(fd.number(), F_ADD_SEALS, seals);
    LinuxException.check(result, "fcntl F_ADD_SEALS", fd.toString());
  }

  /**
   * {@return the seals of a file, {@code F_SEAL_*}; asks the kernel alone, whatever file it is}
   *
   * @param fd of any file
   * @throws LinuxException EINVAL when its kind of file can have none
   */
  public static int seals(Fd fd) throws LinuxException {
    long seals = Libc.fcntl(fd.number(), F_GET_SEALS, 0);
    return (int) LinuxException.check(seals, "fcntl F_GET_SEALS", fd.toString());
  }
}
