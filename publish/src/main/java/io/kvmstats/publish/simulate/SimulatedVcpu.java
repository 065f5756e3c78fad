package io.kvmstats.publish.simulate;

import io.kvmstats.publish.BooleanStat;
import io.kvmstats.publish.CumulativeStat;
import io.kvmstats.publish.LogHistogram;
import io.kvmstats.publish.PublishedVcpu;
import java.util.Random;

/**
 * A made-up vCPU, whose statistics agree with each other as KVM's do.
 *
 * <p>Each halt is an exit. One that is polled for succeeds, or fails and is slept through: the
 * attempts are the successes and the failures, a time grows by what its histogram counts, and all
 * times together are no longer than the time that passed (kvm_vcpu_halt, {@code
 * virt/kvm/kvm_main.c}, Linux 6.12).
 */
final class SimulatedVcpu implements AutoCloseable {
  /** KVM polls no longer than this by default: halt_poll_ns on x86. */
  private static final long POLL_NANOS = 200_000;

  private static final double NANOS_PER_SECOND = 1e9;

  private final PublishedVcpu published;
  private final Random random;

  private final CumulativeStat exits;
  private final CumulativeStat haltExits;
  private final CumulativeStat ioExits;
  private final CumulativeStat mmioExits;
  private final CumulativeStat irqExits;
  private final CumulativeStat pfTaken;
  private final CumulativeStat pfFixed;
  private final CumulativeStat pfEmulate;
  private final CumulativeStat emulations;
  private final CumulativeStat injections;
  private final CumulativeStat requests;
  private final CumulativeStat reloads;
  private final CumulativeStat attempts;
  private final CumulativeStat successes;
  private final CumulativeStat wakeups;
  private final CumulativeStat successNanos;
  private final CumulativeStat failNanos;
  private final CumulativeStat waitNanos;
  private final LogHistogram successHist;
  private final LogHistogram failHist;
  private final LogHistogram waitHist;
  private final BooleanStat blocking;

  SimulatedVcpu(PublishedVcpu published, Random random) {
    this.published = published;
    this.random = random;
    exits = published.cumulative("exits");
    haltExits = published.cumulative("halt_exits");
    ioExits = published.cumulative("io_exits");
    mmioExits = published.cumulative("mmio_exits");
    irqExits = published.cumulative("irq_exits");
    pfTaken = published.cumulative("pf_taken");
    pfFixed = published.cumulative("pf_fixed");
    pfEmulate = published.cumulative("pf_emulate");
    emulations = published.cumulative("insn_emulation");
    injections = published.cumulative("irq_injections");
    requests = published.cumulative("req_event");
    reloads = published.cumulative("host_state_reload");
    attempts = published.cumulative("halt_attempted_poll");
    successes = published.cumulative("halt_successful_poll");
    wakeups = published.cumulative("halt_wakeup");
    successNanos = published.cumulative("halt_poll_success_ns");
    failNanos = published.cumulative("halt_poll_fail_ns");
    waitNanos = published.cumulative("halt_wait_ns");
    successHist = published.logHistogram("halt_poll_success_hist");
    failHist = published.logHistogram("halt_poll_fail_hist");
    waitHist = published.logHistogram("halt_wait_hist");
    blocking = published.bool("blocking");
  }

  /**
   * Lives on for a while.
   *
   * @param habit any but {@link Habit#GONE}
   * @param nanos how long
   * @return how many page faults it had
   */
  long live(Habit habit, long nanos) {
    long faults = 0;
    long left = nanos;
    boolean halted = false;
    while (left > 0) {
      long run = Math.min(left, about(habit.runNanos));
      faults += run(habit, run);
      left -= run;
      halted = left > 0;
      if (halted) {
        // A halt that would go on is cut: it is over with the step, so that its time is known.
        long halt = Math.min(left, about(habit.haltNanos));
        halt(halt);
        left -= halt;
      }
    }
    blocking.set(halted);
    return faults;
  }

  /** Exponential, and never 0: most are short, some are long. */
  private long about(long mean) {
    return 1 + (long) (-mean * Math.log(1 - random.nextDouble()));
  }

  private long run(Habit habit, long nanos) {
    long io = count(habit.ioExits, nanos);
    long mmio = count(habit.mmioExits, nanos);
    long irq = count(habit.irqExits, nanos);
    long faults = count(habit.pageFaults, nanos);
    ioExits.add(io);
    // An access to a device without memory is a page fault that KVM emulates.
    mmioExits.add(mmio);
    pfEmulate.add(mmio);
    pfFixed.add(faults);
    pfTaken.add(faults + mmio);
    irqExits.add(irq);
    emulations.add(io / 4 + mmio); // A string of bytes is emulated, a single one is not.
    injections.add(irq / 2);
    requests.add(irq / 2);
    reloads.add(io + mmio); // The VMM has to look at them.
    exits.add(io + mmio + irq + faults);
    return faults;
  }

  /** A whole number whose mean is right. */
  private long count(double perSecond, long nanos) {
    return (long) (perSecond * nanos / NANOS_PER_SECOND + random.nextDouble());
  }

  private void halt(long nanos) {
    exits.increment();
    haltExits.increment();
    injections.increment(); // What wakes it is an interrupt.
    requests.increment();
    if (nanos < POLL_NANOS) {
      attempts.increment();
      successes.increment();
      successNanos.add(nanos);
      successHist.record(nanos);
      return;
    }
    long slept = nanos;
    // KVM polls less after every failure; now and then it tries anew.
    if (random.nextInt(8) == 0) {
      attempts.increment();
      failNanos.add(POLL_NANOS);
      failHist.record(POLL_NANOS);
      slept -= POLL_NANOS;
    }
    waitNanos.add(slept);
    waitHist.record(slept);
    wakeups.increment();
    reloads.increment();
  }

  @Override
  public void close() {
    published.close();
  }
}
