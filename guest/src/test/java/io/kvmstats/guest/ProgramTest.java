package io.kvmstats.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares the guests' code, and so our assembler's, with what the GNU assembler makes of it. */
class ProgramTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(Life.class)
  void livesAreWhatTheGnuAssemblerMakes(Life life) throws Exception {
    assertThat(hex(Program.life(life)))
        .isEqualTo(hex(assembled(life.name().toLowerCase(Locale.ROOT))));
  }

  @Test
  void theHandlerIsWhatTheGnuAssemblerMakes() throws Exception {
    assertThat(hex(Program.handler())).isEqualTo(hex(assembled("handler")));
  }

  @Test
  void theMeterOfGapsIsWhatTheGnuAssemblerMakes() throws Exception {
    assertThat(hex(GapProgram.assemble())).isEqualTo(hex(assembled("gaps")));
  }

  @Test
  void theRomStartsTheMeterOfGaps() throws Exception {
    byte[] image = GapRom.image();
    assertThat(image).hasSize(0x10000).startsWith(GapProgram.assemble());
    byte[] reset = assembled("reset");
    assertThat(hex(Arrays.copyOfRange(image, 0xfff0, 0xfff0 + reset.length))).isEqualTo(hex(reset));
  }

  @Test
  void programsFitWhereTheyGo() {
    assertThat(Program.vectors()).hasSizeLessThanOrEqualTo(Program.HANDLER);
    assertThat(Program.HANDLER + Program.handler().length).isLessThan(Program.STOP_FLAG);
    for (Life life : Life.values()) {
      // An interrupt pushes three words onto the stack, which grows down from the page's end.
      assertThat(Program.life(life)).hasSizeLessThan(Program.PAGE_BYTES - 6);
    }
    assertThat(GapProgram.assemble()).hasSizeLessThan(Program.PAGE_BYTES);
    assertThat(GapProgram.SELECTED).isGreaterThan(Program.STOP_FLAG);
    int thresholdsEnd = GapProgram.THRESHOLDS + GapProgram.THRESHOLD_COUNT * Integer.BYTES;
    assertThat(GapProgram.BETWEEN).isGreaterThanOrEqualTo(thresholdsEnd);
    assertThat(GapProgram.MEASURED)
        .isGreaterThanOrEqualTo(GapProgram.BETWEEN + GapProgram.RECORD_BYTES);
    assertThat(Program.page(0))
        .isGreaterThanOrEqualTo(GapProgram.MEASURED + GapProgram.RECORD_BYTES);
    assertThat(Program.page(Guest.VCPUS_MAX)).isLessThanOrEqualTo(Program.MEMORY_BYTES);
    assertThat(Program.MMIO).isGreaterThanOrEqualTo(Program.MEMORY_BYTES);
  }

  @Test
  void aLoopThatIsTooLongIsRefused() {
    Assembler code = new Assembler();
    for (int i = 0; i < 126; i++) {
      code.hlt();
    }
    code.loop(0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> code.loop(0))
        .withMessage("a short jump can't reach -130 bytes");
  }

  private byte[] assembled(String section) throws IOException, InterruptedException {
    String object = folder.resolve("lives.o").toString();
    Path binary = folder.resolve(section);
    run("as", "--32", "-o", object, "src/test/asm/lives.s");
    run("objcopy", "-O", "binary", "-j", "." + section, object, binary.toString());
    byte[] bytes = Files.readAllBytes(binary);
    assertThat(bytes).isNotEmpty();
    return bytes;
  }

  private static void run(String... command) throws IOException, InterruptedException {
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(path -> Files.isExecutable(Path.of(path).resolve(command[0])));
    assumeTrue(installed, "needs " + command[0] + " of the GNU binutils, which is not installed");
    assumeTrue(
        System.getProperty("os.arch").equals("amd64"),
        "needs an assembler for x86: this machine's is for another processor");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private static String hex(byte[] bytes) {
    return HexFormat.ofDelimiter(" ").formatHex(bytes);
  }
}
