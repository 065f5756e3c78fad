package io.kvmstats.linux;

import java.io.IOException;

/** A system call that failed: its errno, what was tried, and on what. */
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  LinuxException(String call, String subject, int errno) {
    super(call + " on " + subject + ": " + Errno.name(errno) + " (" + Errno.text(errno) + ")");
    this.errno = errno;
  }

  /** {@return the errno, such as {@link Errno#EACCES}} */
  public int errno() {
    return errno;
  }

  /**
   * {@return {@code result}, when it is not a failure}
   *
   * @param result of a call, negative for {@code -errno}
   * @param call what was tried
   * @param subject on what
   * @throws LinuxException when it is one
   */
  static long check(long result, String call, String subject) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(call, subject, (int) -result);
    }
    return result;
  }
}
