package io.kvmstats.cli;

import java.io.IOException;
import java.util.List;

/** VMs to look at: real guests, or made up where there is no KVM. Each is a process. */
interface DemoVms extends AutoCloseable {

  /** {@return what each VM's vCPUs do} */
  List<String> sentences();

  List<Integer> pids();

  /** Ends them and waits until they have. */
  @Override
  void close() throws IOException;
}
