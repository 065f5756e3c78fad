package io.kvmstats.tui;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unsigned;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A number per VM and vCPU that the screen shows over time, from the statistics of whatever
 * architecture has them. Names are those of the kernel's lists (Linux 6.12).
 */
enum Metric {
  /** CPU time of the host's that its vCPUs got: 1 is one CPU. */
  CPU(true),
  /** The share of time in which a vCPU could have run, and waited for a CPU of the host's. */
  STEAL(true),
  /** How often its vCPUs left the guest. */
  EXITS(false),
  /** How often its vCPUs had nothing to do and said so. */
  HALTS(false),
  /** The share of polls in halts that ended with a wake-up. */
  POLL(true),
  /** The share of time that its vCPUs slept in halts. */
  HALTED(true),
  /** Page faults of its vCPUs that KVM took, and what it did to the VM's page tables. */
  MMU(false);

  private static final String POLLS = "halt_attempted_poll";
  private static final String POLLS_THAT_ENDED_WELL = "halt_successful_poll";

  private final boolean isShare;

  Metric(boolean isShare) {
    this.isShare = isShare;
  }

  /** {@return whether it is a share of something, for percent} */
  boolean isShare() {
    return isShare;
  }

  /** {@return whether a statistic of that name is part of this} */
  boolean uses(String stat) {
    return switch (this) {
      case CPU -> stat.equals("schedstat.run_ns");
      case STEAL -> stat.equals("schedstat.wait_ns");
      case EXITS -> stat.equals("exits") || stat.equals("sum_exits");
      case HALTS -> isHalt(stat);
      case POLL -> stat.equals(POLLS) || stat.equals(POLLS_THAT_ENDED_WELL);
      case HALTED -> stat.equals("halt_wait_ns");
      case MMU -> stat.equals("pf_taken") || stat.startsWith("mmu_");
    };
  }

  /** Each architecture has its own word. */
  private static boolean isHalt(String stat) {
    return switch (stat) {
      case "halt_exits", "wfi_exit_stat", "wait_exits", "idle_exits", "exit_wait_state" -> true;
      default -> false;
    };
  }

  /** {@return an object's part of this} */
  Amount of(Observed object) {
    return this == POLL ? ratio(object) : rate(object);
  }

  private Amount rate(Observed object) {
    double sum = 0;
    boolean any = false;
    for (Descriptor stat : object.view().schema().descriptors()) {
      if (stat.type() == StatType.CUMULATIVE && uses(stat.name())) {
        OptionalDouble rate = object.perSecond(stat);
        if (rate.isEmpty()) {
          return Amount.UNKNOWN;
        }
        sum += rate.getAsDouble();
        any = true;
      }
    }
    return any ? Amount.of(sum, 1) : Amount.NONE;
  }

  private Amount ratio(Observed object) {
    Optional<Descriptor> polls = object.view().schema().find(POLLS);
    Optional<Descriptor> well = object.view().schema().find(POLLS_THAT_ENDED_WELL);
    if (polls.isEmpty() || well.isEmpty()) {
      return Amount.NONE;
    }
    Optional<long[]> whole = object.deltas(polls.get());
    Optional<long[]> part = object.deltas(well.get());
    return part.isPresent() && whole.isPresent()
        ? Amount.of(Unsigned.toDouble(part.get()[0]), Unsigned.toDouble(whole.get()[0]))
        : Amount.UNKNOWN;
  }

  /** {@return this over all objects of a VMM; unknown where one of them is} */
  Amount of(ObservedVmm vmm) {
    Amount all = Amount.NONE;
    boolean fromVcpus = false;
    boolean fromVms = false;
    for (Observed object : vmm.objects()) {
      Amount part = of(object);
      all = all.plus(part);
      fromVcpus |= !part.equals(Amount.NONE) && object.view().isVcpu();
      fromVms |= !part.equals(Amount.NONE) && !object.view().isVcpu();
    }
    boolean lacks = (fromVcpus && !vmm.isComplete(true)) || (fromVms && !vmm.isComplete(false));
    return summed(lacks || vmm.objects().isEmpty() ? all.lacking() : all);
  }

  /**
   * {@return the same amount as what it means for several objects together}
   *
   * <p>A share of one vCPU's time is the mean over several; rates, and CPU time, add up.
   */
  Amount summed(Amount all) {
    boolean adds = !isShare || this == CPU;
    return adds && all.known() > 0 ? new Amount(all.sum(), 1, all.known(), all.unknown()) : all;
  }
}
