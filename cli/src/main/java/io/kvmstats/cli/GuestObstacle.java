package io.kvmstats.cli;

import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What keeps our own guests from running on this host. */
final class GuestObstacle {
  private GuestObstacle() {}

  /** {@return what keeps guests from running here and what to do about it, null if nothing does} */
  static @Nullable String find() throws IOException {
    String architecture = System.getProperty("os.arch");
    if (!architecture.equals("amd64")) {
      return "the guests are x86-64 code; this is " + architecture;
    }
    try (Kvm kvm = Kvm.open()) {
      return kvm.hasStatsFd()
          ? null
          : "this kernel's KVM has no stats fd (KVM_CAP_BINARY_STATS_FD): use Linux 5.14 or later";
    } catch (LinuxException e) {
      return switch (e.errno()) {
        case Errno.ENOENT, Errno.ENXIO, Errno.ENODEV ->
            e.getMessage()
                + ": KVM is not there; load it with 'modprobe kvm_intel' or 'modprobe kvm_amd',"
                + " and enable virtualization in the firmware, or nested virtualization in the host"
                + " of this VM";
        case Errno.EACCES, Errno.EPERM ->
            e.getMessage()
                + ": your user may not use KVM; run this as root, or add your user to the group that"
                + " 'ls -l /dev/kvm' shows ('sudo usermod -aG kvm $USER', and log in again)";
        default -> e.getMessage() + ": KVM can't be used";
      };
    }
  }
}
