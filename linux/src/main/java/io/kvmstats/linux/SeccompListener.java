package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the system calls come that a {@link SeccompFilter} stops, each to be answered
 * (seccomp_unotify(2)).
 *
 * <p>When the last descriptor of it is closed, calls that wait and those that would come fail with
 * ENOSYS. One thread receives; any thread answers.
 */
public final class SeccompListener implements AutoCloseable {
  static final int IOCTL_RECV = 0xc050_2100;
  static final int IOCTL_SEND = 0xc018_2101;
  static final int IOCTL_ID_VALID = 0x4008_2102;
  static final int IOCTL_SET_FLAGS = 0x4008_2104;

  /** Who answers is soon to sleep: let the other one have the processor (Linux 6.6). */
  static final long FD_SYNC_WAKE_UP = 1;

  static final int FLAG_CONTINUE = 1;

  /** struct seccomp_notif, and struct seccomp_data in it. */
  static final long NOTIF_BYTES = 80;

  static final long NOTIF_PID = 8;
  static final long NOTIF_ARGS = 32;

  /** struct seccomp_notif_resp. */
  static final long RESP_BYTES = 24;

  static final long RESP_VAL = 8;
  static final long RESP_ERROR = 16;
  static final long RESP_FLAGS = 20;

  private final Fd fd;
  private final MemorySegment received = Arena.ofAuto().allocate(NOTIF_BYTES, Long.BYTES);

  SeccompListener(Fd fd) {
    this.fd = fd;
  }

  /**
   * {@return a listener that another process installed and handed on}
   *
   * @param number its descriptor here, ours to close
   */
  public static SeccompListener of(int number) {
    SeccompListener listener = new SeccompListener(new Fd(number, "a seccomp listener"));
    // Older kernels have no such flag, and are slower.
    listener.fd.tryIoctl(IOCTL_SET_FLAGS, FD_SYNC_WAKE_UP);
    return listener;
  }

  /**
   * A call that waits for an answer.
   *
   * @param id what the answer is for
   * @param thread who makes it, as our pid namespace has it; may have ended since
   * @param a the call's first argument
   * @param b its second argument
   * @param c its third argument
   */
  public record Call(long id, int thread, long a, long b, long c) {}

  /** What came of waiting. */
  public enum Wait {
    /** A call has come: {@link #receive}. */
    CALL,
    /** None has, in time. */
    NOTHING,
    /** None will: nobody is left who is filtered. */
    END
  }

  /**
   * Waits for a call.
   *
   * @param timeoutMillis how long; -1 for as long as it takes
   * @return what came of it
   * @throws LinuxException ENOMEM
   */
  public Wait await(int timeoutMillis) throws LinuxException {
    int events = fd.poll(timeoutMillis);
    if ((events & Fd.POLLIN) != 0) {
      return Wait.CALL;
    }
    return events == 0 ? Wait.NOTHING : Wait.END;
  }

  /**
   * Takes the next call.
   *
   * @return it
   * @throws LinuxException ENOENT when its thread was killed just now, or was interrupted
   */
  public Call receive() throws LinuxException {
    received.fill((byte) 0); // The kernel wants it so.
    fd.ioctl("SECCOMP_IOCTL_NOTIF_RECV", IOCTL_RECV, received);
    return new Call(
        received.get(ValueLayout.JAVA_LONG, 0),
        received.get(ValueLayout.JAVA_INT, NOTIF_PID),
        argument(0),
        argument(1),
        argument(2));
  }

  private long argument(int number) {
    return received.get(ValueLayout.JAVA_LONG, NOTIF_ARGS + number * (long) Long.BYTES);
  }

  /**
   * {@return whether a call's thread still waits: its number is not another's meanwhile}
   *
   * @param call it
   */
  public boolean isWaiting(Call call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment id = arena.allocate(Long.BYTES, Long.BYTES);
      id.set(ValueLayout.JAVA_LONG, 0, call.id());
      return fd.tryIoctl(IOCTL_ID_VALID, id.address()) == 0;
    }
  }

  /**
   * Answers a call in the kernel's place.
   *
   * @param call it
   * @param result what it returns, {@code -errno} for a failure
   * @return whether the thread was still there to get it
   */
  public boolean answer(Call call, int result) {
    return send(call, Math.max(0, result), Math.min(0, result), 0);
  }

  /**
   * Lets the kernel answer a call.
   *
   * @param call it
   * @return whether the thread was still there to go on
   */
  public boolean pass(Call call) {
    return send(call, 0, 0, FLAG_CONTINUE);
  }

  private boolean send(Call call, long value, int error, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment response = arena.allocate(RESP_BYTES, Long.BYTES);
      response.set(ValueLayout.JAVA_LONG, 0, call.id());
      response.set(ValueLayout.JAVA_LONG, RESP_VAL, value);
      response.set(ValueLayout.JAVA_INT, RESP_ERROR, error);
      response.set(ValueLayout.JAVA_INT, RESP_FLAGS, flags);
      return fd.tryIoctl(IOCTL_SEND, response.address()) == 0;
    }
  }

  /** {@return the descriptor's number, to hand it on} */
  int number() {
    return fd.number();
  }

  @Override
  public void close() {
    fd.close();
  }
}
