package io.kvmstats.core.binaryform;

/**
 * The binary form's numbers and structures (RFC patch 2/4, {@code include/uapi/linux/kvm.h}), which
 * {@code include/kvm_stats_binary_form.h} has for C.
 *
 * <pre>
 *  struct kvm_stats_info      struct kvm_stats_names           struct kvm_stats_data
 *   0         4                0      4                         0      4      8
 *  +---------+                +------+------------------       +------+------+----------------
 *  |num_stats|                | size | names                   | size | pad  | data
 *  |  out    |                |  in  | num_stats * 32 bytes    |  in  |      | num_stats * u64
 *  +---------+                +------+------------------       +------+------+----------------
 * </pre>
 *
 * {@code size} is how many bytes the caller has behind the structure: more than needed is fine, and
 * it is never written. Names and values are in the same order. A VM answers with its own
 * statistics, then each vCPU statistic summed over its vCPUs; a vCPU with its own.
 *
 * @see Abi for what differs between architectures
 */
public final class BinaryForm {
  /**
   * KVM_CAP_STATS_BINARY_FORM: KVM_CHECK_EXTENSION says 1, on /dev/kvm and on a VM. Mainline gave
   * the number to KVM_CAP_SET_GUEST_DEBUG2, which answers with a bit mask: only exactly 1 may mean
   * this, and only the ioctl itself is proof.
   */
  public static final int CAPABILITY = 195;

  /** KVM_STATS_NAME_LEN, in bytes: padded with NULs, with none behind a name that fills it. */
  public static final int NAME_BYTES = 32;

  /** Where the names start in struct kvm_stats_names: behind {@code size}. */
  public static final int NAMES_OFFSET = 4;

  /** How long struct kvm_stats_info is: {@code num_stats}. */
  public static final int INFO_BYTES = 4;

  static final int EIO = 5;
  static final int EFAULT = 14;
  static final int EINVAL = 22;
  static final int ENOTTY = 25;

  private BinaryForm() {}
}
