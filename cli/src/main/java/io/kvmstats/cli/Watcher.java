package io.kvmstats.cli;

import io.kvmstats.collect.CollectedVmm;
import io.kvmstats.collect.Collector;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Sweeps at an interval and prints each sweep: what {@code watch} and {@code demo} do. */
final class Watcher {
  private final Selection selection;
  private final Format format;
  private final Duration interval;
  private final long count;
  private final Duration limit;

  /**
   * Makes a watcher.
   *
   * @param count how many times to print at most
   * @param limit how long to run at most
   */
  Watcher(Selection selection, Format format, Duration interval, long count, Duration limit) {
    this.selection = selection;
    this.format = format;
    this.interval = interval;
    this.count = count;
    this.limit = limit;
  }

  /**
   * Runs until enough was printed or the VMs asked for are gone.
   *
   * @return the exit code
   */
  int run() throws IOException {
    Output output = new Output();
    RatePrinter printer = new RatePrinter(format, selection);
    try (Collector collector = selection.collector()) {
      collector.refresh();
      selection.troubles(collector).forEach(Messages::say);
      if (nothingToRead(collector)) {
        return Exit.NOTHING_TO_READ;
      }
      Optional<String> nothingToShow = printer.nothingToShow(collector.vmms());
      if (nothingToShow.isPresent()) {
        Messages.say(nothingToShow.get());
        return Exit.NOTHING_TO_READ;
      }
      Map<Vmm.Key, String> known = names(collector);
      collector.sweep();
      long start = System.nanoTime();
      long next = 0;
      for (long printed = 0; printed < count && next < limit.toNanos(); printed++) {
        next = Math.min(tickAfter(next, System.nanoTime() - start, interval), limit.toNanos());
        sleepUntil(start + next);
        collector.refresh();
        collector.sweep();
        Map<Vmm.Key, String> now = names(collector);
        sayWhatChanged(known, now);
        known = now;
        if (nothingToRead(collector)) {
          return Exit.DONE;
        }
        output.print(printer.print(collector.vmms(), Instant.now()));
      }
      return Exit.DONE;
    }
  }

  private static boolean nothingToRead(Collector collector) {
    return collector.vmms().stream().allMatch(vmm -> vmm.objects().isEmpty());
  }

  private static Map<Vmm.Key, String> names(Collector collector) {
    Map<Vmm.Key, String> names = new LinkedHashMap<>();
    for (CollectedVmm collected : collector.vmms()) {
      Vmm vmm = collected.acquired().vmm();
      names.put(vmm.key(), Labels.vm(vmm));
    }
    return names;
  }

  private static void sayWhatChanged(Map<Vmm.Key, String> before, Map<Vmm.Key, String> now) {
    before.forEach((key, name) -> {
      if (!now.containsKey(key)) {
        Messages.say(name + " has ended");
      }
    });
    now.forEach((key, name) -> {
      if (!before.containsKey(key)) {
        Messages.say(name + " has started");
      }
    });
  }

  /**
   * {@return when to print next: an interval after the last time, or as many as it takes to be in
   * the future, since rates over what is left of a missed one say little}
   */
  static long tickAfter(long last, long now, Duration interval) {
    long length = interval.toNanos();
    return last + length * (1 + Math.max(0, now - last) / length);
  }

  private static void sleepUntil(long nanoTime) {
    for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
