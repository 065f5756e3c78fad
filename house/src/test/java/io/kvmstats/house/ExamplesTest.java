package io.kvmstats.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.linux.Kvm;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in examples/, compiled and run on this machine's kernel. */
class ExamplesTest {
  private static final Path EXAMPLES = Programs.HOME.resolve("examples");

  @Test
  void javaReadsTheBinaryFormOfAVmAndItsVcpu() throws Exception {
    Programs.assumeKvm();
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "skipped: its guest is for x86-64");
    String said = Programs.java(EXAMPLES.resolve("BinaryForm.java"));
    assertThat(said).startsWith("VM, ").contains("\nvCPU 0, ");
    // The vCPU runs before each read, and the VM's exits are its one vCPU's.
    long[] exits =
        Pattern.compile("(?m)^  exits (\\d+)$")
            .matcher(said)
            .results()
            .map(MatchResult::group)
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .toArray();
    assertThat(exits).hasSize(6).isSorted().doesNotHaveDuplicates();
    assertThat(exits[0]).isPositive();
  }

  /** Where there is a binary form it is run too: that this kernel has none, it has to say. */
  @Test
  void cSaysWhyThereIsNoBinaryForm(@TempDir Path folder) throws Exception {
    Programs.assumeInstalled("cc");
    String program = folder.resolve("binary-form").toString();
    Programs.run(
        0,
        "cc",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-I" + Programs.HOME.resolve("include"),
        "-o",
        program,
        EXAMPLES.resolve("binary-form.c").toString());
    Programs.assumeKvm();
    try (Kvm kvm = Kvm.open()) {
      assertThat(Programs.run(1, program))
          .isEqualTo(
              "binary-form: no binary form of statistics: KVM_CHECK_EXTENSION(195) is 0x%x, not 1\n",
              kvm.checkExtension(195));
    }
  }
}
