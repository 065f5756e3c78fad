package io.kvmstats.tui;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unsigned;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
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

  /** {@return what a statistic of that name is part of; each is of one metric at most} */
  static Optional<Metric> with(String stat) {
    return switch (stat) {
      case "schedstat.run_ns" -> Optional.of(CPU);
      case "schedstat.wait_ns" -> Optional.of(STEAL);
      case "exits", "sum_exits" -> Optional.of(EXITS);
      // Each architecture has its own word.
      case "halt_exits", "wfi_exit_stat", "wait_exits", "idle_exits", "exit_wait_state" ->
          Optional.of(HALTS);
      case "halt_wait_ns" -> Optional.of(HALTED);
      case "pf_taken" -> Optional.of(MMU);
      default -> stat.startsWith("mmu_") ? Optional.of(MMU) : Optional.empty();
    };
  }

  /** {@return an object's parts of all metrics that it has any of} */
  static Map<Metric, Amount> ofAll(ObjectView object, Optional<Reading> reading) {
    Map<Metric, Amount> amounts = new EnumMap<>(Metric.class);
    for (Descriptor stat : object.schema().descriptors()) {
      if (stat.type() == StatType.CUMULATIVE) {
        with(stat.name())
            .ifPresent(metric -> amounts.merge(metric, rate(reading, stat), Metric::sum));
      }
    }
    ratio(object, reading).ifPresent(ratio -> amounts.put(POLL, ratio));
    return amounts;
  }

  private static Amount rate(Optional<Reading> reading, Descriptor stat) {
    OptionalDouble rate = reading.map(r -> r.perSecond(stat)).orElse(OptionalDouble.empty());
    return rate.isPresent() ? Amount.of(rate.getAsDouble(), 1) : Amount.UNKNOWN;
  }

  /** Several statistics of one object are one number of it, unknown when one of them is. */
  private static Amount sum(Amount one, Amount other) {
    return one.unknown() + other.unknown() > 0
        ? Amount.UNKNOWN
        : Amount.of(one.sum() + other.sum(), 1);
  }

  private static Optional<Amount> ratio(ObjectView object, Optional<Reading> reading) {
    Optional<Descriptor> polls = object.schema().find(POLLS);
    Optional<Descriptor> well = object.schema().find(POLLS_THAT_ENDED_WELL);
    if (polls.isEmpty() || well.isEmpty()) {
      return Optional.empty();
    }
    Optional<long[]> whole = reading.flatMap(r -> r.deltas(polls.get()));
    Optional<long[]> part = reading.flatMap(r -> r.deltas(well.get()));
    return Optional.of(
        part.isPresent() && whole.isPresent()
            ? Amount.of(Unsigned.toDouble(part.get()[0]), Unsigned.toDouble(whole.get()[0]))
            : Amount.UNKNOWN);
  }

  /** {@return this over all objects of a VMM; unknown where one of them is} */
  Amount over(VmmView vmm, List<Observed> objects) {
    Amount all = Amount.NONE;
    int vms = 0;
    int vcpus = 0;
    boolean fromVms = false;
    boolean fromVcpus = false;
    for (Observed object : objects) {
      Amount part = object.amount(this);
      boolean isPart = !part.equals(Amount.NONE);
      all = all.plus(part);
      if (object.view().isVcpu()) {
        vcpus++;
        fromVcpus |= isPart;
      } else {
        vms++;
        fromVms |= isPart;
      }
    }
    boolean lacks =
        objects.isEmpty()
            || (fromVcpus && vcpus != vmm.vcpus().size())
            || (fromVms && vms != vmm.vms());
    return summed(lacks ? all.plus(Amount.UNKNOWN) : all);
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
