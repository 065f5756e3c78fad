package io.kvmstats.discover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What /proc says of a VMM for those who speak to it: its command line, its user, its threads, and
 * where its files are.
 *
 * <p>All of it is the process's as long as its pidfd says that it is alive. Immutable.
 *
 * @param pid the process
 */
public record VmmProcess(int pid) {
  private static final ProcFs PROC = new ProcFs(Path.of("/proc"));
  private static final int NUMBER_DIGITS_MAX = 9;

  /**
   * {@return the arguments of the process, the program's name first}
   *
   * @throws IOException when there is no such process
   */
  public List<String> commandLine() throws IOException {
    return PROC.commandLine(pid);
  }

  /**
   * {@return its effective user's number}
   *
   * @throws IOException when there is no such process
   */
  public int user() throws IOException {
    return number(PROC.status(pid, pid), "Uid:", 1);
  }

  /**
   * {@return its threads' numbers as it knows them itself: in a container others than ours}
   *
   * @throws IOException when there is no such process
   */
  public Set<Integer> ownTids() throws IOException {
    Set<Integer> own = new HashSet<>();
    for (int tid : PROC.tids(pid)) {
      try {
        own.add(number(PROC.status(pid, tid), "NSpid:", -1));
      } catch (NoSuchFileException e) {
        // The thread has ended.
      }
    }
    return own;
  }

  /** {@return a number of a field of a status file; a negative index counts from its end} */
  private static int number(String status, String field, int index) throws IOException {
    for (String line : status.split("\n", -1)) {
      if (line.startsWith(field)) {
        String[] numbers = line.substring(field.length()).strip().split("\\s+", -1);
        int at = index < 0 ? numbers.length + index : index;
        int number =
            at < numbers.length ? Digits.parse(numbers[at], NUMBER_DIGITS_MAX) : Digits.NONE;
        if (number != Digits.NONE) {
          return number;
        }
      }
    }
    throw new IOException("a status file in /proc has no number in " + field);
  }

  /**
   * {@return a file that the process names, where this process finds it: below the other's working
   * folder, and below its root if that is another than ours}
   *
   * <p>Symbolic links on the way are followed from our root, as the kernel does: what is found
   * there is still to be checked.
   *
   * @param path as the process names it
   * @throws IOException when there is no such process, or its root may not be looked up
   */
  public Path find(String path) throws IOException {
    Path process = Path.of("/proc", Integer.toString(pid));
    Path named;
    try {
      named = Path.of(path);
    } catch (InvalidPathException e) {
      throw new IOException("its path has characters that this locale can't have", e);
    }
    if (!named.isAbsolute()) {
      named = Files.readSymbolicLink(process.resolve("cwd")).resolve(named);
    }
    boolean sameRoot = sameFile(process.resolve("root"), Path.of("/proc/self/root"));
    boolean sameMounts =
        Files.readSymbolicLink(process.resolve("ns/mnt"))
            .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")));
    return sameRoot && sameMounts
        ? named
        : process.resolve("root").resolve(Path.of("/").relativize(named));
  }

  private static boolean sameFile(Path one, Path other) throws IOException {
    return Files.readSymbolicLink(one).equals(Files.readSymbolicLink(other));
  }
}
