package io.kvmstats.cli;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.CollectedVmm;
import io.kvmstats.collect.CollectedVmm.CollectedObject;
import io.kvmstats.collect.Reading;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.Vmm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A VM's or a vCPU's line of {@code watch}.
 *
 * @param vmm whose it is
 * @param object the vCPU, empty for the VM as a whole
 * @param cells one per column
 */
record RateRow(AcquiredVmm vmm, Optional<StatsObject> object, List<Cell> cells) {

  /** {@return a line for each VM, followed by its vCPUs'} */
  static List<RateRow> of(List<CollectedVmm> vmms, List<Column> columns) {
    List<RateRow> rows = new ArrayList<>();
    for (CollectedVmm collected : vmms) {
      List<RateRow> vcpus = new ArrayList<>();
      List<List<Cell>> vms = new ArrayList<>();
      for (CollectedObject object : collected.objects()) {
        Optional<Reading> reading = object.slot().read();
        List<Cell> cells = columns.stream().map(column -> Cell.of(column, reading)).toList();
        if (object.object().isVcpu()) {
          vcpus.add(new RateRow(collected.acquired(), Optional.of(object.object()), cells));
        } else {
          vms.add(cells);
        }
      }
      rows.add(whole(collected, columns, vms, vcpus));
      rows.addAll(vcpus);
    }
    return rows;
  }

  /** A statistic is the VM's own or its vCPUs': no name is in both schemas. */
  private static RateRow whole(
      CollectedVmm collected, List<Column> columns, List<List<Cell>> vms, List<RateRow> vcpus) {
    // One that can't be read, or is perhaps read twice, makes the sum unknown.
    Vmm vmm = collected.acquired().vmm();
    boolean allVms = vms.size() == vmm.vms().size();
    boolean allVcpus =
        numbers(vmm.vcpus().stream().map(KvmFd::vcpu))
            .equals(numbers(vcpus.stream().map(row -> row.object.orElseThrow().vcpu())));
    List<Cell> cells = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      int column = i;
      Cell own = sum(columns.get(i), vms.stream().map(vm -> vm.get(column)), allVms);
      Cell theirs =
          sum(columns.get(i), vcpus.stream().map(vcpu -> vcpu.cells.get(column)), allVcpus);
      cells.add(own.equals(Cell.UNKNOWN) ? theirs : own);
    }
    return new RateRow(collected.acquired(), Optional.empty(), cells);
  }

  private static List<Integer> numbers(Stream<Integer> vcpus) {
    return vcpus.sorted().toList();
  }

  private static Cell sum(Column column, Stream<Cell> cells, boolean complete) {
    return complete ? Cell.together(column, cells.toList()) : Cell.UNKNOWN;
  }
}
