package io.kvmstats.cli;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmBinaryForm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.StatsBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A Java client of the binary form: some threads make VMs and read them, while others fill the heap
 * and have the JVM stop them all. Says which path it took: {@code IoctlForm} is the RFC's ioctls.
 */
final class BinaryFormClientMain {
  private static final int THREADS = 4;
  private static final int VMS = 5;
  private static final int READS = 200;

  private BinaryFormClientMain() {}

  public static void main(String[] args)
      throws IOException, InterruptedException, ExecutionException {
    Thread.ofPlatform().daemon().start(BinaryFormClientMain::makeGarbage);
    List<Future<String>> paths = new ArrayList<>();
    try (Kvm kvm = Kvm.open();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (int i = 0; i < THREADS * VMS; i++) {
        paths.add(threads.submit(() -> pathOfVm(kvm)));
      }
    }
    for (Future<String> path : paths) {
      System.out.println(path.get());
    }
  }

  private static void makeGarbage() {
    List<byte[]> some = new ArrayList<>();
    while (true) {
      some.add(new byte[100_000]);
      if (some.size() == 100) {
        some.clear();
      }
    }
  }

  private static String pathOfVm(Kvm kvm) throws IOException {
    try (KvmVm vm = kvm.createVm()) {
      KvmBinaryForm ofVm = vm.binaryForm();
      try (KvmVcpu vcpu = vm.createVcpu(0);
          Fd stats = vm.statsFd();
          Fd vcpuStats = vcpu.statsFd()) {
        check(ofVm, StatsBlock.of(stats), stats);
        check(vcpu.binaryForm(), StatsBlock.of(vcpuStats), vcpuStats);
      }
      return ofVm.getClass().getSimpleName();
    }
  }

  /** A VM's statistics begin with those of its stats fd. */
  private static void check(KvmBinaryForm form, StatsBlock block, Fd stats) throws IOException {
    List<String> names = block.names().names();
    if (!form.names().names().subList(0, names.size()).equals(names)) {
      throw new IllegalStateException("names: " + form.names());
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate((long) form.info() * Long.BYTES, Long.BYTES);
      MemorySegment expected = arena.allocate((long) names.size() * Long.BYTES, Long.BYTES);
      for (int i = 0; i < READS; i++) {
        form.data(data);
        block.read(stats, expected);
        if (data.asSlice(0, expected.byteSize()).mismatch(expected) != -1) {
          throw new IllegalStateException("values differ");
        }
      }
    }
  }
}
