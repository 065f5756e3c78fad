package io.kvmstats.cli;

import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.Unit;
import io.kvmstats.publish.CumulativeStat;
import io.kvmstats.publish.PublishedVcpu;
import io.kvmstats.publish.PublishedVm;
import io.kvmstats.publish.SchemaBuilder;
import java.io.IOException;

/** A VMM that publishes a VM of two vCPUs, until its standard input ends. */
final class PublisherMain {
  private PublisherMain() {}

  /** {@code args}: {@code -name NAME}, for those who look. */
  public static void main(String[] args) throws IOException {
    Schema ofVm = new SchemaBuilder().cumulative("flushes").peak("most", Unit.BYTES, 0).build();
    Schema ofVcpu =
        new SchemaBuilder()
            .logHistogram("wait_hist", Unit.SECONDS, -9, 8)
            .cumulative("exits")
            .instant("blocking", Unit.BOOLEAN, 0)
            .build();
    PublishedVm vm = new PublishedVm(ofVm, ofVcpu);
    vm.cumulative("flushes").add(-1); // 2^64 - 1.
    vm.peak("most").raise(4711);
    PublishedVcpu still = vm.addVcpu(0);
    still.cumulative("exits").add(100);
    still.logHistogram("wait_hist").record(5);
    still.bool("blocking").set(true);
    CumulativeStat exits = vm.addVcpu(7).cumulative("exits");
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          while (true) {
            exits.increment();
            Thread.onSpinWait();
            if (exits.get() % 1000 == 0) {
              Thread.yield();
            }
          }
        });
    System.out.println("ready");
    while (System.in.read() >= 0) {
      // Waits for the end.
    }
    Runtime.getRuntime().halt(0);
  }
}
