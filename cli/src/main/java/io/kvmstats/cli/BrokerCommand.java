package io.kvmstats.cli;

import io.kvmstats.broker.Broker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code kvmstats broker}. */
@Command(
    name = "broker",
    description = {
      "Reads all VMs of this host, as root, for those who are not: list, get, watch and the others"
          + " read from it when it is there. Runs until it is interrupted.",
      "Whoever may connect to its socket may map its table, read-only, and reads from there without"
          + " a system call. docs/broker.md has the protocol and the layout.",
      "SIGHUP has it take the table away from all who have it: it is not written any more, and who"
          + " may still connect, by the socket's mode and group of now, gets another one. What was"
          + " handed in is given back."
    },
    mixinStandardHelpOptions = true)
final class BrokerCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--listen",
      paramLabel = "SOCKET",
      description = "Where to listen; /run/kvmstats/broker.sock by default.")
  private Path path = SourceOptions.DEFAULT_BROKER;

  @Option(
      names = "--mode",
      paramLabel = "OCTAL",
      converter = OctalMode.class,
      description = "Who may connect: those who may write to the socket; 660 by default.")
  private Mode mode = new Mode(PosixFilePermissions.fromString("rw-rw----"));

  @Option(
      names = "--group",
      paramLabel = "GROUP",
      description = "The socket's group, whose members may connect; the broker's own by default.")
  private @Nullable String group;

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECONDS",
      converter = Interval.class,
      description = "The time from one reading to the next; 1 by default.")
  private Duration interval = Duration.ofSeconds(1);

  @Option(
      names = "--shortest",
      paramLabel = "SECONDS",
      converter = Interval.class,
      description = "The shortest interval a client gets that asks; 0.1 by default.")
  private Duration shortest = Duration.ofMillis(100);

  @Mixin private AttachOption attach = new AttachOption();

  /** One value: of an option that is a set, several would add up. */
  record Mode(Set<PosixFilePermission> permissions) {}

  /** Turns octal digits into permissions. */
  static final class OctalMode implements ITypeConverter<Mode> {
    private static final int OCTAL = 8;
    private static final int ALL = 0777;

    @Override
    public Mode convert(String text) {
      int mode;
      try {
        mode = Integer.parseInt(text, OCTAL);
      } catch (NumberFormatException e) {
        mode = -1;
      }
      if (mode < 0 || mode > ALL) {
        throw new TypeConversionException("'" + text + "' is no mode: three octal digits are");
      }
      Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
      PosixFilePermission[] fromTheLeft = PosixFilePermission.values();
      for (int i = 0; i < fromTheLeft.length; i++) {
        if ((mode >> (fromTheLeft.length - 1 - i) & 1) != 0) {
          permissions.add(fromTheLeft[i]);
        }
      }
      return new Mode(permissions);
    }
  }

  @Override
  public Integer call() throws IOException {
    if (shortest.compareTo(interval) > 0) {
      throw new ParameterException(
          spec.commandLine(), "--shortest is longer than --interval: give at most that");
    }
    makeFolder();
    CountDownLatch done = new CountDownLatch(1);
    try (Broker broker =
        new Broker(path, mode.permissions(), interval, shortest, attach.get(), Messages::say)) {
      giveToGroup();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker, done)));
      Hangup.handle(broker::replaceTable);
      Messages.say("reads this host's VMs, for who may connect to " + path);
      broker.run();
    } finally {
      done.countDown();
    }
    return Exit.DONE;
  }

  /** The default's is nobody's but ours to make. */
  private void makeFolder() throws IOException {
    Path folder = SourceOptions.DEFAULT_BROKER.getParent();
    if (path.equals(SourceOptions.DEFAULT_BROKER) && folder != null && !Files.exists(folder)) {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    }
  }

  private void giveToGroup() throws IOException {
    if (group != null) {
      GroupPrincipal principal;
      try {
        principal =
            path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
      } catch (UserPrincipalNotFoundException e) {
        throw new IOException("there is no group " + group, e);
      }
      Files.getFileAttributeView(path, PosixFileAttributeView.class).setGroup(principal);
    }
  }

  /** A signal's end is in order: the socket's file goes. */
  private static void stop(Broker broker, CountDownLatch done) {
    broker.stop();
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
