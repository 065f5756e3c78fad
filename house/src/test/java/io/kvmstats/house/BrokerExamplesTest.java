package io.kvmstats.house;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.broker.Broker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The reader and the provider in examples/, in C, with a broker. */
class BrokerExamplesTest {
  private static final Duration INTERVAL = Duration.ofMillis(100);
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  /** Nobody's, on every distribution. */
  private static final String NOBODY = "65534";

  @TempDir private Path folder;

  private String compiled(String name) throws Exception {
    String program = folder.resolve(name).toString();
    Programs.run(
        0,
        "cc",
        "-std=gnu11",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-I" + Programs.HOME.resolve("include"),
        "-o",
        program,
        Programs.HOME.resolve("examples").resolve(name + ".c").toString());
    return program;
  }

  @Test
  void whatTheProviderHandsInTheReaderReadsWithoutPrivileges() throws Exception {
    Programs.assumeInstalled("cc");
    Programs.assumeKvm();
    String reader = compiled("broker-reader");
    String provider = compiled("broker-provider");
    Path socket = folder.resolve("broker.sock");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (Broker broker =
        new Broker(
            socket,
            PosixFilePermissions.fromString("rw-rw-rw-"),
            INTERVAL,
            INTERVAL,
            false,
            message -> {})) {
      Thread thread = new Thread(() -> run(broker));
      thread.start();
      Process handing = new ProcessBuilder(provider, socket.toString(), "handed in").start();
      try (BufferedReader said =
          new BufferedReader(
              new InputStreamReader(handing.getInputStream(), StandardCharsets.UTF_8))) {
        assertThat(said.readLine()).isEqualTo("the broker has 2 stats fds of us");
        String vcpu = "pid " + handing.pid() + " vcpu 0 exits 0\n";
        assertThat(readUntil(vcpu, reader, socket)).contains(vcpu);
        String vm = "pid " + handing.pid() + " vcpu -1 remote_tlb_flush 0\n";
        assertThat(Programs.run(0, reader, socket.toString(), "remote_tlb_flush")).contains(vm);
      } finally {
        handing.destroy();
        handing.waitFor();
        broker.stop();
        thread.join();
      }
    }
  }

  private static void run(Broker broker) {
    try {
      broker.run();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private String readUntil(String line, String reader, Path socket) throws Exception {
    List<String> unprivileged =
        System.getProperty("user.name").equals("root")
            ? List.of("setpriv", "--reuid=" + NOBODY, "--clear-groups")
            : List.of();
    List<String> command = new ArrayList<>(unprivileged);
    command.addAll(List.of(reader, socket.toString(), "exits"));
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    String said = "";
    while (!said.contains(line) && System.nanoTime() - deadline < 0) {
      said = Programs.run(0, command.toArray(String[]::new));
    }
    return said;
  }
}
