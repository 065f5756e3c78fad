package io.kvmstats.collect;

import io.kvmstats.acquire.Source;
import io.kvmstats.acquire.StatsFd;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** An object whose data is an ordinary file's, to be written, cut and broken by a test. */
final class FileObject implements AutoCloseable {
  private final FileChannel channel;
  private final ByteBuffer block;
  final StatsObject object;

  FileObject(Path folder, int values) throws IOException {
    Path path = Files.createTempFile(folder, "data", "");
    channel = FileChannel.open(path, StandardOpenOption.WRITE);
    block = ByteBuffer.allocateDirect(values * Long.BYTES);
    List<Descriptor> descriptors = new ArrayList<>();
    for (int i = 0; i < values; i++) {
      descriptors.add(new Descriptor("s" + i, 0, 0, 1, (long) i * Long.BYTES, 0));
    }
    StatsFile file = new StatsFile("file", new Schema(descriptors), 0);
    object =
        new StatsObject(
            new KvmFd(KvmFd.Kind.VM_STATS, 0, KvmFd.NO_VCPU),
            file,
            new StatsFd(open(path)),
            Source.OWN);
    write(0);
  }

  /** Opens a file for reading, in the one way that there is from outside of linux. */
  private static Fd open(Path path) throws IOException {
    try (FileChannel reading = FileChannel.open(path);
        Pidfd self = Pidfd.open(Math.toIntExact(ProcessHandle.current().pid()));
        Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      int number = 0;
      for (Path fd : fds.toList()) {
        if (Files.exists(fd) && Files.readSymbolicLink(fd).equals(path)) {
          number = Math.max(number, Integer.parseInt(fd.getFileName().toString()));
        }
      }
      if (!reading.isOpen()) {
        throw new IllegalStateException("closed");
      }
      return self.getfd(number);
    }
  }

  /** Sets every value to one number. */
  void write(long number) throws IOException {
    block.clear();
    while (block.hasRemaining()) {
      block.putLong(Long.reverseBytes(number));
    }
    channel.write(block.flip(), 0);
  }

  void truncate(int bytes) throws IOException {
    channel.truncate(bytes);
  }

  @Override
  public void close() throws IOException {
    object.close();
    channel.close();
  }
}
