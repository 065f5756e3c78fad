package io.kvmstats.cli;

import java.io.IOException;

/** What is done, again and again, while a guest keeps account of when it does not run. */
interface Phase extends AutoCloseable {
  /** {@return what it is called: by the source that is read, where one is} */
  String name();

  /** {@return whether the guest's VM is read: else it is what others are compared with} */
  boolean reads();

  /** {@return how often a second it is to be done: 0 for not at all} */
  int perSecond();

  /**
   * Does it once: reads all there is of a VM.
   *
   * @throws IOException when not all could be read
   */
  void read() throws IOException;

  @Override
  void close();
}
