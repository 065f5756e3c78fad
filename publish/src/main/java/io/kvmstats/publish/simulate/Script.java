package io.kvmstats.publish.simulate;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * What each vCPU of a made-up VM does and for how long, over and over: the same for the same seed,
 * on every machine. Immutable.
 */
public final class Script {
  private static final int PHASES = 4;
  private static final int SECONDS_MIN = 3;
  private static final int SECONDS_MAX = 20;

  /** In this many vCPUs, one is unplugged for a while. */
  private static final int PLUGGED = 4;

  private static final List<Habit> USUAL =
      List.of(Habit.IDLE, Habit.BUSY, Habit.EXIT_STORM, Habit.POLLING);

  private final List<List<Phase>> vcpus;

  /** A vCPU's way to be, for a while. */
  private record Phase(Habit habit, int seconds) {}

  private Script(List<List<Phase>> vcpus) {
    this.vcpus = List.copyOf(vcpus);
  }

  /**
   * {@return a VM's script}
   *
   * @param seed of all VMs
   * @param vm which of them
   * @param vcpus how many it has at most; the first is always there
   */
  public static Script of(long seed, int vm, int vcpus) {
    Random random = new Random(seed * 31 + vm);
    List<List<Phase>> all = new ArrayList<>();
    for (int vcpu = 0; vcpu < vcpus; vcpu++) {
      // Each habit's turn comes first on some vCPU, so that two VMs show all of them, and one more
      // is skipped per round, so that not all VMs of four vCPUs start the same way.
      int number = vm * vcpus + vcpu;
      int first = (number + vm * vcpus / USUAL.size()) % USUAL.size();
      boolean comesAndGoes = vcpu > 0 && random.nextInt(PLUGGED) == 0;
      List<Phase> phases = new ArrayList<>();
      for (int i = 0; i < PHASES; i++) {
        Habit habit = i == 0 ? USUAL.get(first) : USUAL.get(random.nextInt(USUAL.size()));
        int seconds = SECONDS_MIN + random.nextInt(SECONDS_MAX - SECONDS_MIN + 1);
        phases.add(new Phase(comesAndGoes && i == PHASES - 1 ? Habit.GONE : habit, seconds));
      }
      all.add(List.copyOf(phases));
    }
    return new Script(all);
  }

  /** {@return how many vCPUs there are at most} */
  int vcpus() {
    return vcpus.size();
  }

  /**
   * {@return what a vCPU does in some second}
   *
   * @param second from the start
   */
  Habit at(int vcpu, long second) {
    List<Phase> phases = vcpus.get(vcpu);
    long left = second % phases.stream().mapToInt(Phase::seconds).sum();
    int i = 0;
    while (left >= phases.get(i).seconds) {
      left -= phases.get(i).seconds;
      i++;
    }
    return phases.get(i).habit;
  }

  /**
   * {@return what a vCPU does, for people}
   *
   * @param vcpu its number
   */
  public String sentence(int vcpu) {
    return vcpus.get(vcpu).stream()
        .map(phase -> phase.habit.label() + " " + phase.seconds + " s")
        .collect(Collectors.joining(", "));
  }
}
