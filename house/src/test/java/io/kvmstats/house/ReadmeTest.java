package io.kvmstats.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVm;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's library example, compiled and run as it stands there, on a VM of this process. */
class ReadmeTest {
  private static final Path README = Path.of(System.getProperty("kvmstats.home"), "README.md");
  private static final Pattern EXAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void theExampleReadsAVm(@TempDir Path folder) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "skipped: no /dev/kvm that can be opened");
    Matcher example = EXAMPLE.matcher(Files.readString(README));
    assertThat(example.find()).isTrue();
    Path source = folder.resolve("Example.java");
    Files.writeString(
        source,
        """
        import io.kvmstats.collect.*;
        import io.kvmstats.collect.CollectedVmm.CollectedObject;
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
      Process java =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  source.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(java.waitFor()).as(said).isZero();
      assertThat(said).containsPattern("kvm-\\d+/vcpu-0 exits: 0\n");
      assertThat(stats.number()).isPositive();
    }
  }
}
