package io.kvmstats.tui;

import io.kvmstats.acquire.Source;
import io.kvmstats.core.text.Text;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** What can be shown of a VM, a column each. */
enum Field {
  NAME("VM", 10, 32, 0, "its name, or its process"),
  PID("PID", 7, 0, 5, "its VMM's process"),
  UUID("UUID", 36, 36, 12, "its UUID"),
  VMM("VMM", 6, 20, 9, "its VMM's program"),
  VCPUS("VCPU", 4, 0, 6, "how many vCPUs it has"),
  CPU(Metric.CPU, "CPU %", 1, "CPU time of the host that its vCPUs got; 100 is one CPU"),
  STEAL(
      Metric.STEAL, "STEAL %", 2, "share of time in which a vCPU could run, and waited for a CPU"),
  EXITS(Metric.EXITS, "EXITS/S", 3, "how often its vCPUs left the guest"),
  HALTS(Metric.HALTS, "HALTS/S", 5, "how often its vCPUs halted, having nothing to do"),
  POLL(Metric.POLL, "POLL OK %", 8, "share of the polls in halts that ended with a wake-up"),
  HALTED(Metric.HALTED, "HALTED %", 7, "share of time that its vCPUs slept in halts"),
  MMU(Metric.MMU, "MMU/S", 10, "page faults that KVM took, and changes of page tables"),
  SOURCE("SOURCE", 6, 18, 3, "how it is read; or what has happened to it");

  /** What is shown to who has chosen nothing. */
  static final Set<Field> DEFAULT = EnumSet.complementOf(EnumSet.of(PID, UUID));

  private static final double STEAL_WARNING = 0.05;
  private static final double STEAL_BAD = 0.2;

  private static final int NUMBER_WIDTH = 5;

  private final String title;
  private final int least;

  /** How wide a text may be; 0 of a number. */
  private final int most;

  private final int rank;
  private final String meaning;
  private final Optional<Metric> metric;

  Field(String title, int least, int most, int rank, String meaning) {
    this.title = title;
    this.least = least;
    this.most = most;
    this.rank = rank;
    this.meaning = meaning;
    this.metric = Optional.empty();
  }

  Field(Metric metric, String title, int rank, String meaning) {
    this.title = title;
    this.least = NUMBER_WIDTH;
    this.most = 0;
    this.rank = rank;
    this.meaning = meaning;
    this.metric = Optional.of(metric);
  }

  Column column() {
    return most > 0 ? Column.text(title, least, most, rank) : Column.number(title, least, rank);
  }

  String title() {
    return title;
  }

  String meaning() {
    return meaning;
  }

  /** {@return what it shows over time, if it does} */
  Optional<Metric> metric() {
    return metric;
  }

  /** {@return a number of this column, in the style that its size deserves} */
  Cell number(double value) {
    Cell cell = metric.filter(Metric::isShare).isPresent() ? Cell.share(value) : Cell.count(value);
    if (this != STEAL || !(value >= STEAL_WARNING)) {
      return cell;
    }
    return cell.with(value >= STEAL_BAD ? Style.BAD : Style.WARNING);
  }

  /** {@return what stands in this column of a VM's row} */
  Cell of(ObservedVmm vmm, Model model) {
    return switch (this) {
      case NAME -> Cell.text(vmm.name());
      case PID -> new Cell(Integer.toString(vmm.view().pid()), vmm.view().pid(), Style.PLAIN);
      case UUID ->
          vmm.view()
              .identity()
              .uuid()
              .map(uuid -> Cell.text(uuid.value().toString()))
              .orElse(Cell.UNKNOWN);
      case VMM -> Cell.text(Text.printable(vmm.view().program()));
      case VCPUS -> Cell.count(vmm.view().vcpus().size());
      case SOURCE -> mark(vmm.id(), vmm, model).orElse(source(vmm));
      default -> number(vmm.amount(metric.orElseThrow()).value());
    };
  }

  /** {@return what stands in this column of an object's row, below its VM's} */
  Cell of(ObservedVmm vmm, Observed object, Model model) {
    return switch (this) {
      case NAME -> Cell.text("  " + vmm.name(object));
      case SOURCE -> mark(vmm.id(object), vmm, model).orElse(Cell.EMPTY);
      case PID, UUID, VMM, VCPUS -> Cell.EMPTY;
      default -> {
        Amount amount = object.amount(metric.orElseThrow());
        yield amount.equals(Amount.NONE) ? Cell.EMPTY : number(amount.value());
      }
    };
  }

  private static Cell source(ObservedVmm vmm) {
    return vmm.view().source().map(Source::label).map(Cell::text).orElse(Cell.UNKNOWN);
  }

  /** {@return what has happened to a VM or one of its objects, if anything has} */
  static Optional<Cell> mark(String id, ObservedVmm vmm, Model model) {
    if (model.isGone(vmm.id())) {
      return Optional.of(new Cell("ended", Double.NaN, Style.BAD));
    }
    if (model.wasReset(id)) {
      return Optional.of(new Cell("reset", Double.NaN, Style.NOTE));
    }
    return model.age(vmm).map(age -> new Cell(age + " old", Double.NaN, Style.WARNING));
  }
}
