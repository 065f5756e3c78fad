package io.kvmstats.openmetrics;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What tells one series of a family from the others, ready to be written. */
final class Labels {
  static final Labels NONE = new Labels(Map.of());

  private final byte[] text;
  private final byte[] textWithLe;
  private final byte[] messages;

  /**
   * Makes labels, sorted by name.
   *
   * @param labels values by name; a value has no lone surrogates
   */
  Labels(Map<String, String> labels) {
    SortedMap<String, String> sorted = new TreeMap<>(labels);
    StringBuilder list = new StringBuilder();
    Bytes pairs = new Bytes(64);
    sorted.forEach((name, value) -> {
      list.append(list.isEmpty() ? "" : ",").append(name).append("=\"");
      list.append(escaped(value)).append('"');
      pairs.put(Protobuf.message(Protobuf.LABEL, Protobuf.text(1, name), Protobuf.text(2, value)));
    });
    this.text = Bytes.of(list.isEmpty() ? " " : "{" + list + "} ");
    this.textWithLe = Bytes.of("{" + (list.isEmpty() ? "" : list + ",") + "le=\"");
    this.messages = pairs.toArray();
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  /** {@return all of them in braces, with the space behind} */
  byte[] text() {
    return text;
  }

  /** {@return the same up to the bound of a bucket, which is one more label} */
  byte[] textWithLe() {
    return textWithLe;
  }

  /** {@return LabelPairs, as fields of a Metric} */
  byte[] messages() {
    return messages;
  }
}
