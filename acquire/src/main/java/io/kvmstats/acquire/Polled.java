package io.kvmstats.acquire;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Objects of one VM whose statistics take long to get, all in one go: those that are asked for in a
 * conversation, or read from a file each.
 *
 * <p>Used by one thread at a time; only {@link #close} may come from another, and ends a poll that
 * is under way.
 */
public interface Polled extends AutoCloseable {

  /**
   * Gets the statistics of all objects.
   *
   * @param blocks a data block per object, all zeros, to be filled as its schema says
   * @return how many bytes of each block were filled from its start: what lies behind is absent
   * @throws IOException when there are none
   */
  List<Long> poll(List<MemorySegment> blocks) throws IOException;

  /**
   * {@return whether the VMM still has the VM that this was made for; false also when that can't be
   * told}
   *
   * <p>From any thread, without waiting for a poll.
   */
  boolean isStill();

  @Override
  void close();
}
