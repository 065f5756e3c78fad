package io.kvmstats.collect;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.Handed;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.discover.VmmProcess;
import java.io.IOException;

/** What a collector looks at: this host, or one that a test makes up. */
interface Surroundings {

  /** {@return the VMMs there are} As {@link Host#scan}. */
  Host.Scan scan() throws IOException;

  /** {@return what of a VMM can be read} As {@link Acquirer#acquire}. */
  AcquiredVmm acquire(Vmm vmm);

  /** {@return what of a VMM can be read now} As {@link Acquirer#retry}. */
  AcquiredVmm retry(AcquiredVmm before);

  /** {@return the effective user of a VMM} */
  int user(Vmm vmm) throws IOException;

  /** {@return monotonic time in ns} As {@link System#nanoTime}. */
  long nanoTime();

  /**
   * {@return this host}
   *
   * @param host looks at it
   * @param acquirer of all that is acquired
   * @param handed what processes hand in
   */
  static Surroundings thisHost(Host host, Acquirer acquirer, Handed handed) {
    return new Surroundings() {
      @Override
      public Host.Scan scan() throws IOException {
        return handed.merge(host.scan(), host::process);
      }

      @Override
      public AcquiredVmm acquire(Vmm vmm) {
        return acquirer.acquire(vmm);
      }

      @Override
      public AcquiredVmm retry(AcquiredVmm before) {
        return acquirer.retry(before);
      }

      @Override
      public int user(Vmm vmm) throws IOException {
        return new VmmProcess(vmm.pid()).user();
      }

      @Override
      public long nanoTime() {
        return System.nanoTime();
      }
    };
  }
}
