package io.kvmstats.discover;

import java.util.Optional;

/**
 * A descriptor of KVM's that a process holds, or one named so, as its link in /proc/PID/fd tells.
 *
 * @param kind what it is
 * @param number its number in that process; another one's after it is closed there
 * @param vcpu the vCPU's number, {@link #NO_VCPU} of a VM's
 */
public record KvmFd(Kind kind, int number, int vcpu) {
  /** The vCPU's number where there is none. */
  public static final int NO_VCPU = -1;

  /**
   * Only the kernel names an inode so: the link of a file, even of a memfd, starts with a slash.
   */
  private static final String INODE = "anon_inode:";

  /** The link of a memfd; a deleted file's can be the same. */
  private static final String MEMFD = "/memfd:";

  private static final String DELETED = " (deleted)";

  /** What a descriptor gives access to. */
  public enum Kind {
    /** A VM: {@code anon_inode:kvm-vm}. */
    VM(INODE, "kvm-vm", false),
    /** A vCPU: {@code anon_inode:kvm-vcpu:N}. */
    VCPU(INODE, "kvm-vcpu:", true),
    /** A VM's statistics: {@code anon_inode:kvm-vm-stats}. */
    VM_STATS(INODE, "kvm-vm-stats", false),
    /** A vCPU's statistics: {@code anon_inode:kvm-vcpu-stats:N}. */
    VCPU_STATS(INODE, "kvm-vcpu-stats:", true),
    /** A VM's statistics by a process's own account: {@code /memfd:kvm-vm-stats (deleted)}. */
    PUBLISHED_VM_STATS(MEMFD, "kvm-vm-stats", false),
    /** A vCPU's, by a process's own account: {@code /memfd:kvm-vcpu-stats:N (deleted)}. */
    PUBLISHED_VCPU_STATS(MEMFD, "kvm-vcpu-stats:", true);

    private final String start;
    private final String end;
    private final boolean ofVcpu;

    Kind(String prefix, String name, boolean ofVcpu) {
      this.start = prefix + name;
      this.end = prefix.equals(MEMFD) ? DELETED : "";
      this.ofVcpu = ofVcpu;
    }

    /** {@return whether the bytes are a process's and not the kernel's} */
    public boolean isPublished() {
      return this == PUBLISHED_VM_STATS || this == PUBLISHED_VCPU_STATS;
    }
  }

  /** Vcpu ids are below KVM_MAX_VCPU_IDS, 4,096 x 4 at most (x86, Linux 6.12). */
  private static final int VCPU_DIGITS_MAX = 6;

  /**
   * {@return what the link of a descriptor says, if it is KVM's}
   *
   * @param number the descriptor
   * @param link what its link in /proc/PID/fd points to
   */
  public static Optional<KvmFd> parse(int number, String link) {
    for (Kind kind : Kind.values()) {
      if (!link.startsWith(kind.start)
          || !link.endsWith(kind.end)
          || link.length() < kind.start.length() + kind.end.length()) {
        continue;
      }
      String rest = link.substring(kind.start.length(), link.length() - kind.end.length());
      if (!kind.ofVcpu && rest.isEmpty()) {
        return Optional.of(new KvmFd(kind, number, NO_VCPU));
      }
      int vcpu = kind.ofVcpu ? Digits.parse(rest, VCPU_DIGITS_MAX) : Digits.NONE;
      if (vcpu != Digits.NONE) {
        return Optional.of(new KvmFd(kind, number, vcpu));
      }
    }
    return Optional.empty();
  }

  /** {@return the link that a descriptor of this kind has, in every process that holds it} */
  public String link() {
    return kind.start + (kind.ofVcpu ? vcpu : "") + kind.end;
  }
}
