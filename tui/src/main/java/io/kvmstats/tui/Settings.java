package io.kvmstats.tui;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What is kept from one time to the next: which columns the user has chosen. */
final class Settings {
  private static final String COLUMNS = "columns=";
  private static final long BYTES_MAX = 64 << 10;

  private final Path file;
  private Set<Field> saved = Field.DEFAULT;

  /**
   * Has settings in a file.
   *
   * @param file need not be there
   */
  Settings(Path file) {
    this.file = file;
  }

  /**
   * {@return the columns chosen before; the usual ones when none were}
   *
   * <p>A name that no column has is left out: a later version may have it.
   */
  Set<Field> load() throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) > BYTES_MAX) {
      return EnumSet.copyOf(saved);
    }
    // Whatever bytes there are, they are characters in this one; those of names are the same.
    for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
      if (line.startsWith(COLUMNS)) {
        List<String> names = List.of(line.substring(COLUMNS.length()).strip().split(" ", -1));
        Set<Field> chosen = EnumSet.of(Field.NAME);
        Arrays.stream(Field.values()).filter(f -> names.contains(f.name())).forEach(chosen::add);
        saved = chosen;
      }
    }
    return EnumSet.copyOf(saved);
  }

  /** {@return what went wrong, for people: Java's exceptions of files say it by their names} */
  static String why(IOException e) {
    return switch (e) {
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      case FileAlreadyExistsException other -> other.getFile() + ": no folder";
      case FileSystemException other when other.getReason() == null ->
          other.getFile() + ": can't be had";
      default -> String.valueOf(e.getMessage());
    };
  }

  /** Keeps the columns chosen, whole or not at all. */
  void save(Set<Field> fields) throws IOException {
    if (fields.equals(saved)) {
      return;
    }
    saved = EnumSet.copyOf(fields);
    Files.createDirectories(file.toAbsolutePath().getParent());
    // Somebody's link to it stays one.
    Path file = Files.exists(this.file) ? this.file.toRealPath() : this.file;
    Path written = file.resolveSibling(file.getFileName() + ".new");
    String names = String.join(" ", fields.stream().map(Field::name).toList());
    Files.writeString(written, COLUMNS + names + "\n");
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
