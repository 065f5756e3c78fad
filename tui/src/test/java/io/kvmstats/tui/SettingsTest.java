package io.kvmstats.tui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The columns that were chosen. */
class SettingsTest {
  @TempDir Path folder;
  private Path file = Path.of("");

  @BeforeEach
  void name() {
    file = folder.resolve("kvmstats").resolve("top");
  }

  private Set<Field> load() throws IOException {
    return new Settings(file).load();
  }

  private void write(String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  @Test
  void whatIsChosenIsThereNextTime() throws IOException {
    assertThat(load()).isEqualTo(Field.DEFAULT);
    for (Set<Field> chosen :
        Set.of(
            EnumSet.allOf(Field.class),
            EnumSet.of(Field.NAME),
            EnumSet.of(Field.NAME, Field.MMU))) {
      new Settings(file).save(chosen);
      assertThat(load()).isEqualTo(chosen);
    }
    try (Stream<Path> files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file); // Nothing is left beside it.
    }
  }

  @Test
  void whoChoosesNothingLeavesNoFile() throws IOException {
    Settings settings = new Settings(file);
    settings.save(settings.load());
    assertThat(file.getParent()).doesNotExist();
  }

  @Test
  void whatIsLoadedIsTheCallersOwn() throws IOException {
    Settings settings = new Settings(file);
    Set<Field> fields = settings.load();
    fields.add(Field.UUID);
    assertThat(Field.DEFAULT).doesNotContain(Field.UUID);
    settings.save(fields);
    assertThat(load()).contains(Field.UUID);
  }

  @Test
  void whatGoesWrongIsSaidForPeople() throws IOException {
    Files.writeString(file.getParent(), "a file where the folder should be");
    assertThatThrownBy(() -> new Settings(file).save(EnumSet.of(Field.NAME)))
        .isInstanceOfSatisfying(
            IOException.class,
            e -> assertThat(Settings.why(e)).isEqualTo(file.getParent() + ": no folder"));
  }

  @Test
  void whatIsNotUnderstoodIsLeftOut() throws IOException {
    write("future=1\ncolumns=CPU FUTURE  CPU STEAL\r\nrest");
    assertThat(load()).containsExactly(Field.NAME, Field.CPU, Field.STEAL);
    write("columns=");
    assertThat(load()).containsExactly(Field.NAME);
    write("nothing");
    assertThat(load()).isEqualTo(Field.DEFAULT);
    write("");
    assertThat(load()).isEqualTo(Field.DEFAULT);
  }

  @Test
  void whatIsNoTextIsRead() throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, new byte[] {(byte) 0xff, 0, (byte) 0xc3, '\n'});
    assertThat(load()).isEqualTo(Field.DEFAULT);
  }

  @Test
  void aHugeFileIsNotRead() throws IOException {
    write("columns=CPU\n" + " ".repeat(1 << 20));
    assertThat(load()).isEqualTo(Field.DEFAULT);
  }

  /**
   * A file that was there stays as it was, and is not tried again until there is another choice.
   */
  @Test
  void whatCantBeKeptIsSaidOnce() throws IOException {
    Files.createDirectories(file.resolve("in the way"));
    Settings settings = new Settings(file);
    assertThat(settings.load()).isEqualTo(Field.DEFAULT);
    Set<Field> chosen = EnumSet.of(Field.NAME);
    assertThatThrownBy(() -> settings.save(chosen)).isInstanceOf(IOException.class);
    settings.save(chosen);
    assertThat(file.resolve("in the way")).exists();
  }
}
