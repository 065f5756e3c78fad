package io.kvmstats.exec;

import io.kvmstats.core.binaryform.UserMemory;
import io.kvmstats.linux.Fd;
import java.io.IOException;

/** A VM or vCPU of the program's. */
sealed interface ProgramObject extends AutoCloseable permits ProgramVm, ProgramVcpu {

  /** {@return a duplicate of its descriptor, which it is known by} */
  Fd file();

  /** {@return the VM that it is, or belongs to} */
  ProgramVm vm();

  /**
   * Answers an ioctl of the VM's owner.
   *
   * @param request its number
   * @param argument its argument
   * @param memory of who makes it
   * @return the result, {@code -errno} for a failure
   * @throws IOException when the statistics can't be read
   */
  int answer(int request, long argument, UserMemory memory) throws IOException;

  @Override
  void close();
}
