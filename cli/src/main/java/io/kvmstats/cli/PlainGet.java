package io.kvmstats.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The arguments of {@code get} in their usual forms, read without picocli, whose start takes about
 * as long as everything else that {@code get} does.
 *
 * <p>Whatever is not plain, such as {@code --help}, an abbreviation or a mistake, is left to
 * picocli: it knows all, and explains what is wrong.
 */
final class PlainGet {
  private PlainGet() {}

  /**
   * {@return the command to run, or empty where picocli should read the arguments}
   *
   * @param args the whole command line
   */
  static Optional<GetCommand> parse(String... args) {
    Deque<String> rest = new ArrayDeque<>(List.of(args));
    if (!"get".equals(rest.poll())) {
      return Optional.empty();
    }
    GetCommand get = new GetCommand();
    while (!rest.isEmpty()) {
      String option = rest.remove();
      String value = rest.poll();
      if (value == null || value.startsWith("-") || value.startsWith("@")) {
        return Optional.empty();
      }
      if (!set(get, option, value)) {
        return Optional.empty();
      }
    }
    return Optional.of(get);
  }

  private static boolean set(GetCommand get, String option, String value) {
    try {
      switch (option) {
        case "-p", "--pid" -> get.selection.pids.add(Selection.pid(value));
        case "--vm" -> get.selection.names.add(value);
        case "--stat" -> get.selection.globs.add(Selection.glob(value));
        case "--format" -> get.format.set(Format.valueOf(value.toUpperCase(Locale.ROOT)));
        default -> {
          return false;
        }
      }
      return true;
    } catch (IllegalArgumentException e) {
      return false; // Picocli says what is wrong with it.
    }
  }
}
