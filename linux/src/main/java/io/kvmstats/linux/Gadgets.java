package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * Instructions of an x86-64 process that {@link Injection} has a thread run: they are there
 * already, so that nothing of its code has to be changed.
 *
 * @param systemCall the address of {@code syscall; ret}, 0 where there is none
 * @param restorer the address of {@code mov $15, %rax; syscall}, which is rt_sigreturn(2): where
 *     signal handlers return to, in the C library or what a program has in its place; 0 where there
 *     is none
 */
public record Gadgets(long systemCall, long restorer) {
  private static final byte[] SYSTEM_CALL = bytes("0f05c3");

  /** As glibc and musl encode it, and the shorter way. */
  private static final List<byte[]> RESTORERS =
      List.of(bytes("48c7c00f0000000f05"), bytes("b80f0000000f05"));

  /** Both, filled up to whole words. */
  private static final byte[] PLANTED = bytes("0f05c348c7c00f0000000f0500000000");

  private static final int PLANTED_RESTORER = 3;

  /** A program may be large; the C library is looked at before it. */
  private static final int CODE_BYTES_MAX = 512 << 20;

  private static final int CHUNK_BYTES = 64 * 1024;

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  /**
   * Looks for them, which may take a tenth of a second: best before a thread is stopped.
   *
   * @param thread of the process
   * @return where they are
   * @throws IOException when the process can't be read, or has a shadow stack, which lets no such
   *     return happen
   */
  public static Gadgets of(int thread) throws IOException {
    if (hasShadowStack(thread)) {
      throw new IOException("thread " + thread + " has a shadow stack, which allows no detour");
    }
    List<MemoryMap> code = code(thread);
    Search search = new Search(thread);
    long budget = CODE_BYTES_MAX;
    for (MemoryMap map : code) {
      search.look(map.start(), Math.min(map.end() - map.start(), budget));
      budget -= map.end() - map.start();
      if (search.isDone() || budget <= 0) {
        break;
      }
    }
    return new Gadgets(search.systemCall, search.restorer);
  }

  private static List<MemoryMap> code(int thread) throws IOException {
    List<MemoryMap> code = new ArrayList<>(MemoryMap.of(thread));
    code.removeIf(map -> !map.isCode());
    code.sort(Comparator.comparingInt(Gadgets::rank)); // Else as they were: by address.
    return code;
  }

  /**
   * {@return these, if they are still there, or planted where there were none}
   *
   * @param tracee a stopped thread of the process
   * @throws IOException when something else is there now, or there is no room for them
   */
  Gadgets in(Tracee tracee) throws IOException {
    if (systemCall == 0 || restorer == 0) {
      return plant(tracee, code(tracee.tid()));
    }
    if (!isAt(tracee, systemCall, SYSTEM_CALL)
        || RESTORERS.stream().noneMatch(bytes -> isAt(tracee, restorer, bytes))) {
      throw new IOException("the code of " + tracee + " has changed: try again");
    }
    return this;
  }

  private static boolean isAt(Tracee tracee, long address, byte[] expected) {
    byte[] there = new byte[expected.length];
    long read = tracee.memory().read(tracee.tid(), address, MemorySegment.ofArray(there));
    return read == there.length && Arrays.equals(there, expected);
  }

  private static Gadgets plant(Tracee tracee, List<MemoryMap> code) throws IOException {
    if (code.isEmpty() || rank(code.getFirst()) != 0) {
      throw new IOException("the code of " + tracee + " has no way back from a signal handler");
    }
    MemoryMap vdso = code.getFirst();
    long address = vdso.end() - PLANTED.length;
    byte[] there = new byte[PLANTED.length];
    long read = tracee.memory().read(tracee.tid(), address, MemorySegment.ofArray(there));
    boolean planted = Arrays.equals(there, PLANTED); // For another thread, just now.
    if (!planted && (read != there.length || !Arrays.equals(there, new byte[there.length]))) {
      throw new IOException("the vDSO of " + tracee + " has no room at its end");
    }
    for (int at = 0; at < PLANTED.length && !planted; at += Long.BYTES) {
      long word = MemorySegment.ofArray(PLANTED).get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      tracee.poke(address + at, word);
    }
    return new Gadgets(address, address + PLANTED_RESTORER);
  }

  private static boolean hasShadowStack(int thread) throws IOException {
    return ProcStatus.field(thread, "x86_Thread_features")
        .filter(features -> features.contains("shstk"))
        .isPresent();
  }

  /** Small ones that have what we look for come first. */
  private static int rank(MemoryMap map) {
    if (map.name().equals("[vdso]")) {
      return 0;
    }
    String file = map.name().substring(map.name().lastIndexOf('/') + 1);
    return file.startsWith("libc") || file.startsWith("ld-") ? 1 : 2;
  }

  private static final class Search {
    private static final int OVERLAP = 16;

    private final ProcessMemory memory = new ProcessMemory();
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private final int thread;
    private long systemCall;
    private long restorer;

    Search(int thread) {
      this.thread = thread;
    }

    boolean isDone() {
      return systemCall != 0 && restorer != 0;
    }

    void look(long start, long bytes) {
      for (long at = 0; at < bytes && !isDone(); at += CHUNK_BYTES - OVERLAP) {
        int length = (int) Math.min(CHUNK_BYTES, bytes - at);
        MemorySegment into = MemorySegment.ofArray(chunk).asSlice(0, length);
        int read = (int) memory.read(thread, start + at, into);
        if (systemCall == 0) {
          systemCall = find(SYSTEM_CALL, start + at, read);
        }
        for (byte[] pattern : RESTORERS) {
          if (restorer == 0) {
            restorer = find(pattern, start + at, read);
          }
        }
      }
    }

    /** {@return where a pattern is, 0 when it isn't in what was read} */
    private long find(byte[] pattern, long start, int read) {
      for (int i = 0; i + pattern.length <= read; i++) {
        int same = 0;
        while (same < pattern.length && chunk[i + same] == pattern[same]) {
          same++;
        }
        if (same == pattern.length) {
          return start + i;
        }
      }
      return 0;
    }
  }
}
