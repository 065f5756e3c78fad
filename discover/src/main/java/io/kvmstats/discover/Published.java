package io.kvmstats.discover;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells a process's own published statistics from others' that it reads.
 *
 * <p>The name of a memfd is anybody's choice, and a reader's duplicate has the same; but only the
 * publisher has it mapped for writing, since the seals let nobody else do so.
 */
final class Published {
  private final ProcFs proc;

  Published(ProcFs proc) {
    this.proc = proc;
  }

  /**
   * {@return of each memfd that a process publishes, one descriptor}
   *
   * @param pid the process
   * @param fds its descriptors
   */
  List<KvmFd> of(int pid, List<KvmFd> fds) throws IOException {
    List<KvmFd> named = fds.stream().filter(fd -> fd.kind().isPublished()).toList();
    if (named.isEmpty()) {
      return named; // As nearly every process: nothing more is read of it.
    }
    Set<Long> mapped = proc.writableMemfds(pid);
    Set<Long> seen = new HashSet<>();
    List<KvmFd> published = new ArrayList<>();
    for (KvmFd fd : named) {
      try {
        long inode = proc.inode(pid, fd.number());
        if (mapped.contains(inode) && seen.add(inode)) {
          published.add(fd);
        }
      } catch (NoSuchFileException e) {
        // Closed since it was listed.
      }
    }
    return published;
  }
}
