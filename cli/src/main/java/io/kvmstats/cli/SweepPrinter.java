package io.kvmstats.cli;

import io.kvmstats.collect.VmmView;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Makes text of what one sweep after another found. */
interface SweepPrinter {
  /** {@return what to say if the statistics asked for leave no line anything to tell} */
  Optional<String> nothingToShow(List<VmmView> vmms);

  /** {@return a sweep's lines} */
  String print(List<VmmView> vmms, Instant time);

  /**
   * The next lines go to a file that was just opened, and has to be understood without others.
   *
   * @param file may have lines of another run in it
   * @throws IOException when it can't be read
   */
  void begin(Path file) throws IOException;
}
