package io.kvmstats.exec;

import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Kcmp;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The VMs and vCPUs of the program, known by the open file behind their descriptors, whatever their
 * numbers and in whichever of its processes.
 *
 * <p>Any thread adds; one thread, the one that answers, finds and releases.
 */
final class ProgramObjects {
  private static final int SELF = Math.toIntExact(ProcessHandle.current().pid());

  /** A descriptor may be moved while we look; not twice. */
  private static final int MISSES_MAX = 2;

  /** A power of two. */
  private static final int RECENT = 256;

  /** So few are not worth to be looked at out of turn. */
  private static final int FEW = 16;

  /** In the kernel's order of their open files. */
  private final List<ProgramObject> objects = new ArrayList<>();

  /**
   * What was found last behind a descriptor, by the lower bits of its number: most often it still
   * is, and one comparison says so, where a search takes as many as the number of objects has bits.
   */
  private final @Nullable ProgramObject[] recent = new @Nullable ProgramObject[RECENT];

  private final Set<ProgramVm> unreadable = new HashSet<>();

  /** How many it takes to look at them out of turn. */
  private int many = FEW;

  /** Adds an object that is not there. */
  synchronized void add(ProgramObject object) throws LinuxException {
    objects.add(-search(SELF, object.file().number()) - 1, object);
  }

  /** {@return whether there are none} */
  synchronized boolean isEmpty() {
    return objects.isEmpty();
  }

  /**
   * Finds the object behind a descriptor.
   *
   * @param thread of the program; does not end meanwhile
   * @param fd a descriptor of its, or any other number
   * @return null when it is none that we know
   */
  synchronized @Nullable ProgramObject find(int thread, int fd) throws LinuxException {
    int place = fd & (RECENT - 1);
    ProgramObject object = recent[place];
    try {
      if (object == null || compare(object, thread, fd) != 0) {
        int at = search(thread, fd);
        if (at < 0) {
          return null;
        }
        object = objects.get(at);
        recent[place] = object;
      }
    } catch (LinuxException e) {
      if (e.errno() == Errno.EBADF) {
        return null;
      }
      throw e;
    }
    return unreadable.contains(object.vm()) ? null : object;
  }

  private int search(int thread, int fd) throws LinuxException {
    int low = 0;
    int high = objects.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = compare(objects.get(middle), thread, fd);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -low - 1;
  }

  private static int compare(ProgramObject object, int thread, int fd) throws LinuxException {
    return Kcmp.compareFiles(SELF, object.file().number(), thread, fd);
  }

  /** From now on a VM is none that we know: not all of its vCPUs can be read. */
  synchronized void giveUp(ProgramVm vm) {
    unreadable.add(vm);
  }

  /**
   * Releases if there are many: a program may make and close many between two looks. It may also
   * have as many, and looking at each of them for each new one would take the longer the more.
   */
  synchronized void releaseIfMany() {
    if (objects.size() >= many) {
      release();
      many = Math.max(FEW, 2 * objects.size());
    }
  }

  /**
   * Closes what we hold of VMs that the program has closed: it would keep them alive in the kernel.
   */
  synchronized void release() {
    Set<ProgramVm> vms = new HashSet<>();
    objects.forEach(object -> vms.add(object.vm()));
    Set<Integer> owners = new HashSet<>();
    vms.forEach(vm -> owners.add(vm.owner().process()));
    Set<ProgramVm> found = new HashSet<>();
    for (int owner : owners) {
      try {
        findVms(owner, found);
      } catch (IOException e) {
        // Who can't be looked at is taken to hold them all; its end is seen.
        vms.stream().filter(vm -> vm.owner().process() == owner).forEach(found::add);
      }
    }
    vms.removeIf(vm -> vm.miss(found.contains(vm)) < MISSES_MAX);
    objects.removeIf(object -> vms.contains(object.vm()));
    if (!vms.isEmpty()) {
      Arrays.fill(recent, null);
    }
    unreadable.removeAll(vms);
    vms.forEach(ProgramVm::close);
  }

  /**
   * Looks through the descriptors of a process: through each table, where threads have their own.
   */
  private void findVms(int process, Set<ProgramVm> found) throws IOException {
    List<Integer> seen = new ArrayList<>();
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc/" + process + "/task"))) {
      for (Path folder : threads) {
        int thread = Integer.parseInt(folder.getFileName().toString());
        if (!isIn(seen, thread)) {
          findVmsOf(thread, found);
          seen.add(thread);
        }
      }
    } catch (NoSuchFileException e) {
      // It has ended.
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private static boolean isIn(List<Integer> seen, int thread) throws LinuxException {
    for (int other : seen) {
      try {
        if (Kcmp.haveSameFds(other, thread)) {
          return true;
        }
      } catch (LinuxException e) {
        if (e.errno() != Errno.ESRCH) {
          throw e;
        }
      }
    }
    return false;
  }

  private void findVmsOf(int thread, Set<ProgramVm> found) throws IOException {
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/" + thread + "/fd"))) {
      for (Path fd : fds) {
        if (isVmOrVcpu(fd)) {
          ProgramObject object = find(thread, Integer.parseInt(fd.getFileName().toString()));
          if (object != null) {
            found.add(object.vm());
          }
        }
      }
    } catch (NoSuchFileException e) {
      // It has ended.
    } catch (DirectoryIteratorException e) {
      throw e.getCause(); // It has just ended, perhaps: the next look will tell.
    }
  }

  private static boolean isVmOrVcpu(Path fd) {
    try {
      String link = Files.readSymbolicLink(fd).toString();
      return link.equals("anon_inode:kvm-vm") || link.startsWith("anon_inode:kvm-vcpu:");
    } catch (IOException e) {
      return false; // Closed meanwhile.
    }
  }
}
