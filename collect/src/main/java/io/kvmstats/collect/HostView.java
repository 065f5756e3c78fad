package io.kvmstats.collect;

import io.kvmstats.discover.Hidden;
import java.io.IOException;
import java.util.List;

/**
 * A host's VMs as whoever shows them sees them, however their numbers come here.
 *
 * <p>{@link #refresh} when VMs may have come or gone, {@link #sweep} when numbers are wanted. One
 * thread calls them; objects are read from any.
 */
public interface HostView extends AutoCloseable {
  /**
   * Looks for VMs that came, and those that have gone.
   *
   * @throws IOException when that can't be seen any more
   */
  void refresh() throws IOException;

  /**
   * Makes every object's newest sample one that was read after this was called; a VM that can't be
   * read keeps nobody waiting.
   *
   * @throws IOException when nothing is read any more
   */
  void sweep() throws IOException;

  /** {@return the VMMs, by pid} */
  List<VmmView> vmms();

  /** {@return processes that seem to hold VMs whose statistics can't be got at, by pid} */
  List<Hidden> hidden();

  @Override
  void close();
}
