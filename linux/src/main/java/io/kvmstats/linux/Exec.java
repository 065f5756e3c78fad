package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Replaces this process by another program, and starts one that is no child of it. */
public final class Exec {
  private static final String SHELL = "/bin/sh";
  private static final int F_DUPFD = 0;
  private static final int F_SETFD = 2;
  private static final int FD_CLOEXEC = 1;
  private static final int SIG_SETMASK = 2;
  private static final long SIG_IGN = 1;
  private static final int CLONE_FILES = 0x400;
  private static final long SYS_CLOSE_RANGE = 436;
  private static final long SYS_RT_SIGACTION = 13;
  private static final long SIGSET_BYTES = 128;

  /** The kernel's struct sigaction, which starts with the handler. */
  private static final long SIGACTION_BYTES = 32;

  private static final int SIGNALS = 64;
  private static final long UINT_MAX = 0xffff_ffffL;
  private static final int HEX = 16;

  private static final MethodHandle EXECVP = Libc.bind("execvp");
  private static final MethodHandle POSIX_SPAWN = Libc.bind("posix_spawn");
  private static final MethodHandle WAITPID = Libc.bind("waitpid");
  private static final MethodHandle SIGMASK = Libc.bind("pthread_sigmask");
  private static final MethodHandle UNSHARE = Libc.bind("unshare");
  private static final MethodHandle DUP2 = Libc.bind("dup2");
  private static final MethodHandle PIPE = Libc.bind("pipe2");
  private static final MethodHandle SETSID = Libc.bind("setsid");

  private Exec() {}

  /**
   * A pipe, close-on-exec.
   *
   * @param readEnd what comes out of
   * @param writeEnd what goes into
   */
  public record Pipe(Fd readEnd, Fd writeEnd) {}

  /**
   * {@return a new pipe}
   *
   * @throws LinuxException EMFILE
   */
  public static Pipe pipe() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment fds = arena.allocate(2L * Integer.BYTES, Integer.BYTES);
      long result = Libc.integer(PIPE, fds.address(), Fd.O_CLOEXEC, 0, 0);
      LinuxException.check(result, "pipe2", "a pipe");
      return new Pipe(
          new Fd(fds.getAtIndex(ValueLayout.JAVA_INT, 0), "a pipe's end"),
          new Fd(fds.getAtIndex(ValueLayout.JAVA_INT, 1), "a pipe's start"));
    }
  }

  /**
   * Replaces this process by a program, which finds everything as this process found it: the
   * environment, descriptors, and signals that are blocked or ignored. Seccomp filters of the
   * calling thread become the program's.
   *
   * @param command the program, looked for in PATH, and its arguments, in the bytes that they came
   *     in
   * @param ignored the signals that were ignored when this process started: bit 0 is signal 1
   * @param jvmFiles folders of files that the JVM and this application have open for themselves
   * @return when there is no such program that can be started: why
   * @throws IOException when /proc can't be read
   */
  public static LinuxException replaceProcess(
      List<byte[]> command, long ignored, List<Path> jvmFiles) throws IOException {
    closeOnExec(jvmFiles);
    long blocked = blockedAtStart();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment argv = strings(arena, command);
      // The C library's own function takes none of the signals that it keeps for itself.
      MemorySegment ignore = arena.allocate(SIGACTION_BYTES, Long.BYTES);
      ignore.set(ValueLayout.JAVA_LONG, 0, SIG_IGN);
      for (int signal = 1; signal <= SIGNALS; signal++) {
        if ((ignored >> (signal - 1) & 1) != 0) {
          Libc.syscall(SYS_RT_SIGACTION, signal, ignore.address(), 0, Long.BYTES, 0);
        }
      }
      MemorySegment mask = arena.allocate(SIGSET_BYTES, Long.BYTES);
      mask.set(ValueLayout.JAVA_LONG, 0, blocked);
      Libc.call(SIGMASK, SIG_SETMASK, mask.address(), 0, 0, 0, 0);
      long file = argv.get(ValueLayout.JAVA_LONG, 0);
      long error = Libc.integer(EXECVP, file, argv.address(), 0, 0);
      return new LinuxException(
          "execvp", new String(command.getFirst(), StandardCharsets.UTF_8), (int) -error);
    }
  }

  private static void closeOnExec(List<Path> jvmFiles) throws IOException {
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path fd : fds) {
        try {
          Path file = Files.readSymbolicLink(fd);
          if (jvmFiles.stream().anyMatch(file::startsWith)) {
            Libc.fcntl(Integer.parseInt(fd.getFileName().toString()), F_SETFD, FD_CLOEXEC);
          }
        } catch (NoSuchFileException e) {
          // Closed meanwhile.
        }
      }
    }
  }

  /** The JVM's threads block signals of their own choice, but not the one that started it. */
  private static long blockedAtStart() throws IOException {
    int first = Math.toIntExact(ProcessHandle.current().pid());
    String blocked =
        ProcStatus.field(first, "SigBlk")
            .orElseThrow(() -> new IOException("/proc does not tell which signals are blocked"));
    return Long.parseUnsignedLong(blocked, HEX);
  }

  /**
   * Starts a program that is nobody's child: whoever waits for this process's children does not
   * meet it.
   *
   * @param command the program and its arguments
   * @param listener its descriptor 3
   * @param output its standard output and standard error; its input is empty
   * @throws IOException when it can't be started
   */
  public static void startDetached(List<String> command, SeccompListener listener, Fd output)
      throws IOException {
    // A shell that starts it in the background, and ends: then it is init's child. In a folder that
    // keeps no file system in use.
    List<String> words = new ArrayList<>(List.of(SHELL, "-c", "cd /; \"$@\" &", SHELL));
    words.addAll(command);
    try (Arena arena = Arena.ofShared()) {
      List<byte[]> arguments = words.stream().map(w -> w.getBytes(StandardCharsets.UTF_8)).toList();
      Start start = new Start(listener.number(), output.number(), strings(arena, arguments), arena);
      // A thread of its own can have a table of descriptors of its own. It is not to load a class
      // with that: everything has been made here.
      Thread thread = Thread.ofPlatform().unstarted(start);
      thread.start();
      thread.join();
      LinuxException.check(start.result, "the start", command.getFirst());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a process was started", e);
    }
  }

  /** What {@link #startDetached} does in a thread with descriptors of its own. */
  private static final class Start implements Runnable {
    private static final int STANDARD_ERROR = 2;
    private static final int LISTENER = 3;

    private final int listener;
    private final int output;
    private final MemorySegment argv;
    private final MemorySegment pid;

    /** Negative for what failed. */
    private long result;

    Start(int listener, int output, MemorySegment argv, Arena arena) {
      this.listener = listener;
      this.output = output;
      this.argv = argv;
      this.pid = arena.allocate(Integer.BYTES, Integer.BYTES);
    }

    @Override
    public void run() {
      if (failed(Libc.integer(UNSHARE, CLONE_FILES, 0, 0, 0))) {
        return;
      }
      // Out of the way first, wherever they are.
      long highOutput = Libc.fcntl(output, F_DUPFD, LISTENER + 1);
      long highListener = Libc.fcntl(listener, F_DUPFD, LISTENER + 1);
      if (failed(Libc.integer(DUP2, highOutput, 1, 0, 0))
          || failed(Libc.integer(DUP2, highOutput, STANDARD_ERROR, 0, 0))
          || failed(Libc.integer(DUP2, highListener, LISTENER, 0, 0))
          || failed(Libc.syscall(SYS_CLOSE_RANGE, LISTENER + 1, UINT_MAX, 0, 0, 0))) {
        return;
      }
      long shell = argv.get(ValueLayout.JAVA_LONG, 0);
      // Without an environment: it is the user's, for his program.
      if (!failed(-Libc.call(POSIX_SPAWN, pid.address(), shell, 0, 0, argv.address(), 0))) {
        do {
          result = Libc.integer(WAITPID, pid.get(ValueLayout.JAVA_INT, 0), 0, 0, 0);
        } while (result == -Errno.EINTR);
      }
    }

    private boolean failed(long outcome) {
      result = outcome;
      return outcome < 0;
    }
  }

  /**
   * Leaves the terminal and its signals to others: setsid(2).
   *
   * @throws LinuxException EPERM for a process that leads others
   */
  public static void leaveSession() throws LinuxException {
    LinuxException.check(Libc.integer(SETSID, 0, 0, 0, 0), "setsid", "this process");
  }

  private static MemorySegment strings(Arena arena, List<byte[]> strings) {
    MemorySegment pointers = arena.allocate(ValueLayout.JAVA_LONG, strings.size() + 1L);
    for (int i = 0; i < strings.size(); i++) {
      byte[] bytes = strings.get(i);
      MemorySegment string = arena.allocate(bytes.length + 1L);
      MemorySegment.copy(bytes, 0, string, ValueLayout.JAVA_BYTE, 0, bytes.length);
      pointers.setAtIndex(ValueLayout.JAVA_LONG, i, string.address());
    }
    return pointers;
  }
}
