package io.kvmstats.acquire;

import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A way of getting statistics that is tried where the ways before it left something without. */
public interface FurtherSource {

  /**
   * Gets what it can of what is missing.
   *
   * @param vmm the process; stays the caller's to close
   * @param missing the VMs and vCPUs without statistics, at least one
   * @return what it has statistics of
   * @throws IOException why that is nothing, and what would help
   */
  Found acquire(Vmm vmm, List<KvmFd> missing) throws IOException;

  /**
   * What was found.
   *
   * @param objects each of them one of the missing
   * @param limits what these statistics lack, for people
   */
  record Found(List<StatsObject> objects, Optional<String> limits) {}
}
