package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Waits for any of several sockets (poll(2)). Used by one thread; filled anew for each wait. */
public final class Poll {
  /** There is a packet, a connection, an error or the end to receive. */
  public static final int IN = Fd.POLLIN;

  /** There is room to send. */
  public static final int OUT = 4;

  private final List<Integer> numbers = new ArrayList<>();
  private final List<Integer> events = new ArrayList<>();
  private int[] ready = {};

  /** Makes one that waits for nothing yet. */
  public Poll() {}

  /**
   * Waits for this socket too.
   *
   * @param socket open until the wait is over
   * @param what {@link #IN}, {@link #OUT}, or both
   * @return its place, for {@link #isReady}
   */
  public int add(PacketSocket socket, int what) {
    numbers.add(socket.number());
    events.add(what);
    return numbers.size() - 1;
  }

  /**
   * Waits, and forgets what it waited for.
   *
   * @param timeoutMillis how long at most; 0 not to
   * @throws LinuxException ENOMEM, EINVAL when there are more than descriptors may be
   */
  public void await(int timeoutMillis) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pollfds = arena.allocate(Fd.POLLFD_BYTES * numbers.size(), Integer.BYTES);
      for (int i = 0; i < numbers.size(); i++) {
        pollfds.set(ValueLayout.JAVA_INT, Fd.POLLFD_BYTES * i, numbers.get(i));
        short what = events.get(i).shortValue();
        pollfds.set(ValueLayout.JAVA_SHORT, Fd.POLLFD_BYTES * i + Fd.POLLFD_EVENTS, what);
      }
      long result = Libc.poll(pollfds.address(), numbers.size(), timeoutMillis);
      ready = new int[numbers.size()];
      if (result != -Errno.EINTR) { // A signal: nothing is ready, and the caller goes on.
        LinuxException.check(result, "poll", numbers.size() + " sockets");
        for (int i = 0; i < ready.length; i++) {
          long at = Fd.POLLFD_BYTES * i + Fd.POLLFD_REVENTS;
          ready[i] = Short.toUnsignedInt(pollfds.get(ValueLayout.JAVA_SHORT, at));
        }
      }
      numbers.clear();
      events.clear();
    }
  }

  /**
   * {@return whether something happened to a socket that was waited for: what was asked for, an
   * error or the end}
   *
   * @param place as {@link #add} gave it
   */
  public boolean isReady(int place) {
    return ready[place] != 0;
  }
}
