package io.kvmstats.tui;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Screens in files: their text, and below it a letter for the style of each column.
 *
 * <p>After a change that is wanted, {@code ./build test -pl tui -am -Dkvmstats.golden=write} writes
 * them anew; the difference is for a person to look at.
 */
final class Golden {
  private static final Path FOLDER = Path.of("src/test/resources/io/kvmstats/tui");
  private static final boolean IS_WRITING = "write".equals(System.getProperty("kvmstats.golden"));

  private Golden() {}

  static void check(String name, List<Line> screen) throws IOException {
    Path file = FOLDER.resolve(name + ".txt");
    List<String> now = notation(screen);
    if (IS_WRITING) {
      Files.createDirectories(FOLDER);
      Files.writeString(file, String.join("\n", now) + "\n");
    }
    List<String> before = Files.readAllLines(file);
    StringBuilder different = new StringBuilder();
    for (int i = 0; i < Math.max(now.size(), before.size()); i++) {
      String was = i < before.size() ? before.get(i) : "";
      String is = i < now.size() ? now.get(i) : "";
      if (!was.equals(is)) {
        different.append("%3d -%s%n    +%s%n".formatted(i + 1, was, is));
      }
    }
    if (!different.isEmpty()) {
      fail("%s is different:%n%s", file, different);
    }
  }

  /** Without the spaces at the ends of lines, which editors take away. */
  private static List<String> notation(List<Line> screen) {
    List<String> notation = new ArrayList<>();
    screen.forEach(line -> notation.add(line.text().stripTrailing()));
    notation.add("--- styles");
    for (Line line : screen) {
      StringBuilder styles = new StringBuilder();
      line.pieces()
          .forEach(piece -> styles.repeat(letter(piece.style()), Line.width(piece.text())));
      notation.add(styles.toString().stripTrailing());
    }
    return notation;
  }

  private static char letter(Style style) {
    return switch (style) {
      case PLAIN -> ' ';
      case FAINT -> '.';
      case STRONG -> 's';
      case HEADING -> '=';
      case SORTED -> '#';
      case SELECTED -> '>';
      case WARNING -> 'w';
      case BAD -> 'b';
      case NOTE -> 'n';
      case GRAPH -> 'g';
    };
  }
}
