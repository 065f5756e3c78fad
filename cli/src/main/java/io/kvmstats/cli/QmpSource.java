package io.kvmstats.cli;

import static java.util.stream.Collectors.toMap;

import io.kvmstats.acquire.FurtherSource;
import io.kvmstats.acquire.Polled;
import io.kvmstats.acquire.Polling;
import io.kvmstats.acquire.Source;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.Vmm;
import io.kvmstats.qmp.QmpVm;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * QMP as a source: what {@code qmp} says, polled as {@code acquire} does. Here, so that neither
 * room has the other, and who needs privileges has no JSON.
 */
final class QmpSource implements FurtherSource {
  @Override
  public Found acquire(Vmm vmm, List<KvmFd> missing) throws IOException {
    QmpVm qmp;
    try {
      qmp = QmpVm.open(vmm);
    } catch (IOException e) {
      throw new IOException("qmp: " + e.getMessage(), e);
    }
    Map<Integer, KvmFd> wanted = missing.stream().collect(toMap(KvmFd::vcpu, Function.identity()));
    List<KvmFd> held = new ArrayList<>();
    List<StatsFile> files = new ArrayList<>();
    List<Integer> places = new ArrayList<>();
    List<QmpVm.QmpObject> objects = qmp.objects();
    for (int i = 0; i < objects.size(); i++) {
      KvmFd fd = wanted.get(objects.get(i).vcpu());
      if (fd != null) {
        held.add(fd);
        files.add(new StatsFile(objects.get(i).id(), objects.get(i).schema(), 0));
        places.add(i);
      }
    }
    if (held.isEmpty()) {
      qmp.close();
      throw new IOException("qmp: QEMU has nothing of what is missing");
    }
    Optional<String> cost =
        qmp.interruptsVcpus()
            ? Optional.of(
                "qmp interrupts every vCPU at each reading, as QEMU "
                    + qmp.version()
                    + " opens its stats fds anew")
            : Optional.empty();
    return new Found(Polling.start(new PolledQmp(qmp, places), Source.QMP, held, files), cost);
  }

  /**
   * Some of a QEMU's objects.
   *
   * @param qmp all of them
   * @param places which, by their place among all
   */
  private record PolledQmp(QmpVm qmp, List<Integer> places) implements Polled {
    @Override
    public List<Long> poll(List<MemorySegment> blocks) throws IOException {
      List<MemorySegment> all = new ArrayList<>();
      for (int i = 0; i < qmp.objects().size(); i++) {
        int place = places.indexOf(i);
        all.add(place >= 0 ? blocks.get(place) : unwanted(qmp.objects().get(i)));
      }
      List<Long> valid = qmp.query(all);
      return places.stream().map(valid::get).toList();
    }

    private static MemorySegment unwanted(QmpVm.QmpObject object) {
      return MemorySegment.ofArray(new byte[Math.toIntExact(object.schema().dataBytes())]);
    }

    /** A QEMU has one VM, and ends with it; that it is the same process is checked elsewhere. */
    @Override
    public boolean isStill() {
      return true;
    }

    @Override
    public void close() {
      qmp.close();
    }
  }
}
