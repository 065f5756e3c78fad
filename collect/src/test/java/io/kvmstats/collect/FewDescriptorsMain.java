package io.kvmstats.collect;

import java.io.IOException;
import java.util.Set;

/** A collector in a process that may open few descriptors: looks each time it is said a line. */
final class FewDescriptorsMain {
  private FewDescriptorsMain() {}

  /** {@code args}: pids. Prints how many objects each has and why no more, and a dot. */
  public static void main(String[] args) throws IOException {
    Set<String> pids = Set.of(args);
    try (Collector collector = new Collector(vmm -> pids.contains(Integer.toString(vmm.pid())))) {
      while (System.in.read() >= 0) {
        collector.refresh();
        collector.sweep();
        for (CollectedVmm vmm : collector.collected()) {
          long read =
              vmm.objects().stream().filter(object -> object.slot().read().isPresent()).count();
          System.out.println(
              vmm.acquired().vmm().pid()
                  + " "
                  + read
                  + " "
                  + vmm.acquired().shortfall().orElse("all"));
        }
        collector.hidden().forEach(System.err::println);
        System.out.println(".");
      }
    }
  }
}
