package io.kvmstats.cli;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
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
record RateRow(VmmView vmm, Optional<ObjectView> object, List<Cell> cells) {

  /** {@return a line for each VM, followed by its vCPUs'} */
  static List<RateRow> of(List<VmmView> vmms, List<Column> columns) {
    List<RateRow> rows = new ArrayList<>();
    for (VmmView vmm : vmms) {
      List<RateRow> vcpus = new ArrayList<>();
      List<List<Cell>> vms = new ArrayList<>();
      for (ObjectView object : vmm.objects()) {
        Optional<Reading> reading = object.read();
        List<Cell> cells = columns.stream().map(column -> Cell.of(column, reading)).toList();
        if (object.isVcpu()) {
          vcpus.add(new RateRow(vmm, Optional.of(object), cells));
        } else {
          vms.add(cells);
        }
      }
      rows.add(whole(vmm, columns, vms, vcpus));
      rows.addAll(vcpus);
    }
    return rows;
  }

  /** A statistic is the VM's own or its vCPUs': no name is in both schemas. */
  private static RateRow whole(
      VmmView vmm, List<Column> columns, List<List<Cell>> vms, List<RateRow> vcpus) {
    // One that can't be read, or is perhaps read twice, makes the sum unknown.
    boolean allVms = vms.size() == vmm.vms();
    boolean allVcpus =
        vcpus.stream()
            .map(row -> row.object.orElseThrow().vcpu())
            .sorted()
            .toList()
            .equals(vmm.vcpus());
    List<Cell> cells = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      int column = i;
      Cell own = sum(columns.get(i), vms.stream().map(vm -> vm.get(column)), allVms);
      Cell theirs =
          sum(columns.get(i), vcpus.stream().map(vcpu -> vcpu.cells.get(column)), allVcpus);
      cells.add(own.equals(Cell.UNKNOWN) ? theirs : own);
    }
    return new RateRow(vmm, Optional.empty(), cells);
  }

  private static Cell sum(Column column, Stream<Cell> cells, boolean complete) {
    return complete ? Cell.together(column, cells.toList()) : Cell.UNKNOWN;
  }
}
