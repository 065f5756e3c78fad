package io.kvmstats.collect;

import java.io.IOException;

/** A collector in a process that may open few descriptors: looks each time it is said a line. */
final class FewDescriptorsMain {
  private FewDescriptorsMain() {}

  /** {@code args}: the name of the VMs. Prints how many objects each has and why, and a dot. */
  public static void main(String[] args) throws IOException {
    try (Collector collector =
        new Collector(vmm -> vmm.name().filter(name -> name.text().equals(args[0])).isPresent())) {
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
