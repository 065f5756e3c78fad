package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a server's log says, and how often. */
class LogTest {
  private static final Instant START = Instant.parse("2026-11-26T05:00:00.123456Z");

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private Instant now = START;
  private final Log log =
      new Log(new PrintStream(written, true, StandardCharsets.UTF_8), () -> now);

  private List<String> lines() {
    List<String> lines = written.toString(StandardCharsets.UTF_8).lines().toList();
    written.reset();
    return lines;
  }

  private void pass(long seconds) {
    now = now.plusSeconds(seconds);
  }

  @Test
  void aLineIsOfPairsAndHarmless() {
    log.info("serves \"x\"\n\u001b[2J");
    assertThat(lines())
        .containsExactly(
            "time=2026-11-26T05:00:00.123Z level=info"
                + " msg=\"serves \\\"x\\\"\\\\u000a\\\\u001b[2J\"");
  }

  @Test
  void whatIsSaidAgainIsCountedOnceAMinute() {
    for (int i = 0; i < 100; i++) {
      log.warn("broken");
      pass(1);
    }
    log.warn("other");
    assertThat(lines())
        .satisfiesExactly(
            line -> assertThat(line).endsWith("msg=\"broken\""),
            line -> assertThat(line).startsWith("time=2026-11-26T05:01:00").endsWith("repeated=59"),
            line -> assertThat(line).endsWith("msg=\"other\""));
    pass(60);
    log.sayHeld();
    assertThat(lines()).singleElement().asString().endsWith("msg=\"broken\" repeated=40");
    pass(60);
    log.sayHeld();
    assertThat(lines()).isEmpty();
    // It was well for a minute: that it is broken is news again.
    log.warn("broken");
    assertThat(lines()).singleElement().asString().endsWith("msg=\"broken\"");
  }

  @Test
  void whatIsOverIsNotSaidAfterwards() {
    log.warn("the broker has ended");
    log.warn("the broker has ended");
    log.info("VMs can be read again");
    assertThat(lines())
        .satisfiesExactly(
            line -> assertThat(line).endsWith("ended\""),
            line -> assertThat(line).endsWith("ended\" repeated=1"),
            line -> assertThat(line).endsWith("again\""));
    pass(60);
    log.sayHeld();
    assertThat(lines()).isEmpty();
    log.warn("the broker has ended");
    assertThat(lines()).as("that is news").hasSize(1);
  }

  @Test
  void manyDifferentOnesTakeBoundedMemoryAndLoseNoCount() {
    log.warn("first");
    log.warn("first");
    for (int i = 0; i < 1000; i++) {
      log.warn("number " + i);
    }
    assertThat(lines()).hasSize(1002).anyMatch(line -> line.endsWith("\"first\" repeated=1"));
  }

  @Test
  void aFullDiskIsNobodysConcern() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    Log onFullDisk = new Log(new PrintStream(full, true, StandardCharsets.UTF_8), () -> now);
    onFullDisk.info("a");
    onFullDisk.warn("b");
    onFullDisk.sayHeld();
  }
}
