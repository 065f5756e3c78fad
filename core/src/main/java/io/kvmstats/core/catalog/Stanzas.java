package io.kvmstats.core.catalog;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The format of the files beside this class: stanzas of {@code key: value} lines, with blank lines
 * between them. A line that starts with two spaces goes on with the one before it, and one that
 * starts with # is a comment.
 */
final class Stanzas {
  private Stanzas() {}

  /** {@return each stanza's values by key, in the file's order} */
  static List<Map<String, String>> read(String resource) {
    try (InputStream in = Stanzas.class.getResourceAsStream(resource);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(
                    Objects.requireNonNull(in, resource), StandardCharsets.UTF_8))) {
      return parse(lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Map<String, String>> parse(BufferedReader lines) throws IOException {
    List<Map<String, String>> stanzas = new ArrayList<>();
    Map<String, String> stanza = Map.of();
    String key = "";
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.isBlank()) {
        stanza = Map.of();
      } else if (line.startsWith("  ")) {
        stanza.merge(key, line.strip(), (before, more) -> before + " " + more);
      } else if (!line.startsWith("#")) {
        if (stanza.isEmpty()) {
          stanza = new LinkedHashMap<>();
          stanzas.add(stanza);
        }
        int colon = line.indexOf(':');
        key = line.substring(0, colon);
        stanza.put(key, line.substring(colon + 1).strip());
      }
    }
    return stanzas;
  }
}
