package io.kvmstats.cli;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A file that lines are appended to. After SIGHUP they go to the file that has the path then: who
 * rotates logs has given this one another name.
 */
final class OutputFile implements Destination {
  private final Path path;
  private final AtomicBoolean rotated = new AtomicBoolean();
  private FileOutputStream stream;
  private boolean fresh = true;

  /**
   * Opens the file, which is made if it is not there.
   *
   * @throws IOException naming it, when it can't be written to
   */
  OutputFile(Path path) throws IOException {
    this.path = path;
    Hangup.handle(() -> rotated.set(true)); // Before there is a file that could be rotated.
    this.stream = new FileOutputStream(path.toFile(), true);
  }

  /** {@return whether the last line has no end, as when the disk was full: the next is no part} */
  private static boolean isTorn(Path path) throws IOException {
    if (!Files.isRegularFile(path) || Files.size(path) == 0) {
      return false;
    }
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      file.seek(file.length() - 1);
      return file.read() != '\n';
    }
  }

  /** Between two prints, so that no line is lost or torn. */
  @Override
  public void prepare(SweepPrinter printer) throws IOException {
    if (rotated.getAndSet(false)) {
      stream.close();
      stream = new FileOutputStream(path.toFile(), true);
      fresh = true;
    }
    if (fresh) {
      if (isTorn(path)) {
        print("\n");
      }
      printer.begin(path);
      fresh = false;
    }
  }

  @Override
  public void print(CharSequence text) throws IOException {
    try {
      stream.write(text.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IOException("writing " + path + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
