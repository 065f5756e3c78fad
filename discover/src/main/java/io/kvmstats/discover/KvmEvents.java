package io.kvmstats.discover;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Tells when KVM has made no VM, in the whole kernel, whoever made it and by whichever /dev/kvm.
 *
 * <p>KVM sends a uevent before a new VM's descriptor is there (kvm_dev_ioctl_create_vm,
 * virt/kvm/kvm_main.c, since Linux 4.13), and the kernel numbers all uevents. Others have a number
 * too: this one having changed says nothing.
 */
final class KvmEvents {
  private static final int NUMBER_BYTES_MAX = 21;

  private final Path number;

  /** When this scan began, and the last two that saw all processes. */
  private OptionalLong now = OptionalLong.empty();

  private OptionalLong last = OptionalLong.empty();
  private OptionalLong beforeLast = OptionalLong.empty();

  /**
   * Has heard of nothing yet.
   *
   * @param sys where /sys is
   */
  KvmEvents(Path sys) {
    this.number = sys.resolve("kernel").resolve("uevent_seqnum");
  }

  /**
   * A scan begins.
   *
   * <p>After an event two scans are told that there may be new VMs: at the first one, the
   * descriptor may be a moment away.
   *
   * @return whether every VM that there is was there when the last scan looked
   */
  boolean nothingSince() {
    now = read();
    return now.isPresent() && now.equals(last) && last.equals(beforeLast);
  }

  /** The scan has seen all processes. */
  void seen() {
    beforeLast = last;
    last = now;
  }

  private OptionalLong read() {
    try (InputStream in = Files.newInputStream(number)) {
      String text = new String(in.readNBytes(NUMBER_BYTES_MAX), StandardCharsets.US_ASCII);
      return OptionalLong.of(Long.parseUnsignedLong(text.strip()));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty(); // As in a container without /sys.
    }
  }
}
