package io.kvmstats.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** Where the program starts. */
public final class Main {
  private Main() {}

  /**
   * Runs a command and ends the JVM with its exit code.
   *
   * @param args as given on the command line
   * @throws Exception a defect
   */
  public static void main(String[] args) throws Exception {
    System.exit(run(args));
  }

  static int run(String... args) throws Exception {
    Optional<GetCommand> get = PlainGet.parse(args);
    if (get.isEmpty()) {
      return KvmstatsCommand.execute(args);
    }
    try {
      return get.get().call();
    } catch (Exception e) {
      return failed(e);
    }
  }

  /** What goes wrong is said in a line; a stack trace helps no user. */
  static int failed(Exception e) throws Exception {
    if (e instanceof Output.ClosedException) {
      return Exit.FAILED; // As the signal would have it: whoever read has gone, silently.
    }
    if (e instanceof IOException) {
      Messages.say(what(e));
      return Exit.FAILED;
    }
    throw e; // A defect: its stack trace is for us.
  }

  /** Those of files have only the file's name for a message. */
  static String what(Exception e) {
    return switch (e) {
      case NoSuchFileException none -> "there is no file " + none.getFile();
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      default -> String.valueOf(e.getMessage());
    };
  }
}
