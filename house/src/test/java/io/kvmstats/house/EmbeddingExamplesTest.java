package io.kvmstats.house;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs of docs/embedding.md, compiled and run as they stand there, on a VM of ours. */
class EmbeddingExamplesTest {
  private static final Path DOCUMENT = Programs.HOME.resolve("docs/embedding.md");
  private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  private static String run(int index, Path folder) throws Exception {
    Programs.assumeKvm();
    List<String> programs =
        PROGRAM.matcher(Files.readString(DOCUMENT)).results().map(match -> match.group(1)).toList();
    assertThat(programs).hasSize(2);
    Path source = folder.resolve("Example.java");
    Files.writeString(source, programs.get(index));
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        KvmVcpu vcpu = vm.createVcpu(0);
        Fd stats = vcpu.statsFd()) {
      String said = Programs.java(source);
      assertThat(stats.number()).isPositive();
      return said;
    }
  }

  @Test
  void metersOfThisVmAreBound(@TempDir Path folder) throws Exception {
    long pid = ProcessHandle.current().pid();
    assertThat(run(0, folder))
        .contains("kvm.up(GAUGE)[]; value=1.0\n")
        .containsPattern(
            "kvm\\.vcpu\\.exits\\(COUNTER\\)\\[.*vm='pid " + pid + "'.*]; count=0\\.0");
  }

  @Test
  void eventsOfThisVmAreRecorded(@TempDir Path folder) throws Exception {
    assertThat(run(1, folder))
        .contains("pid " + ProcessHandle.current().pid() + ", vCPU 0: 0 exits\n");
  }
}
