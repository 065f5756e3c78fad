package io.kvmstats.linux;

/** The ioctls of one object: the kernel's, or in tests those of a server in this process. */
@FunctionalInterface
interface Ioctls {

  /**
   * {@return the result, or {@code -errno}}
   *
   * @param request its number
   * @param argument an address, or what else the request takes
   */
  long call(int request, long argument);
}
