package io.kvmstats.cli;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.StatsBytes;
import io.kvmstats.acquire.ThreadTimes;
import io.kvmstats.collect.Collector;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFileRules;
import io.kvmstats.core.statsfd.StatsFileRules.Violation;
import io.kvmstats.core.text.Text;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kvmstats verify}. */
@Command(
    name = "verify",
    description = {
      "Checks a stats file against the rules of the format, for those who write one.",
      "A file's values stand still; of a process's VMs, the kernel's or published by it, they are"
          + " also watched as they move.",
      "Exit code 1 when a rule is broken."
    },
    mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
  /** A stats file has a few KiB; the format's reader goes to 16 MiB. */
  private static final int FILE_BYTES_MAX = 16 << 20;

  private static final int SWEEPS = 20;
  private static final long SWEEP_MILLIS = 50;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-p", "--pid"},
      paramLabel = "PID",
      converter = Selection.Pid.class,
      description = "The VMs of this process, instead of a file.")
  private @Nullable Integer pid;

  @Mixin private AttachOption attach = new AttachOption();

  @Option(names = "--big-endian", description = "The file is from a big-endian host, such as s390.")
  private boolean bigEndian;

  @Parameters(arity = "0..1", paramLabel = "FILE", description = "The bytes of a stats fd.")
  private @Nullable Path file;

  @Override
  public Integer call() throws IOException {
    if ((file == null) == (pid == null)) {
      throw new ParameterException(
          spec.commandLine(), "either FILE or --pid: what is to be checked?");
    }
    if (bigEndian && pid != null) {
      throw new ParameterException(
          spec.commandLine(), "--big-endian is for a FILE: a process has its host's byte order");
    }
    return file != null ? verifyFile(file) : verifyProcess();
  }

  private int verifyFile(Path path) throws IOException {
    // Opening a FIFO would wait for somebody to write to it.
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException(
          path + " is no regular file: give one, a memfd as /proc/PID/fd/N, or --pid");
    }
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes(FILE_BYTES_MAX);
    }
    ByteOrder order = bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    ByteSource source = ByteSource.of(MemorySegment.ofArray(bytes));
    return report(path.toString(), StatsFileRules.check(source, order)) ? Exit.DONE : Exit.FAILED;
  }

  private int verifyProcess() throws IOException {
    Selection selection = new Selection();
    selection.pids.add(Objects.requireNonNull(pid));
    Acquirer acquirer = new Acquirer(attach.get(), List.of());
    try (Collector collector =
        new Collector(vmm -> selection.wants(vmm.pid(), vmm.identity()), acquirer)) {
      collector.refresh();
      selection.troubles(collector).forEach(Messages::say);
      boolean kept = true;
      boolean any = false;
      List<List<Violation>> moves = watch(collector);
      int object = 0;
      for (int i = 0; i < collector.vmms().size(); i++) {
        VmmView vmm = collector.vmms().get(i);
        AcquiredVmm acquired = collector.acquired().get(i);
        Optional<String> refused = vmm.shortfall().filter(why -> vmm.isPublished());
        if (refused.isPresent()) {
          Violation violation = new Violation("a reader accepts it", "published", refused.get());
          kept &= report(Labels.vm(vmm), List.of(violation));
          any = true;
        }
        for (int k = 0; k < vmm.objects().size(); k++) {
          List<Violation> violations = new ArrayList<>();
          StatsBytes bytes = acquired.objects().get(k).bytes();
          violations.addAll(StatsFileRules.check(bytes, ByteOrder.nativeOrder()));
          violations.addAll(moves.get(object++));
          String name = Labels.vm(vmm) + ": " + Labels.object(vmm.objects().get(k), vmm);
          kept &= report(name, once(violations));
          any = true;
        }
      }
      return !any ? Exit.NOTHING_TO_READ : kept ? Exit.DONE : Exit.FAILED;
    }
  }

  /** {@return of each object, the rules that its values broke as they moved} */
  private static List<List<Violation>> watch(Collector collector) throws IOException {
    List<List<Violation>> moves = new ArrayList<>();
    for (int i = 0; i < SWEEPS; i++) {
      collector.sweep();
      int object = 0;
      for (VmmView vmm : collector.vmms()) {
        for (ObjectView view : vmm.objects()) {
          if (i == 0) {
            moves.add(new ArrayList<>());
          }
          List<Violation> violations = moves.get(object++);
          Reading reading = view.read().orElseThrow();
          reading
              .previous()
              .ifPresent(before ->
                  StatsFileRules.checkMoves(before, reading.latest()).stream()
                      .filter(found -> vmm.isPublished() || !ThreadTimes.has(found.place()))
                      .forEach(violations::add));
        }
      }
      pause();
    }
    return moves;
  }

  /** {@return each rule that is broken in a place as it was found first} */
  private static List<Violation> once(List<Violation> violations) {
    Map<List<String>, Violation> first = new LinkedHashMap<>();
    violations.forEach(found -> first.putIfAbsent(List.of(found.rule(), found.place()), found));
    return List.copyOf(first.values());
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(SWEEP_MILLIS);
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  /** {@return whether no rule is broken} */
  private static boolean report(String name, List<Violation> violations) throws IOException {
    StringBuilder out = new StringBuilder();
    if (violations.isEmpty()) {
      out.append(Text.printable(name)).append(": every rule is kept\n");
    }
    for (Violation violation : violations) {
      String line =
          name
              + ": "
              + violation.place()
              + ": "
              + violation.rule()
              + "; found: "
              + violation.found();
      out.append(Text.printable(line)).append('\n');
    }
    new Output().print(out);
    return violations.isEmpty();
  }
}
