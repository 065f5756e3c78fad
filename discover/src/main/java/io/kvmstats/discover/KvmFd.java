package io.kvmstats.discover;

import java.util.Optional;

/**
 * A descriptor of KVM's that a process holds, as its link in /proc/PID/fd tells.
 *
 * @param kind what it is
 * @param number its number in that process; another one's after it is closed there
 * @param vcpu the vCPU's number, {@link #NO_VCPU} of a VM's
 */
public record KvmFd(Kind kind, int number, int vcpu) {
  /** The vCPU's number where there is none. */
  public static final int NO_VCPU = -1;

  /** What a descriptor gives access to. */
  public enum Kind {
    /** A VM: {@code anon_inode:kvm-vm}. */
    VM("kvm-vm", false),
    /** A vCPU: {@code anon_inode:kvm-vcpu:N}. */
    VCPU("kvm-vcpu:", true),
    /** A VM's statistics: {@code anon_inode:kvm-vm-stats}. */
    VM_STATS("kvm-vm-stats", false),
    /** A vCPU's statistics: {@code anon_inode:kvm-vcpu-stats:N}. */
    VCPU_STATS("kvm-vcpu-stats:", true);

    private final String inode;
    private final boolean ofVcpu;

    Kind(String inode, boolean ofVcpu) {
      this.inode = inode;
      this.ofVcpu = ofVcpu;
    }
  }

  /**
   * Only the kernel names an inode so: the link of a file, even of a memfd, starts with a slash.
   */
  private static final String PREFIX = "anon_inode:";

  /** Vcpu ids are below KVM_MAX_VCPU_IDS, 4,096 x 4 at most (x86, Linux 6.12). */
  private static final int VCPU_DIGITS_MAX = 6;

  /**
   * {@return what the link of a descriptor says, if it is KVM's}
   *
   * @param number the descriptor
   * @param link what its link in /proc/PID/fd points to
   */
  static Optional<KvmFd> parse(int number, String link) {
    if (!link.startsWith(PREFIX)) {
      return Optional.empty();
    }
    String inode = link.substring(PREFIX.length());
    for (Kind kind : Kind.values()) {
      if (!kind.ofVcpu && inode.equals(kind.inode)) {
        return Optional.of(new KvmFd(kind, number, NO_VCPU));
      }
      if (kind.ofVcpu && inode.startsWith(kind.inode)) {
        int vcpu = Digits.parse(inode.substring(kind.inode.length()), VCPU_DIGITS_MAX);
        return vcpu == Digits.NONE ? Optional.empty() : Optional.of(new KvmFd(kind, number, vcpu));
      }
    }
    return Optional.empty();
  }

  /** {@return the link that a descriptor of this kind has, in every process that holds it} */
  public String link() {
    return PREFIX + kind.inode + (kind.ofVcpu ? vcpu : "");
  }
}
