package io.kvmstats.collect;

import io.kvmstats.discover.Hidden;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * A host's VMs as whoever shows them sees them, however their numbers come here.
 *
 * <p>{@link #refresh} when VMs may have come or gone, {@link #sweep} when numbers are wanted. One
 * thread refreshes, and asks what there is; the same one or another sweeps; objects are read from
 * any.
 */
public interface HostView extends AutoCloseable {
  /**
   * Looks for VMs that came, and those that have gone.
   *
   * @throws IOException when that can't be seen any more
   */
  void refresh() throws IOException;

  /**
   * Sees to it that every object's newest sample is young enough: reads, or waits for who reads.
   *
   * @param age how old it may be; one that is read for this is always good enough
   * @throws IOException when nothing is read any more
   */
  void sweep(Duration age) throws IOException;

  /**
   * {@return the age that {@link #sweep} can promise without waiting for who reads for others}
   *
   * @param age that is wanted
   */
  default Duration attainable(Duration age) {
    return age;
  }

  /**
   * Says that numbers are wanted more or less often from now on, to whoever reads for others.
   *
   * @param interval from one sweep to the next
   * @throws IOException when nobody reads any more
   */
  default void every(Duration interval) throws IOException {}

  /** {@return the VMMs, by pid} */
  List<VmmView> vmms();

  /** {@return processes that seem to hold VMs whose statistics can't be got at, by pid} */
  List<Hidden> hidden();

  @Override
  void close();
}
