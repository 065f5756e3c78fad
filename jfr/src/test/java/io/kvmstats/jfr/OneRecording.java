package io.kvmstats.jfr;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/** A recording that has our events once: they are due when it ends. */
final class OneRecording implements AutoCloseable {
  private final Recording recording = new Recording();

  /**
   * Begins.
   *
   * @param names of the event types
   */
  static OneRecording begin(List<String> names) {
    OneRecording recorded = new OneRecording();
    names.forEach(name -> recorded.recording.enable(name).with("period", "endChunk"));
    recorded.recording.start();
    return recorded;
  }

  /** Ends it, and writes it to a file. */
  void end(Path file) throws IOException {
    recording.stop();
    recording.dump(file);
  }

  /** {@return a file's events of ours, by the names of their types} */
  static Map<String, List<RecordedEvent>> read(Path file) throws IOException {
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().startsWith("kvmstats."))
        .collect(Collectors.groupingBy(event -> event.getEventType().getName()));
  }

  /** {@return what is recorded when it begins and ends at once} */
  static Map<String, List<RecordedEvent>> once(List<String> names, Path folder) throws IOException {
    Path file = folder.resolve("once.jfr");
    try (OneRecording recorded = begin(names)) {
      recorded.end(file);
    }
    return read(file);
  }

  @Override
  public void close() {
    recording.close();
  }
}
