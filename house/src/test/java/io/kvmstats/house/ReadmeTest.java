package io.kvmstats.house;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's library example, compiled and run as it stands there, on a VM of this process. */
class ReadmeTest {
  private static final Path README = Programs.HOME.resolve("README.md");
  private static final Pattern EXAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void theExampleReadsAVm(@TempDir Path folder) throws Exception {
    Programs.assumeKvm();
    Matcher example = EXAMPLE.matcher(Files.readString(README));
    assertThat(example.find()).isTrue();
    Path source = folder.resolve("Example.java");
    Files.writeString(
        source,
        """
        import io.kvmstats.collect.*;
        import io.kvmstats.core.model.Sample;

        class Example {
          public static void main(String[] args) throws Exception {
            %s
          }
        }
        """
            .formatted(example.group(1)));
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        var vcpu = vm.createVcpu(0);
        Fd stats = vcpu.statsFd()) {
      assertThat(Programs.java(source)).containsPattern("kvm-\\d+/vcpu-0 exits: 0\n");
      assertThat(stats.number()).isPositive();
    }
  }
}
