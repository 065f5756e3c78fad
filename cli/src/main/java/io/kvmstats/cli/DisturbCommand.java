package io.kvmstats.cli;

import io.kvmstats.core.text.Text;
import io.kvmstats.guest.GapMeter;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.linux.Kvm;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kvmstats disturb}. */
@Command(
    name = "disturb",
    description = {
      "Shows whether a guest notices that it is read: starts one of its own that looks at its clock"
          + " without end, and keeps account of when it did not run.",
      "In turn it is left alone; left alone while another VM is read 1,000 times a second; read 1,000"
          + " times a second by descriptors that its VMM keeps open; and attached to 10 times a second.",
      "A second guest, of a QEMU where one is installed, is left alone and asked for over QMP, up to"
          + " 1,000 times a second."
    },
    mixinStandardHelpOptions = true)
final class DisturbCommand implements Callable<Integer> {
  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "10",
      converter = Interval.class,
      description = "How long each way of reading is measured; ${DEFAULT-VALUE} by default.")
  private Duration seconds = Duration.ZERO;

  @Mixin private FormatOption format = new FormatOption();

  @Override
  public Integer call() throws IOException {
    String obstacle = GuestObstacle.find();
    if (obstacle != null) {
      throw new IOException(obstacle);
    }
    List<GuestResult> guests = new ArrayList<>();
    try (Kvm kvm = Kvm.open()) {
      guests.add(ownGuest(kvm));
      qemuGuest(kvm).ifPresent(guests::add);
    }
    new Output()
        .print(
            switch (format.get()) {
              case TABLE -> DisturbPrinter.table(guests);
              case JSON -> DisturbPrinter.json(guests);
              case CSV -> DisturbPrinter.csv(guests);
            });
    return Exit.DONE;
  }

  private GuestResult ownGuest(Kvm kvm) throws IOException {
    try (GapMeter meter = GapMeter.create(kvm);
        GuestProcess vmm = GuestProcess.start("disturb", meter).awaitRunning();
        OtherVmPhase other = OtherVmPhase.start(kvm);
        SweepPhase sweep = SweepPhase.start(vmm.pid());
        AttachPhase attach = AttachPhase.start(vmm.pid())) {
      List<Phase> phases = new ArrayList<>(List.of(new NotReadPhase(), other, sweep));
      OptionalLong first = firstAttach(attach, meter);
      if (first.isPresent()) {
        phases.add(attach);
      }
      announce(phases.size());
      return GuestResult.measure("kvmstats", meter, phases, first, seconds);
    }
  }

  /** What goes wrong with somebody else's VMM leaves what our own guest said. */
  private Optional<GuestResult> qemuGuest(Kvm kvm) {
    if (!QemuGuest.isInstalled()) {
      Messages.say("qmp is left out: qemu-system-x86_64 is not installed");
      return Optional.empty();
    }
    try (QemuGuest qemu = QemuGuest.start(kvm);
        OtherVmPhase other = OtherVmPhase.start(kvm);
        QmpPhase qmp = QmpPhase.start(qemu.pid())) {
      List<Phase> phases = List.of(new NotReadPhase(), other, qmp);
      announce(phases.size());
      String vmm = "QEMU " + qmp.version();
      return Optional.of(
          GuestResult.measure(vmm, qemu.meter(), phases, OptionalLong.empty(), seconds));
    } catch (IOException e) {
      Messages.say("qmp is left out: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** The first time in a process, code runs that has not been loaded yet, while a thread stands. */
  private static OptionalLong firstAttach(AttachPhase attach, GapMeter meter) throws IOException {
    boolean attached = false;
    meter.begin();
    try {
      attach.read();
      attached = true;
    } catch (IOException e) {
      Messages.say("attach is left out: " + e.getMessage());
    }
    long longest = meter.end().longestNanos();
    return attached ? OptionalLong.of(longest) : OptionalLong.empty();
  }

  private void announce(int phases) {
    Messages.say(
        "measures for "
            + Text.seconds(seconds.multipliedBy(phases).toNanos() / 1e9)
            + ", in "
            + GuestResult.ROUNDS
            + " rounds");
  }
}
