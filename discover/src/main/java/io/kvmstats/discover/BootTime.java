package io.kvmstats.discover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * When this host was started, by its own clock: what makes a time of a process's start of one that
 * counts from there.
 *
 * <p>A clock that is set later moves it, so it is read once where times are to stay as they are.
 *
 * @param epochSeconds since 1970
 */
public record BootTime(long epochSeconds) {
  /** USER_HZ of all architectures that have KVM (include/asm-generic/param.h, Linux 6.12). */
  private static final long TICKS_PER_SECOND = 100;

  private static final long MILLIS_PER_SECOND = 1000;

  /** {@return what /proc/stat says; empty when it does not} */
  public static Optional<BootTime> read() {
    try {
      return Optional.of(new BootTime(new ProcFs(Path.of("/proc")).bootEpochSeconds()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * {@return when a process was started, in ms since 1970, up to a second too early}
   *
   * @param key of the process
   */
  public long startMillis(Vmm.Key key) {
    return epochSeconds * MILLIS_PER_SECOND
        + key.startTicks() * (MILLIS_PER_SECOND / TICKS_PER_SECOND);
  }
}
