package io.kvmstats.core.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.Lists;
import io.kvmstats.core.binaryform.BinaryForm;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The RFC's names are those of the lists made from its patch, and come in its order. */
class RfcNamesTest {

  @Test
  void namesAreTheListsBothWays() {
    for (String architecture : Lists.LINUX_5_12) {
      RfcNames complete = RfcNames.of(architecture).getFirst();
      assertThat(complete.kernel()).isEqualTo(architecture);
      assertThat(complete.vm().names()).isEqualTo(Lists.rfcNames(architecture, Scope.VM));
      assertThat(complete.vcpu().names()).isEqualTo(Lists.rfcNames(architecture, Scope.VCPU));
    }
    assertThat(Stanzas.read("rfc-names.txt").stream().map(stanza -> stanza.get("arch")))
        .containsExactlyInAnyOrderElementsOf(Lists.LINUX_5_12);
  }

  /** VM_STAT_COUNT and VCPU_STAT_COUNT, as the RFC's kernels have them. */
  @ParameterizedTest
  @CsvSource({
    "amd64, x86, 11, 28",
    "aarch64, arm64, 1, 12",
    "s390x, s390, 6, 98",
    "ppc64le, powerpc-book3s, 3, 36",
    "ppc64, powerpc-booke, 3, 29",
    "mips64el, mips, 1, 33",
    "mips, mips without CONFIG_CPU_LOONGSON64, 1, 32",
    "mips, mips without CONFIG_KVM_MIPS_VZ, 1, 24",
  })
  void countsAreTheKernels(String architecture, String kernel, int vm, int vcpu) {
    assertThat(RfcNames.of(architecture))
        .filteredOn(names -> names.kernel().equals(kernel))
        .singleElement()
        .satisfies(names -> {
          assertThat(names.vm().names()).hasSize(vm);
          assertThat(names.vcpu().names()).hasSize(vcpu);
        });
  }

  @Test
  void theNumberTellsTheKernels() {
    for (String architecture : List.of("x86", "arm64", "s390", "powerpc", "mips")) {
      Set<Integer> counts = new HashSet<>();
      for (RfcNames names : RfcNames.of(architecture)) {
        assertThat(counts.add(names.vcpu().names().size())).as(names.kernel()).isTrue();
      }
    }
    assertThat(RfcNames.of("riscv64")).isEmpty();
    assertThat(RfcNames.of("loongarch64")).isEmpty();
  }

  @Test
  void withoutVzNothingOfItIsLeft() {
    RfcNames mips = RfcNames.of("mips").getFirst();
    List<String> rest = new ArrayList<>(mips.vcpu().names());
    rest.removeIf(name -> name.startsWith("vz_"));
    assertThat(RfcNames.of("mips").getLast().vcpu().names()).isEqualTo(rest);
    List<String> others = new ArrayList<>(mips.vcpu().names());
    others.remove("vz_cpucfg");
    assertThat(RfcNames.of("mips").get(1).vcpu().names()).isEqualTo(others);
  }

  @Test
  void theMistakesOfS390AreKept() {
    List<String> names = RfcNames.of("s390x").getFirst().vcpu().names();
    // In struct kvm_vcpu_stat it is the other way round.
    assertThat(names.subList(16, 18)).containsExactly("instruction_lctlg", "instruction_lctl");
    assertThat(names)
        .filteredOn(
            name -> name.getBytes(StandardCharsets.US_ASCII).length == BinaryForm.NAME_BYTES)
        .containsExactly("instruction_sigp_stop_store_stat", "instruction_sigp_store_adtl_stat");
  }

  @Test
  void theCatalogKnowsWhatTheyMean() {
    Catalog catalog = Catalog.load();
    for (String architecture : Lists.LINUX_5_12) {
      for (String name : RfcNames.of(architecture).getFirst().vcpu().names()) {
        assertThat(catalog.named(name))
            .as(name + " on " + architecture)
            .anyMatch(entry -> entry.architectures().contains(architecture));
      }
    }
  }
}
