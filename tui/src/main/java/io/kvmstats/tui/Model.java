package io.kvmstats.tui;

import io.kvmstats.core.model.Descriptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All that the screen knows of the host: what the last sweep found, what it was before, and what
 * has just gone.
 *
 * <p>Of one thread, the one that draws.
 */
final class Model {
  /** How long what has gone or was reset is still shown. */
  private static final long MOMENT_NANOS = Duration.ofSeconds(5).toNanos();

  /** Sources that are polled lag behind, and brokers read when they do. */
  private static final long YOUNG_NANOS = Duration.ofSeconds(2).toNanos();

  private Snapshot latest = Snapshot.NOTHING;
  private long gapNanos;
  private final Map<String, Track> tracks = new HashMap<>();
  private final Map<String, Long> resets = new HashMap<>();
  private final Map<String, Gone> gone = new LinkedHashMap<>();

  private record Gone(ObservedVmm vmm, long sinceNanos) {}

  /** Takes what a sweep found. */
  void take(Snapshot snapshot) {
    if (snapshot.nanos() == latest.nanos()) {
      latest = snapshot; // Nothing was read, and there is a reason for it.
      return;
    }
    Set<String> now = new HashSet<>();
    snapshot.vmms().forEach(vmm -> now.add(vmm.id()));
    for (ObservedVmm vmm : latest.vmms()) {
      if (!now.contains(vmm.id())) {
        gone.put(vmm.id(), new Gone(vmm, snapshot.nanos()));
      }
    }
    gone.keySet().removeAll(now);
    forget(snapshot.nanos());
    gapNanos = snapshot.nanos() - latest.nanos();
    latest = snapshot;
    tracks.values().forEach(Track::advance);
    Set<String> rows = new HashSet<>();
    for (ObservedVmm vmm : snapshot.vmms()) {
      rows.add(vmm.id());
      Track whole = track(vmm.id());
      for (Metric metric : Metric.values()) {
        whole.put(metric, vmm.amount(metric).value());
      }
      for (Observed object : vmm.objects()) {
        rows.add(vmm.id(object));
        if (follow(track(vmm.id(object)), object)) {
          resets.put(vmm.id(), snapshot.nanos());
          resets.put(vmm.id(object), snapshot.nanos());
        }
      }
    }
    rows.addAll(gone.keySet());
    tracks.keySet().retainAll(rows);
  }

  private Track track(String row) {
    return tracks.computeIfAbsent(
        row,
        id -> {
          Track track = new Track();
          track.advance();
          return track;
        });
  }

  /** {@return whether anything was set back} */
  private static boolean follow(Track track, Observed object) {
    for (Metric metric : Metric.values()) {
      track.put(metric, object.amount(metric).value());
    }
    boolean wasReset = false;
    for (Descriptor stat : object.view().schema().descriptors()) {
      // What has grown was not set back, which would take as long again to find.
      Optional<long[]> growth = stat.type().isHistogram() ? object.deltas(stat) : Optional.empty();
      growth.ifPresent(buckets -> track.putGrowth(stat.name(), buckets));
      wasReset |= growth.isEmpty() && object.wasReset(stat);
    }
    return wasReset;
  }

  private void forget(long now) {
    gone.values().removeIf(vmm -> now - vmm.sinceNanos > MOMENT_NANOS);
    for (Iterator<Long> when = resets.values().iterator(); when.hasNext(); ) {
      if (now - when.next() > MOMENT_NANOS) {
        when.remove();
      }
    }
  }

  /** {@return what the last sweep found} */
  Snapshot latest() {
    return latest;
  }

  /** {@return the VMMs, and behind them those that have just gone} */
  List<ObservedVmm> vmms() {
    List<ObservedVmm> all = new ArrayList<>(latest.vmms());
    gone.values().forEach(vmm -> all.add(vmm.vmm));
    return all;
  }

  Optional<ObservedVmm> vmm(String id) {
    return vmms().stream().filter(vmm -> vmm.id().equals(id)).findFirst();
  }

  boolean isGone(String vmm) {
    return gone.containsKey(vmm);
  }

  /** {@return whether a VM's or vCPU's statistics were set back a moment ago} */
  boolean wasReset(String row) {
    return resets.containsKey(row);
  }

  /** {@return how old a VMM's numbers are, when that is older than they should be} */
  Optional<String> age(ObservedVmm vmm) {
    long age = latest.nanos() - vmm.readNanos(latest.nanos());
    return age > Math.max(YOUNG_NANOS, 2 * gapNanos)
        ? Optional.of(Duration.ofNanos(age).toSeconds() + " s")
        : Optional.empty();
  }

  /** {@return what a row showed before} */
  Optional<Track> before(String row) {
    return Optional.ofNullable(tracks.get(row));
  }
}
