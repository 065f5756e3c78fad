package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code top} and the CSV of kvm_stat make of all VMs' numbers, and how they print it. */
class HostSumTest {
  private static final Schema VM =
      schema(
          descriptor("remote_tlb_flush", StatType.CUMULATIVE, 1, 0),
          descriptor("pages_4k", StatType.INSTANT, 1, 8));
  private static final Schema VCPU =
      schema(
          descriptor("exits", StatType.CUMULATIVE, 1, 0),
          descriptor("halt_wait_hist", StatType.LOG_HISTOGRAM, 2, 8),
          descriptor("blocking", StatType.INSTANT, 1, 24),
          descriptor("schedstat.wait_ns", StatType.CUMULATIVE, 1, 32));

  private static final Instant TIME =
      LocalDateTime.of(2026, 3, 4, 5, 6, 7).atZone(ZoneId.systemDefault()).toInstant();

  private static Schema schema(Descriptor... descriptors) {
    return new Schema(List.of(descriptors));
  }

  private static Descriptor descriptor(String name, StatType type, int size, long offset) {
    return new Descriptor(name, Descriptor.flags(type, Unit.NONE, Base.POW10), 0, size, offset, 0);
  }

  private static long[] values(long... values) {
    return values;
  }

  /** An object with its samples, the newest one last. */
  private static ObjectView object(int vcpu, Schema schema, long[]... samples) {
    List<Sample> read =
        IntStream.range(0, samples.length)
            .mapToObj(i ->
                new Sample(
                    schema, i, i, MemorySegment.ofArray(samples[i]), ByteOrder.nativeOrder()))
            .toList();
    Optional<Reading> reading =
        read.isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Reading(
                    read.getLast(),
                    read.size() > 1 ? Optional.of(read.getFirst()) : Optional.empty()));
    return new ObjectView(vcpu, 3, "", schema, () -> reading);
  }

  private static ObjectView vm(long[]... samples) {
    return object(KvmFd.NO_VCPU, VM, samples);
  }

  private static ObjectView vcpu(int number, long[]... samples) {
    return object(number, VCPU, samples);
  }

  private static VmmView vmm(int pid, int vcpus, ObjectView... objects) {
    return new VmmView(
        new Vmm.Key(pid, 1),
        "vmm",
        VmIdentity.UNKNOWN,
        1,
        IntStream.range(0, vcpus).boxed().toList(),
        Optional.empty(),
        false,
        Optional.empty(),
        List.of(objects));
  }

  private static String top(VmmView... vmms) {
    return TopCommand.text(HostSum.of(new Selection(), List.of(vmms)));
  }

  private static List<String> without(VmmView... vmms) {
    return HostSum.of(new Selection(), List.of(vmms)).without();
  }

  private static final VmmView ONE =
      vmm(
          17,
          2,
          vm(values(1, 500), values(3, 480)),
          vcpu(0, values(100, 1, 1, 1, 9), values(150, 2, 2, 0, 9)),
          vcpu(1, values(10, 1, 1, 0, 9), values(11, 2, 2, 1, 9)));

  private static final VmmView TWO =
      vmm(18, 1, vm(values(0, 5), values(4, 5)), vcpu(0, values(7, 0, 0, 0), values(8, 0, 0, 0)));

  /** What Python's '%-42s%10d%10d' prints, sorted. */
  @Test
  void theBatchLayoutIsKvmStats() {
    assertThat(top(ONE, TWO))
        .isEqualTo(
            """
            blocking                                           1         0
            exits                                            169        52
            pages_4k                                         485       -20
            remote_tlb_flush                                   7         6
            """);
    assertThat(without(ONE, TWO)).isEmpty();
  }

  /** Python's would be one number of 20 digits. */
  @Test
  void longNumbersAreApart() {
    long ten = 1_234_567_890L;
    String line = top(vmm(1, 1, vcpu(0, values(ten, 0, 0, 0), values(2 * ten, 0, 0, 0))));
    assertThat(line.lines().toList())
        .contains("exits                                      2469135780 1234567890");
  }

  @Test
  void numbersAreUnsignedAndDoNotOverflow() {
    String text = top(vmm(1, 2, vcpu(0, values(-1, 0, 0, 0)), vcpu(1, values(-1, 0, 0, 0))));
    assertThat(text).contains(" 36893488147419103230").doesNotContain("-");
  }

  @Test
  void whatIsNewHasATotalAndNoDeltaOfItsOwn() {
    VmmView fresh = vmm(19, 1, vm(values(1, 1)), vcpu(0, values(1000, 0, 0, 0)));
    assertThat(top(fresh)).contains("exits                                           1000 ");
    assertThat(top(fresh).lines().map(String::strip)).contains("exits" + " ".repeat(43) + "1000");
    assertThat(top(ONE, fresh)).contains("     1161        51\n");
    assertThat(without(ONE, fresh)).isEmpty();
  }

  @Test
  void aResetLeavesTheDeltaUnknown() {
    VmmView reset = vmm(19, 1, vm(), vcpu(0, values(1000, 0, 0, 0), values(5, 0, 0, 0)));
    assertThat(top(ONE, reset).lines().map(String::strip))
        .contains("exits" + " ".repeat(44) + "166");
    assertThat(csv(new KvmStatCsv(new Selection()), ONE, reset))
        .isEqualTo(
            """
            timestamp,blocking,exits,pages_4k,remote_tlb_flush
            2026-03-04 05:06:07,0,,-20,2
            """);
  }

  @Test
  void aVmIsInASumWithAllOrNothing() {
    // A vCPU that can't be read at all, one whose read failed, one that is read twice.
    for (VmmView broken :
        List.of(
            vmm(19, 2, vm(values(1, 1), values(1, 1)), vcpu(0, values(7, 0, 0, 0))),
            vmm(19, 1, vm(values(1, 1), values(1, 1)), vcpu(0, values(7, 0, 0, 0), values())),
            vmm(
                19,
                1,
                vm(values(1, 1), values(1, 1)),
                vcpu(0, values(7, 0, 0, 0)),
                vcpu(0, values(7, 0, 0, 0))))) {
      assertThat(top(ONE, broken)).contains("exits                                            161");
      assertThat(top(ONE, broken)).contains("remote_tlb_flush                                   4");
      assertThat(without(ONE, broken)).containsExactly("pid 19");
    }
    // Nothing of it was ever read.
    assertThat(without(ONE, vmm(20, 1))).containsExactly("pid 20");
  }

  @Test
  void whatNobodyKnowsIsAbsent() {
    VmmView cut = vmm(19, 1, vcpu(0, values(7, 0, 0)));
    assertThat(top(cut)).contains("exits").doesNotContain("blocking");
    assertThat(without(cut)).containsExactly("pid 19");
  }

  /** As debugfs has it: what vCPUs count is the VM's, as a sum. */
  @Test
  void aVmThatHasItsVcpusSumsIsWhole() {
    VmmView debugfs =
        vmm(19, 4, object(KvmFd.NO_VCPU, VCPU, values(40, 0, 0, 0), values(42, 0, 0, 0)));
    assertThat(top(debugfs))
        .contains("exits                                             42         2\n");
    assertThat(without(debugfs)).isEmpty();
  }

  private static String csv(SweepPrinter printer, VmmView... vmms) {
    return printer.print(List.of(vmms), TIME);
  }

  @Test
  void theCsvIsKvmStatsAndItsHeaderComesOnce() {
    SweepPrinter printer = new KvmStatCsv(new Selection());
    String line = "2026-03-04 05:06:07,0,52,-20,6\n";
    assertThat(csv(printer, ONE, TWO))
        .isEqualTo("timestamp,blocking,exits,pages_4k,remote_tlb_flush\n" + line);
    assertThat(csv(printer, ONE, TWO)).isEqualTo(line);
  }

  @Test
  void columnsComeWithAHeaderAndStay() {
    VmmView vcpuAlone = vmm(17, 1, vcpu(0, values(1, 0, 0, 0), values(3, 0, 0, 0)));
    SweepPrinter printer = new KvmStatCsv(new Selection());
    assertThat(csv(printer, vcpuAlone)).startsWith("timestamp,blocking,exits\n").endsWith(",0,2\n");
    assertThat(csv(printer, ONE))
        .startsWith("timestamp,blocking,exits,pages_4k,remote_tlb_flush\n");
    assertThat(csv(printer, vcpuAlone)).isEqualTo("2026-03-04 05:06:07,0,2,,\n");
  }

  @Test
  void aFileThatHasTheHeaderDoesNotGetItAgain(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("log.csv");
    SweepPrinter printer = new KvmStatCsv(new Selection());
    Files.writeString(file, "timestamp,exits\nx,1\n" + csv(printer, ONE));
    printer.begin(file);
    assertThat(csv(printer, ONE)).doesNotContain("timestamp");
    Files.writeString(file, csv(printer, ONE) + "timestamp,exits\nx,1\n");
    printer.begin(file);
    assertThat(csv(printer, ONE)).startsWith("timestamp,blocking,exits,");
    Files.writeString(file, "");
    printer.begin(file);
    assertThat(csv(printer, ONE)).startsWith("timestamp,blocking,exits,");
  }

  @Test
  void everyOtherHeadingComesAgainInANewFile(@TempDir Path folder) throws IOException {
    for (Format format : List.of(Format.TABLE, Format.CSV)) {
      SweepPrinter printer = new RatePrinter(format, new Selection());
      String first = csv(printer, ONE);
      assertThat(csv(printer, ONE)).isNotEqualTo(first);
      printer.begin(folder.resolve("any"));
      assertThat(csv(printer, ONE)).isEqualTo(first);
    }
  }
}
