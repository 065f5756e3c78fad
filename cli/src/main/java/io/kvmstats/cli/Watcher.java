package io.kvmstats.cli;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.VmmView;
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
  private final SweepPrinter printer;
  private final Duration interval;
  private final long count;
  private final Duration limit;

  /**
   * Makes a watcher.
   *
   * @param count how many times to print at most
   * @param limit how long to run at most
   */
  Watcher(
      Selection selection, SweepPrinter printer, Duration interval, long count, Duration limit) {
    this.selection = selection;
    this.printer = printer;
    this.interval = interval;
    this.count = count;
    this.limit = limit;
  }

  /**
   * Runs until enough was printed or the VMs asked for are gone.
   *
   * @param destination where it prints to
   * @return the exit code
   */
  int run(Destination destination) throws IOException {
    try (HostView host = selection.host(Optional.of(interval))) {
      host.refresh();
      selection.troubles(host).forEach(Messages::say);
      if (nothingToRead(host)) {
        return Exit.NOTHING_TO_READ;
      }
      Optional<String> nothingToShow = printer.nothingToShow(host.vmms());
      if (nothingToShow.isPresent()) {
        Messages.say(nothingToShow.get());
        return Exit.NOTHING_TO_READ;
      }
      Map<Vmm.Key, String> known = names(host);
      host.sweep(interval.dividedBy(2));
      long start = System.nanoTime();
      long next = 0;
      for (long printed = 0; printed < count && next < limit.toNanos(); printed++) {
        next = Math.min(tickAfter(next, System.nanoTime() - start, interval), limit.toNanos());
        sleepUntil(start + next);
        host.refresh();
        host.sweep(interval.dividedBy(2));
        Map<Vmm.Key, String> now = names(host);
        sayWhatChanged(known, now);
        known = now;
        if (nothingToRead(host)) {
          return Exit.DONE;
        }
        destination.prepare(printer);
        destination.print(printer.print(host.vmms(), Instant.now()));
      }
      return Exit.DONE;
    }
  }

  private static boolean nothingToRead(HostView host) {
    return host.vmms().stream().allMatch(vmm -> vmm.objects().isEmpty());
  }

  private static Map<Vmm.Key, String> names(HostView host) {
    Map<Vmm.Key, String> names = new LinkedHashMap<>();
    for (VmmView vmm : host.vmms()) {
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

  static void sleepUntil(long nanoTime) {
    for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
