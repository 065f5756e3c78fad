package io.kvmstats.collect;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import java.io.IOException;

/** What a collector looks at: this host, or one that a test makes up. */
interface Surroundings {

  /** {@return the VMMs there are} As {@link Host#scan}. */
  Host.Scan scan() throws IOException;

  /** {@return what of a VMM can be read} As {@link Acquirer#acquire}. */
  AcquiredVmm acquire(Vmm vmm);

  /** {@return monotonic time in ns} As {@link System#nanoTime}. */
  long nanoTime();

  /**
   * {@return this host}
   *
   * @param attach as {@link Acquirer#Acquirer(boolean)} has it
   */
  static Surroundings thisHost(boolean attach) {
    Host host = new Host();
    Acquirer acquirer = new Acquirer(attach);
    return new Surroundings() {
      @Override
      public Host.Scan scan() throws IOException {
        return host.scan();
      }

      @Override
      public AcquiredVmm acquire(Vmm vmm) {
        return acquirer.acquire(vmm);
      }

      @Override
      public long nanoTime() {
        return System.nanoTime();
      }
    };
  }
}
