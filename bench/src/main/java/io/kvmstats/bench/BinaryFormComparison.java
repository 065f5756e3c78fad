package io.kvmstats.bench;

import io.kvmstats.acquire.StatsObject;
import io.kvmstats.linux.KvmBinaryForm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The binary form's client beside the sweep's C loop on the same VM and vCPUs, and its server
 * beside the copying and summing that it can't do without: same process, in turn.
 */
public final class BinaryFormComparison {
  private static final int WARM_UP = 20_000;
  private static final int PER_ROUND = 100;

  private BinaryFormComparison() {}

  /**
   * Runs the comparison.
   *
   * @param args the shared objects made of sweep.c and binaryform.c
   * @throws IOException when there is no KVM
   */
  public static void main(String[] args) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      client(Path.of(args[0]), arena);
      server(Path.of(args[1]), arena);
    }
  }

  private static void client(Path library, Arena arena) throws IOException {
    try (Vm64 vm = new Vm64()) {
      List<StatsObject> objects = vm.objects();
      MemorySegment into = arena.allocate(4096, Long.BYTES);
      List<KvmBinaryForm> vcpus = vm.vcpuForms();
      compare(
          "client, data of " + vcpus.size() + " vCPUs",
          library,
          objects.subList(1, objects.size()),
          () -> {
            for (int i = 0; i < vcpus.size(); i++) {
              data(vcpus.get(i), into);
            }
          });
      compare("client, data of their VM", library, objects, () -> data(vm.form(), into));
    }
  }

  private static void data(KvmBinaryForm form, MemorySegment into) {
    try {
      form.data(into);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void compare(String what, Path library, List<StatsObject> objects, Runnable client)
      throws IOException {
    try (CLoop c = new CLoop(library, objects)) {
      InTurn times = new InTurn(WARM_UP, PER_ROUND, client, c::sweep, c::preads);
      print(what, times, "the sweep's C loop", 1);
      print(what, times, "C preads alone", 2);
      System.out.printf(
          Locale.ROOT,
          "%s: allocated: %d bytes%n",
          what,
          InTurn.allocated(PER_ROUND, client) / PER_ROUND);
    }
  }

  private static void server(Path library, Arena arena) {
    ServedVm64 vm = new ServedVm64(library, arena);
    InTurn ofVcpu = new InTurn(WARM_UP, PER_ROUND, vm::vcpuData, vm::vcpuCopy);
    print("server, GET_DATA on a vCPU, 64 times", ofVcpu, "copying its bytes", 1);
    InTurn ofVm = new InTurn(WARM_UP, PER_ROUND, vm::vmData, vm::vmSum);
    print("server, GET_DATA on a VM of 64 vCPUs", ofVm, "a C loop that sums them", 1);
  }

  private static void print(String what, InTurn times, String besides, int other) {
    System.out.printf(
        Locale.ROOT,
        "%s: %.2f us; %s: %.2f us (medians); ratio: %.3f (median of rounds)%n",
        what,
        times.nanos(0) / 1e3,
        besides,
        times.nanos(other) / 1e3,
        times.ratio(0, other));
  }
}
