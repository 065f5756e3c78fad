package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code top} on a terminal, over real guests. */
class TopIT {
  private static final String KEYS_OF_VMS = "Enter open";

  @TempDir private Path config;

  private final List<GuestProcess> guests = new ArrayList<>();
  private GuestProcess sleeper;
  private GuestProcess worker;

  @BeforeEach
  void start() throws Exception {
    App.assumeKvm();
    App.assumeCommand("tmux");
    sleeper = guest("sleeper", List.of(Life.HALT, Life.HALT));
    worker = guest("worker", List.of(Life.PORT_IO));
  }

  private GuestProcess guest(String name, List<Life> lives) throws Exception {
    GuestProcess guest = GuestProcess.start(name, lives);
    guests.add(guest);
    return guest.awaitRunning();
  }

  @AfterEach
  void end() throws Exception {
    for (GuestProcess guest : guests) {
      guest.kill();
      guest.close();
    }
  }

  private Tmux top(int columns, int rows, String... environment) throws Exception {
    List<String> variables = new ArrayList<>(List.of(environment));
    variables.add("XDG_CONFIG_HOME=" + config);
    return Tmux.start(
        columns,
        rows,
        variables,
        App.command(
            "top",
            "--broker",
            "none",
            "-i",
            "0.5",
            "--pid",
            Integer.toString(sleeper.pid()),
            "--pid",
            Integer.toString(worker.pid())));
  }

  @Test
  void itLeadsFromVmsToHistogramsAndBack() throws Exception {
    try (Tmux top = top(120, 35)) {
      top.await("^worker +kvmstats-guest +1 +[0-9.]+ .* dup");
      top.await("^TOTAL +3 +[0-9]");
      top.keys("/");
      top.type("sleep");
      top.keys("Enter");
      assertThat(top.await("only sleep")).doesNotContain("worker");
      top.keys("Enter");
      top.await("^vCPU 0 +[0-9.]+");
      top.keys("Down", "Enter");
      top.await("sleeper, vCPU 0");
      top.await("^exits +[0-9.k]+ +[0-9]{2,} +cumulative +Exits: times");
      top.keys("f");
      top.type("halt_wait_hist");
      top.keys("Enter", "Enter");
      top.await("sleeper, vCPU 0: halt_wait_hist");
      top.await("samples +p50 (< |in \\[)");
      // The timer's halts: a bar, and heat now.
      top.await("^\\[[0-9.]+ [µm]s, [0-9.]+ [µm]s\\) +[0-9]+ █+.*[░▒▓█]\\|$");
      top.keys("Escape", "Escape", "Escape");
      top.await(KEYS_OF_VMS);
      top.keys("c");
      top.await("^worker ");
    }
  }

  @Test
  void keysOfKvmStatDoWhatTheyDoThere() throws Exception {
    try (Tmux top = top(120, 35)) {
      top.await("^worker ");
      top.keys("b");
      top.await("^Event +Total +%Total CurAvg/s");
      top.await("^halt_exits +[0-9]+ +[0-9.]+ +[0-9]+");
      top.keys("x");
      top.await("^ exits\\(worker\\) ");
      top.keys("o");
      top.await("Total▼");
      top.keys("r");
      top.await("totals since");
      top.keys("f");
      top.type("(");
      top.keys("Enter");
      top.await("'\\(' is no regular expression");
      top.keys("c", "g");
      top.type("worker");
      top.keys("Enter");
      top.await("kvm statistics - pid " + worker.pid() + " \\(worker\\)");
      assertThat(top.await("^ exits\\(worker\\) ")).doesNotContain("exits(sleeper)");
      top.keys("b", "g");
      top.type("sleeper");
      top.keys("Enter");
      top.await("^vCPU 1 ");
      top.keys("p");
      top.type("1");
      top.keys("Enter");
      top.await("no process 1 has a VM");
      top.keys("s");
      top.type("0.1");
      top.keys("Enter");
      top.await("every 100 ms");
      top.keys("h");
      top.await("seconds between readings");
      top.keys("Escape", "Escape", "Space");
      top.await(" paused");
      String paused = top.screen();
      Thread.sleep(1000);
      assertThat(top.screen()).isEqualTo(paused);
      top.keys("Space", "q");
      top.await("^exit: 0");
    }
  }

  @Test
  void everySizeIsFilledAndNoneOverflows() throws Exception {
    try (Tmux top = top(80, 24)) {
      top.await("^sleeper ");
      assertThat(top.await(KEYS_OF_VMS).lines().toList()).hasSizeLessThanOrEqualTo(24);
      top.resize(250, 60);
      String wide = top.await("MMU/S +SOURCE");
      assertThat(wide.lines().toList().getLast()).contains(KEYS_OF_VMS);
      assertThat(wide.lines().toList()).hasSize(60);
      top.resize(40, 10);
      String small = top.await("^sleeper ");
      assertThat(small.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(40));
      top.resize(5, 2);
      Thread.sleep(1000);
      top.resize(100, 30);
      top.await("^sleeper .* dup");
    }
  }

  @Test
  void aVmThatDiesWhileSelectedIsSeenToHaveEnded() throws Exception {
    try (Tmux top = top(100, 30)) {
      top.await("^worker ");
      top.keys("g");
      top.type("worker");
      top.keys("Enter", "Enter");
      top.await("worker, VM");
      worker.kill();
      top.await("worker has ended");
      String list = top.await("^sleeper ");
      assertThat(list).contains(KEYS_OF_VMS).doesNotContain("ended  ");
      sleeper.kill();
      top.await("^sleeper .* ended");
      top.await("no VM to show");
    }
  }

  @Test
  void columnsThatWereChosenAreThereNextTime() throws Exception {
    try (Tmux top = top(120, 30)) {
      top.await("HALTS/S");
      top.keys("C");
      top.await("\\[x\\] +HALTS/S");
      top.keys("Home", "Down", "Enter");
      top.await("\\[x\\] +PID");
      top.keys("Escape");
      top.await("^VM +PID▼? ");
      top.keys("q");
      top.await("^exit: 0");
    }
    assertThat(Files.readString(config.resolve("kvmstats/toprc"))).startsWith("columns=NAME PID ");
    try (Tmux top = top(120, 30)) {
      top.await("^sleeper +" + sleeper.pid());
    }
  }

  @Test
  void whoWantsNoColoursGetsNone() throws Exception {
    String coloured = "\u001b\\[[0-9;]*[34][0-7]m";
    try (Tmux top = top(80, 24)) {
      top.await("^sleeper ");
      assertThat(top.colours()).containsPattern(coloured);
    }
    try (Tmux top = top(80, 24, "NO_COLOR=1")) {
      top.await("^sleeper ");
      assertThat(top.colours()).doesNotContainPattern(coloured).contains("\u001b[");
    }
  }

  /** However it ends; SIGKILL is beyond anybody's help. */
  @ParameterizedTest
  @ValueSource(strings = {"q", "INT", "TERM", "HUP"})
  void theTerminalIsGivenBack(String end) throws Exception {
    try (Tmux top = top(80, 24)) {
      top.await("^sleeper ");
      if (end.equals("q")) {
        top.keys("q");
      } else {
        String mine =
            App.HOME + "/cli/target/app/lib\0-m\0io.kvmstats.cli/io.kvmstats.cli.Main\0top";
        for (long pid : App.processes(mine)) {
          new ProcessBuilder("kill", "-" + end, Long.toString(pid)).start().waitFor();
        }
      }
      top.await("^exit: [0-9]+");
      top.type("stty -a; echo said");
      top.keys("Enter");
      assertThat(top.await("^said")).containsPattern("[^-]icanon").containsPattern("[^-]echo ");
    }
  }

  /** As that of a connection which hangs: what was written fills it up, and nobody reads. */
  @Test
  void aTerminalThatTakesNothingHoldsUpNoEnd() throws Exception {
    App.assumeCommand("python3");
    String stuck =
        """
        import array, fcntl, os, pty, signal, struct, sys, termios, time
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execv(sys.argv[1], sys.argv[1:])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 300, 250, 0, 0))
        waiting = array.array("i", [0])
        before, since = 0, time.monotonic()
        while before == 0 or time.monotonic() - since < 2:
            time.sleep(0.1)
            fcntl.ioctl(terminal, termios.FIONREAD, waiting)
            if waiting[0] != before:
                before, since = waiting[0], time.monotonic()
        os.kill(pid, signal.SIGTERM)
        _, status = os.waitpid(pid, 0)
        print("signal", os.waitstatus_to_exitcode(status))
        """;
    List<String> command = new ArrayList<>(List.of("python3", "-c", stuck));
    command.addAll(App.command("top", "-i", "0.1", "--broker", "none"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ended").isTrue();
      assertThat(process.inputReader().readAllAsString()).isEqualTo("signal 143\n");
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  void aBrokerThatStandsStillStopsNoKey() throws Exception {
    Path socket = config.resolve("socket");
    Process broker =
        new ProcessBuilder(App.command("broker", "--listen", socket.toString(), "-i", "0.2"))
            .redirectErrorStream(true)
            .start();
    try {
      assertThat(App.eventually(() -> Files.exists(socket))).isTrue();
      try (Tmux top =
          Tmux.start(
              100,
              30,
              List.of("XDG_CONFIG_HOME=" + config),
              App.command("top", "--broker", socket.toString(), "-i", "0.2"))) {
        top.await("^sleeper +.* dup");
        new ProcessBuilder("kill", "-STOP", Long.toString(broker.pid())).start().waitFor();
        top.await("no reading for [0-9]+ s");
        top.keys("?");
        top.await("what the|this help");
        top.keys("Escape");
        new ProcessBuilder("kill", "-CONT", Long.toString(broker.pid())).start().waitFor();
        assertThat(App.eventually(() -> !top.screen().contains("no reading"))).isTrue();
        top.await("^sleeper +.* dup");
      }
    } finally {
      broker.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void demoOpensIt() throws Exception {
    try (Tmux demo =
        Tmux.start(100, 30, List.of("XDG_CONFIG_HOME=" + config), App.command("demo"))) {
      demo.await("^demo-1 +kvmstats-g[a-z]* +2 +[0-9.]+");
      demo.keys("q");
      demo.await("^exit: 0");
    }
  }
}
