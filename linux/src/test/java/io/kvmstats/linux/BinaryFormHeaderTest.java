package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.binaryform.Abi;
import io.kvmstats.core.binaryform.BinaryForm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The header for C programs says what the Java layout says. */
class BinaryFormHeaderTest {

  @Test
  void cAndJavaAgree(@TempDir Path folder) throws Exception {
    String program = folder.resolve("binary-form").toString();
    Command.run(
        "cc",
        "-Wall",
        "-Wextra",
        "-pedantic",
        "-Werror",
        "-o",
        program,
        "src/test/c/binary-form.c");
    Abi abi = Abi.of(System.getProperty("os.arch"));
    assertThat(Command.run(program).lines())
        .containsExactly(
            BinaryForm.CAPABILITY + " " + BinaryForm.NAME_BYTES,
            BinaryForm.INFO_BYTES + " " + BinaryForm.NAMES_OFFSET + " " + abi.dataOffset(),
            BinaryForm.NAMES_OFFSET + " " + abi.dataOffset(),
            "%x %x %x".formatted(abi.getInfo(), abi.getNames(), abi.getData()));
  }
}
