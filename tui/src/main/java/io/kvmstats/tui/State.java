package io.kvmstats.tui;

import io.kvmstats.core.model.Descriptor;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What the user wants to see. {@link Keys} changes it, {@link Screens} reads it; of one thread. */
final class State {
  /** What the screen can show. */
  enum Place {
    /** The host's VMs. */
    VMS,
    /** All statistics, summed over VMs: kvm_stat's screen. */
    EVENTS,
    /** The objects of one VMM. */
    VCPUS,
    /** The statistics of one object. */
    STATS,
    /** One histogram. */
    HISTOGRAM,
    /** Which columns the VMs have. */
    COLUMNS,
    /** What the keys do. */
    HELP
  }

  /** What the user is asked to type. */
  enum Question {
    FILTER("filter (a regular expression)"),
    INTERVAL("seconds between readings, 0.1 to 25.5"),
    NAME("open the VM named"),
    PID("open the VM of process");

    final String text;

    Question(String text) {
      this.text = text;
    }
  }

  Place place = Place.VMS;

  /** Where Escape leads from the help and the choice of columns. */
  Place before = Place.VMS;

  /** The VMM whose objects are shown, the object whose statistics are, and the histogram. */
  String vmm = "";

  /** What that VMM's VM was called, also when it has gone. */
  String name = "";

  String object = "";
  String histogram = "";

  final Map<Place, String> selected = new EnumMap<>(Place.class);

  /** Where the selected rows were: whoever takes that place is selected when they have gone. */
  final Map<Place, Integer> at = new EnumMap<>(Place.class);

  final Map<Place, Sorting> sortings = new EnumMap<>(Place.class);
  final Map<Place, Pattern> filters = new EnumMap<>(Place.class);
  Set<Field> fields = EnumSet.copyOf(Field.DEFAULT);

  /** Where every row has its children below it: the vCPUs of VMs, the VMs of events. */
  final Set<Place> unfolded = EnumSet.noneOf(Place.class);

  /** The VMMs that have, besides. */
  final Set<String> expanded = new HashSet<>();

  /** Which statistics are shown of an object, and summed up. */
  Predicate<Descriptor> wanted = stat -> true;

  /** The one VMM whose events are shown; none for those of all. */
  String only = "";

  boolean isPaused;
  boolean isOver;
  Duration interval;

  /** What totals are counted from. */
  Optional<Since> since = Optional.empty();

  Optional<Question> question = Optional.empty();
  final StringBuilder answer = new StringBuilder();

  /** How far the help was scrolled. */
  int scroll;

  /** Said until the next key. */
  String message = "";

  State(Duration interval) {
    this.interval = interval;
    sortings.put(Place.VMS, new Sorting(Field.CPU.title(), false));
    sortings.put(Place.EVENTS, new Sorting(EventsTable.RATE, false));
  }

  /** Leaves what is not there any more. */
  void follow(Model model) {
    if (isInside() && model.vmm(vmm).isEmpty()) {
      place = Place.VMS;
      question = Optional.empty(); // It was about what is no longer there.
      message = name + " has ended";
    } else if (isInside()
        && place != Place.VCPUS
        && Screens.object(model.vmm(vmm), this).isEmpty()) {
      place = Place.VCPUS;
      message = "that vCPU has gone";
    }
  }

  /** {@return whether it is one VMM that is shown, or something of it} */
  boolean isInside() {
    return place == Place.VCPUS || place == Place.STATS || place == Place.HISTOGRAM;
  }

  Sorting sorting() {
    return sortings.getOrDefault(place, Sorting.NONE);
  }

  boolean passes(String text) {
    Pattern filter = filters.get(place);
    return filter == null || filter.matcher(text).find();
  }

  /** {@return an object's values as totals: counted from when the user wanted that} */
  Optional<long[]> total(String id, Observed object, Descriptor stat) {
    Optional<long[]> values = object.values(stat);
    return stat.type().isCumulative() && since.isPresent()
        ? values.flatMap(now -> since.get().counted(id, stat, now))
        : values;
  }
}
