package io.kvmstats.cli;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.CollectedVmm;
import io.kvmstats.collect.CollectedVmm.CollectedObject;
import io.kvmstats.collect.Reading;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

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
      List<Cell> own = new ArrayList<>(Collections.nCopies(columns.size(), Cell.UNKNOWN));
      for (CollectedObject object : collected.objects()) {
        Optional<Reading> reading = object.slot().read();
        List<Cell> cells = columns.stream().map(column -> Cell.of(column, reading)).toList();
        if (object.object().isVcpu()) {
          vcpus.add(new RateRow(collected.acquired(), Optional.of(object.object()), cells));
        } else {
          own = cells;
        }
      }
      rows.add(whole(collected, columns, own, vcpus));
      rows.addAll(vcpus);
    }
    return rows;
  }

  /** A statistic is the VM's own or its vCPUs': no name is in both schemas. */
  private static RateRow whole(
      CollectedVmm collected, List<Column> columns, List<Cell> own, List<RateRow> vcpus) {
    // A vCPU that can't be read makes the VM's sum unknown.
    boolean all = vcpus.size() >= collected.acquired().vmm().vcpus().size();
    List<Cell> cells = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      int column = i;
      List<Cell> theirs = vcpus.stream().map(vcpu -> vcpu.cells.get(column)).toList();
      Cell together = all ? Cell.together(columns.get(i), theirs) : Cell.UNKNOWN;
      cells.add(own.get(i).equals(Cell.UNKNOWN) ? together : own.get(i));
    }
    return new RateRow(collected.acquired(), Optional.empty(), cells);
  }
}
