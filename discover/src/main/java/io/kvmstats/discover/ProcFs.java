package io.kvmstats.discover;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads /proc, with a bound on everything.
 *
 * <p>The root is a parameter so that tests can make one up. Thread-safe.
 */
class ProcFs {
  /** A command line may have megabytes; a VM's name comes early, and QEMU's are a few KiB. */
  private static final int TEXT_BYTES_MAX = 256 << 10;

  /** vm.max_map_count is 65,530 by default, and a line of a memfd's has some 100 bytes. */
  private static final int MAPS_BYTES_MAX = 16 << 20;

  /** PID_MAX_LIMIT is 4,194,304 (include/linux/threads.h, Linux 6.12); fds have as many. */
  private static final int NUMBER_DIGITS_MAX = 9;

  /**
   * How many descriptors of a process are looked at in its first scan: all that a VMM has. The
   * largest VM has 4,096 vCPUs (x86, Linux 6.12), each may have a stats fd, and as many may be
   * others.
   */
  static final int FDS_MAX = 16_384;

  /** In a later scan it is a part of these. */
  static final int LATER_SHARE = 4;

  private final Path root;
  private final int fdsMax;

  ProcFs(Path root) {
    this(root, FDS_MAX);
  }

  /** Makes one for tests, that looks at fewer descriptors at once. */
  ProcFs(Path root, int fdsMax) {
    this.root = root;
    this.fdsMax = fdsMax;
  }

  /** {@return the processes' pids, in no order} */
  List<Integer> pids() throws IOException {
    return numbers(root);
  }

  /** {@return the first of the descriptors' numbers, in the kernel's order: the lowest first} */
  List<Integer> fds(int pid, int max) throws IOException {
    return numbers(process(pid).resolve("fd"), max);
  }

  /** {@return the threads' tids, in no order} */
  List<Integer> tids(int pid) throws IOException {
    return numbers(process(pid).resolve("task"));
  }

  /**
   * {@return how many threads the process has, and more by a constant: the links of their folder}
   */
  long threads(int pid) throws IOException {
    return ((Number) Files.getAttribute(process(pid).resolve("task"), "unix:nlink")).longValue();
  }

  /** {@return what a descriptor's link says} */
  String fdLink(int pid, int fd) throws IOException {
    return Files.readSymbolicLink(process(pid).resolve("fd").resolve(Integer.toString(fd)))
        .toString();
  }

  /**
   * A process's folder of descriptors, without looking into it.
   *
   * @param folder tells it from every other process's: the inode, and when it was made. Both are
   *     new when a pid comes again, and may be when it does not
   * @param count how many descriptors there are, if the kernel {@link #countsFds}
   */
  record FdTable(Object folder, long count) {}

  private record Folder(@Nullable Object inode, FileTime made) {}

  /** {@return the folder of a process's descriptors, which every user may ask for} */
  FdTable fdTable(int pid) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(process(pid).resolve("fd"), BasicFileAttributes.class);
    return new FdTable(
        new Folder(attributes.fileKey(), attributes.lastModifiedTime()), attributes.size());
  }

  /** {@return whether the kernel counts descriptors in {@link #fdTable}: since Linux 6.2} */
  boolean countsFds() {
    try {
      return Files.size(root.resolve("self").resolve("fd")) > 0;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * What a process holds that tells who it is.
   *
   * @param kvm the descriptors of KVM's, and those named so, by number
   * @param pidfds the numbers of those of other processes, in no order
   * @param next the number to go on at, 0 when all have been looked at
   */
  record Fds(List<KvmFd> kvm, List<Integer> pidfds, int next) {
    private static final Fds NONE = new Fds(List.of(), List.of(), 0);
  }

  /**
   * {@return what a process holds, by the links of its descriptors}
   *
   * <p>Of up to {@link #FDS_MAX}, and then of a share of these, from where the last look ended: who
   * has more is not to hold up every scan. What is known is looked at too, wherever it is, so that
   * nothing seems gone that is there.
   *
   * @param pid the process
   * @param before what the last look at it found, if there was one
   */
  Fds kvmFds(int pid, Optional<Fds> before) throws IOException {
    Fds known = before.orElse(Fds.NONE);
    int max = before.isEmpty() ? fdsMax : fdsMax / LATER_SHARE;
    List<Integer> numbers;
    int next;
    if (known.next == 0) {
      numbers = fds(pid, max + 1);
      next = numbers.size() > max ? numbers.removeLast() : 0;
    } else { // By number: to list those behind, the kernel would have to list all before them.
      int size = fdTableSize(pid);
      int end = Math.min(known.next + max, size);
      numbers = new ArrayList<>(IntStream.range(known.next, end).boxed().toList());
      next = end < size ? end : 0;
    }
    Stream.concat(known.kvm.stream().map(KvmFd::number), known.pidfds.stream())
        .filter(number -> number < known.next || (next != 0 && number >= next))
        .forEach(numbers::add);
    return kvmFds(pid, numbers, next);
  }

  private Fds kvmFds(int pid, List<Integer> numbers, int next) throws IOException {
    List<KvmFd> kvm = new ArrayList<>();
    List<Integer> pidfds = new ArrayList<>();
    for (int number : numbers) {
      try {
        String link = fdLink(pid, number);
        KvmFd.parse(number, link).ifPresent(kvm::add);
        if (isPidfd(link)) {
          pidfds.add(number);
        }
      } catch (AccessDeniedException e) {
        throw e; // So is every other one.
      } catch (FileSystemException e) {
        // Closed since the folder was listed, or an odd file of a long name: KVM's are short.
      }
    }
    // Where these are too many as well, VMs before vCPUs, and statistics last.
    Comparator<KvmFd> byNumber = Comparator.comparingInt(KvmFd::number);
    kvm.sort(Comparator.comparing(KvmFd::kind).thenComparing(byNumber));
    return new Fds(
        kvm.stream().limit(fdsMax).sorted(byNumber).toList(),
        pidfds.stream().limit(fdsMax).toList(),
        next);
  }

  /** {@return the number that all descriptors are below} */
  private int fdTableSize(int pid) throws IOException {
    int size = Digits.parse(field(status(pid, pid), "FDSize"), NUMBER_DIGITS_MAX);
    if (size == Digits.NONE) {
      throw new IOException("/proc/" + pid + "/status has no number in FDSize");
    }
    return size;
  }

  /** They have inodes of their own since Linux 6.9. */
  private static boolean isPidfd(String link) {
    return link.equals("anon_inode:[pidfd]") || link.startsWith("pidfd:[");
  }

  /** {@return the process that a pidfd is of, unless it has ended} */
  Optional<Integer> pidOfPidfd(int pid, int fd) throws IOException {
    String info = text(process(pid).resolve("fdinfo").resolve(Integer.toString(fd)));
    return info.lines()
        .filter(line -> line.startsWith("Pid:"))
        .map(line -> Digits.parse(line.substring("Pid:".length()).strip(), NUMBER_DIGITS_MAX))
        .filter(number -> number > 0)
        .findFirst();
  }

  /** {@return the inode that a descriptor is open on} */
  long inode(int pid, int fd) throws IOException {
    Path open = process(pid).resolve("fd").resolve(Integer.toString(fd));
    return ((Number) Files.getAttribute(open, "unix:ino")).longValue();
  }

  /**
   * {@return the inodes of the memfds that the process has mapped for writing, shared with others}
   *
   * <p>A line is {@code 7f1c-7f1d rw-s 00000000 00:01 1234 /memfd:NAME (deleted)}
   * (proc_pid_maps(5)).
   */
  Set<Long> writableMemfds(int pid) throws IOException {
    Set<Long> inodes = new HashSet<>();
    for (String line : text(process(pid).resolve("maps"), MAPS_BYTES_MAX).split("\n", -1)) {
      String[] fields = line.split(" +", 6);
      if (fields.length == 6 && fields[1].matches("rw.s") && fields[5].startsWith("/memfd:")) {
        try {
          inodes.add(Long.parseUnsignedLong(fields[4]));
        } catch (NumberFormatException e) {
          throw new IOException("/proc/" + pid + "/maps has no inode in a memfd's line", e);
        }
      }
    }
    return inodes;
  }

  /** {@return the arguments of the process, the program's name first; none of a kernel thread} */
  List<String> commandLine(int pid) throws IOException {
    String all = text(process(pid).resolve("cmdline"));
    List<String> arguments = new ArrayList<>();
    for (int start = 0; start < all.length(); ) {
      int end = all.indexOf('\0', start);
      end = end < 0 ? all.length() : end;
      arguments.add(all.substring(start, end));
      start = end + 1;
    }
    return arguments;
  }

  /** {@return the process's cgroups, one of each hierarchy a line (cgroups(7))} */
  String cgroup(int pid) throws IOException {
    return text(process(pid).resolve("cgroup"));
  }

  /** {@return this process's own pid namespace: {@code pid:[INODE]}} */
  String pidNamespace() throws IOException {
    return Files.readSymbolicLink(root.resolve("self").resolve("ns").resolve("pid")).toString();
  }

  /**
   * {@return how many pid namespaces the process has a pid in, from that of this /proc on inwards}
   */
  int pidNamespaces(int pid) throws IOException {
    String[] pids = field(status(pid, pid), "NSpid").split("\\s+", -1);
    return pids.length;
  }

  /** {@return the process's name, which it may set itself; 15 bytes at most} */
  String comm(int pid) throws IOException {
    return text(process(pid).resolve("comm")).stripTrailing();
  }

  /** {@return a thread's name, which it may set itself; 15 bytes at most} */
  String comm(int pid, int tid) throws IOException {
    return text(task(pid, tid).resolve("comm")).stripTrailing();
  }

  /** {@return what a thread's status file says, a field a line (proc_pid_status(5))} */
  String status(int pid, int tid) throws IOException {
    return text(task(pid, tid).resolve("status"));
  }

  /**
   * {@return a field of {@link #status}}
   *
   * <p>The name comes first, with its line ends escaped, so that it can't pass for another field.
   */
  static String field(String status, String name) throws IOException {
    return status
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElseThrow(() -> new IOException("/proc/PID/task/TID/status has no " + name));
  }

  /** {@return which system call a thread is in (proc_pid_syscall(5)), without the line's end} */
  String systemCall(int pid, int tid) throws IOException {
    return text(task(pid, tid).resolve("syscall")).stripTrailing();
  }

  /** {@return whether the process has ended, and waits for its parent to notice: a zombie} */
  boolean hasEnded(int pid) throws IOException {
    return statBehindName(pid)[0].equals("Z");
  }

  /** {@return when the process started, in clock ticks after boot} */
  long startTicks(int pid) throws IOException {
    String[] behindName = statBehindName(pid);
    int startTime = 22 - 3; // Fields are counted from 1, and the first behind the name is number 3.
    if (behindName.length <= startTime) {
      throw new IOException("/proc/" + pid + "/stat has too few fields");
    }
    try {
      return Long.parseUnsignedLong(behindName[startTime]);
    } catch (NumberFormatException e) {
      throw new IOException("/proc/" + pid + "/stat has no start time", e);
    }
  }

  /** {@return when the host was started, in seconds since 1970} */
  long bootEpochSeconds() throws IOException {
    String start = "btime ";
    for (String line : text(root.resolve("stat")).split("\n", -1)) {
      if (line.startsWith(start)) {
        try {
          return Long.parseLong(line.substring(start.length()));
        } catch (NumberFormatException e) {
          throw new IOException("/proc/stat: no number in '" + line + "'", e);
        }
      }
    }
    throw new IOException("/proc/stat has no btime");
  }

  /**
   * The fields of /proc/PID/stat behind the name, which may contain anything (proc_pid_stat(5)).
   */
  private String[] statBehindName(int pid) throws IOException {
    String stat = text(process(pid).resolve("stat"));
    return stat.substring(stat.lastIndexOf(')') + 1).trim().split(" ", -1);
  }

  private Path process(int pid) {
    return root.resolve(Integer.toString(pid));
  }

  private Path task(int pid, int tid) {
    return process(pid).resolve("task").resolve(Integer.toString(tid));
  }

  private static List<Integer> numbers(Path directory) throws IOException {
    return numbers(directory, Integer.MAX_VALUE);
  }

  private static List<Integer> numbers(Path directory, int max) throws IOException {
    List<Integer> numbers = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (numbers.size() == max) {
          break;
        }
        int number = Digits.parse(entry.getFileName().toString(), NUMBER_DIGITS_MAX);
        if (number != Digits.NONE) {
          numbers.add(number);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return numbers;
  }

  /** What is not UTF-8 becomes U+FFFD: names are for people. */
  private static String text(Path file) throws IOException {
    return text(file, TEXT_BYTES_MAX);
  }

  private static String text(Path file, int bytesMax) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(bytesMax), StandardCharsets.UTF_8);
    }
  }
}
