package io.kvmstats.core.catalog;

import io.kvmstats.core.binaryform.StatNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The names that a kernel with the RFC of March 2021 gives its statistics (patch 1/4, on Linux
 * 5.12), in the order of the values: for labelling a binary form of that time.
 *
 * <p>They are as that kernel serves them, its mistakes included: on s390 instruction_lctl and
 * instruction_lctlg bear each other's name, and two names fill their 32 bytes without a NUL. What
 * most of them are called today, and what they mean, {@link Catalog#named} says.
 *
 * <p>Read from {@code rfc-names.txt} beside this class. Immutable; any thread.
 *
 * @param kernel whose they are: an architecture in the catalog's words, such as {@code x86}, and
 *     the configuration option that it is without, where that makes a difference
 * @param vm a VM's own; its binary form has these, then those of vCPUs
 * @param vcpu each vCPU's
 */
public record RfcNames(String kernel, StatNames vm, StatNames vcpu) {
  private static final String RESOURCE = "rfc-names.txt";

  /**
   * {@return the names of each kernel of an architecture, the most complete first; none where KVM
   * came later than Linux 5.12}
   *
   * <p>There are several for powerpc and mips. No two have equally many: the number tells which.
   *
   * @param architecture as the JDK calls it ({@code os.arch}), such as {@code amd64}, or as the
   *     catalog does
   */
  public static List<RfcNames> of(String architecture) {
    String kernels = Catalog.kernelsName(architecture);
    List<RfcNames> all = new ArrayList<>();
    for (Map<String, String> stanza : Stanzas.read(RESOURCE)) {
      if (names(stanza, "arch").getFirst().startsWith(kernels)) {
        addKernels(all, stanza);
      }
    }
    return List.copyOf(all);
  }

  private static void addKernels(List<RfcNames> all, Map<String, String> stanza) {
    String arch = names(stanza, "arch").getFirst();
    StatNames vm = new StatNames(names(stanza, "vm"));
    List<String> vcpu = names(stanza, "vcpu");
    all.add(new RfcNames(arch, vm, new StatNames(vcpu)));
    for (String key : stanza.keySet()) {
      if (key.startsWith("without ")) {
        List<String> without = new ArrayList<>(vcpu);
        without.removeAll(names(stanza, key));
        all.add(new RfcNames(arch + " " + key, vm, new StatNames(without)));
      }
    }
  }

  private static List<String> names(Map<String, String> stanza, String key) {
    return List.of(
        Objects.requireNonNull(stanza.get(key), key + " is missing in " + RESOURCE).split(" ", -1));
  }
}
