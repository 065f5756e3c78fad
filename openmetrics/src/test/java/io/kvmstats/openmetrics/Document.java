package io.kvmstats.openmetrics;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A document in either text format, read as strictly as the formats' descriptions allow
 * (Prometheus, exposition formats; OpenMetrics 1.0): everything else is an error with its line.
 */
final class Document {
  private static final Pattern META =
      Pattern.compile("# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\[\\\\\"n])*)\"(,|$)");
  private static final Pattern NUMBER =
      Pattern.compile("[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?|\\+Inf");

  private static final Map<String, List<String>> SUFFIXES =
      Map.of(
          "counter", List.of("_total", "_created"),
          "histogram", List.of("_bucket", "_sum", "_count", "_created"),
          "info", List.of("_info"));

  private final boolean isOpenMetrics;
  private final Map<String, Family> families = new LinkedHashMap<>();

  /** A family, and its samples in their order. */
  static final class Family {
    final String name;
    String type = "";
    String help = "";
    String unit = "";
    final List<Sample> samples = new ArrayList<>();

    Family(String name) {
      this.name = name;
    }

    /** {@return the value of a series; it must be there} */
    String value(String name, Map<String, String> labels) {
      return samples.stream()
          .filter(sample -> sample.name.equals(name) && sample.labels.equals(labels))
          .map(Sample::value)
          .findFirst()
          .orElseThrow(() -> new AssertionError("no " + name + labels + " in " + samples));
    }
  }

  record Sample(String name, Map<String, String> labels, String value) {
    double number() {
      return value.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(value);
    }
  }

  private Document(boolean isOpenMetrics) {
    this.isOpenMetrics = isOpenMetrics;
  }

  static Document parse(byte[] bytes, Format format) {
    Document document = new Document(format == Format.OPENMETRICS);
    document.parse(decode(bytes));
    document.families.values().forEach(document::check);
    document.checkClashes();
    return document;
  }

  private static String decode(byte[] bytes) {
    try {
      CharBuffer chars =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes));
      return chars.toString();
    } catch (CharacterCodingException e) {
      throw new AssertionError("not UTF-8", e);
    }
  }

  Map<String, Family> families() {
    return families;
  }

  /** {@return a family that must be there} */
  Family family(String name) {
    if (!families.containsKey(name)) {
      throw new AssertionError("no family " + name + " in " + families.keySet());
    }
    return families.get(name);
  }

  /** {@return all samples that no other sample has the name and labels of} */
  Map<String, Double> values() {
    Map<String, Double> values = new TreeMap<>();
    families
        .values()
        .forEach(family ->
            family.samples.forEach(
                sample -> values.put(sample.name + new TreeMap<>(sample.labels), sample.number())));
    return values;
  }

  private void parse(String text) {
    require(text.isEmpty() || text.endsWith("\n"), "the last line has no end", "");
    List<String> lines = new ArrayList<>(List.of(text.split("\n", -1)));
    lines.removeLast();
    if (isOpenMetrics) {
      require(!lines.isEmpty() && lines.getLast().equals("# EOF"), "no EOF at the end", text);
      lines.removeLast();
    }
    Family family = null;
    for (String line : lines) {
      if (line.startsWith("#")) {
        Matcher meta = META.matcher(line);
        require(meta.matches(), "no metadata", line);
        if (family == null || !family.name.equals(meta.group(2))) {
          family = new Family(meta.group(2));
          require(families.put(family.name, family) == null, "a family comes twice", line);
        }
        require(family.samples.isEmpty(), "metadata behind samples", line);
        meta(family, meta.group(1), meta.group(3), line);
      } else {
        require(family != null && !family.type.isEmpty(), "a sample without a family", line);
        family.samples.add(sample(line));
      }
    }
  }

  private void meta(Family family, String what, String value, String line) {
    switch (what) {
      case "TYPE" -> {
        require(family.type.isEmpty(), "two types", line);
        List<String> types =
            isOpenMetrics
                ? List.of("counter", "gauge", "histogram", "info", "unknown")
                : List.of("counter", "gauge", "histogram", "untyped");
        require(types.contains(value), "no such type", line);
        family.type = value;
      }
      case "HELP" -> {
        require(family.help.isEmpty(), "two helps", line);
        String escapes =
            isOpenMetrics ? "(?:[^\"\\\\]|\\\\[\\\\\"n])*" : "(?:[^\\\\]|\\\\[\\\\n])*";
        require(value.matches(escapes), "a help that is not escaped", line);
        family.help = value;
      }
      default -> {
        require(isOpenMetrics && family.unit.isEmpty(), "a unit too many", line);
        require(family.name.endsWith("_" + value), "a unit that is not in the name", line);
        family.unit = value;
      }
    }
  }

  private static Sample sample(String line) {
    Matcher sample = SAMPLE.matcher(line);
    require(sample.matches(), "no sample", line);
    require(NUMBER.matcher(sample.group(3)).matches(), "no number", line);
    Map<String, String> labels = new HashMap<>();
    if (sample.group(2) != null) {
      Matcher label = LABEL.matcher(sample.group(2));
      int end = 0;
      while (end < sample.group(2).length()) {
        require(label.find(end) && label.start() == end, "no label", line);
        require(
            labels.put(label.group(1), unescaped(label.group(2))) == null, "a label twice", line);
        end = label.end();
      }
    }
    return new Sample(sample.group(1), labels, sample.group(3));
  }

  private static String unescaped(String value) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < value.length(); i++) {
      boolean isEscape = value.charAt(i) == '\\';
      i += isEscape ? 1 : 0;
      plain.append(isEscape && value.charAt(i) == 'n' ? '\n' : value.charAt(i));
    }
    return plain.toString();
  }

  private void check(Family family) {
    require(!family.samples.isEmpty(), "a family without samples", family.name);
    require(!family.type.isEmpty() && !family.help.isEmpty(), "no type or help", family.name);
    Set<String> names = new HashSet<>();
    if (!isOpenMetrics && family.type.equals("counter")) {
      require(family.name.endsWith("_total"), "a counter without _total", family.name);
      names.add(family.name);
    } else if (!isOpenMetrics && !family.type.equals("histogram")) {
      names.add(family.name);
    } else {
      SUFFIXES.getOrDefault(family.type, List.of("")).forEach(s -> names.add(family.name + s));
    }
    if (!isOpenMetrics) {
      names.remove(family.name + "_created");
    }
    Set<String> seen = new HashSet<>();
    for (Sample sample : family.samples) {
      require(names.contains(sample.name), "a sample of another family", sample.toString());
      require(seen.add(sample.name + sample.labels), "a series twice", sample.toString());
    }
    if (family.type.equals("histogram")) {
      checkHistograms(family);
    }
  }

  /** Each series' buckets are in order, and what follows them agrees with the last one. */
  private void checkHistograms(Family family) {
    Map<Map<String, String>, List<Sample>> buckets = new LinkedHashMap<>();
    Map<Map<String, String>, Map<String, Sample>> others = new HashMap<>();
    for (Sample sample : family.samples) {
      Map<String, String> labels = new HashMap<>(sample.labels);
      String le = labels.remove("le");
      boolean isBucket = sample.name.endsWith("_bucket");
      require(isBucket == (le != null), "a bucket without le, or the reverse", sample.toString());
      if (isBucket) {
        buckets.computeIfAbsent(labels, _ -> new ArrayList<>()).add(sample);
      } else {
        others
            .computeIfAbsent(labels, _ -> new HashMap<>())
            .put(sample.name.substring(family.name.length()), sample);
      }
    }
    buckets.forEach((labels, list) -> {
      double before = Double.NEGATIVE_INFINITY;
      double count = 0;
      for (Sample bucket : list) {
        String text = bucket.labels.get("le");
        double le = text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
        require(le > before, "bounds that do not rise", bucket.toString());
        require(bucket.number() >= count, "counts that fall", bucket.toString());
        before = le;
        count = bucket.number();
      }
      require(before == Double.POSITIVE_INFINITY, "no last bucket", family.name + labels);
      Map<String, Sample> rest = others.getOrDefault(labels, Map.of());
      if (rest.containsKey("_count")) {
        require(
            rest.get("_count").value.equals(list.getLast().value),
            "another count than the last bucket's",
            family.name + labels);
      }
      require(
          !isOpenMetrics || rest.containsKey("_count") == rest.containsKey("_sum"),
          "a count or a sum without the other",
          family.name + labels);
      require(isOpenMetrics || rest.containsKey("_count"), "no count", family.name + labels);
    });
    require(buckets.keySet().containsAll(others.keySet()), "no buckets", family.name);
  }

  /** No family has a name that a sample of another could have. */
  private void checkClashes() {
    Map<String, String> owners = new HashMap<>();
    for (Family family : families.values()) {
      String base =
          !isOpenMetrics && family.type.equals("counter")
              ? family.name.replaceFirst("_total$", "")
              : family.name;
      Set<String> names = new HashSet<>(Set.of(base));
      SUFFIXES.getOrDefault(family.type, List.of()).forEach(suffix -> names.add(base + suffix));
      for (String name : names) {
        String other = owners.put(name, family.name);
        require(other == null, "a name of " + other + "'s too", name);
      }
    }
  }

  private static void require(boolean condition, String what, String where) {
    if (!condition) {
      throw new AssertionError(what + ": " + where);
    }
  }
}
