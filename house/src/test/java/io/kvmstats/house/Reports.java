package io.kvmstats.house;

import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * What this build's tests came to, in all modules built before this one, from the reports of
 * surefire and failsafe. Reports from before this build began are left aside.
 */
final class Reports {
  static final String PASSED = "passed";
  static final String FAILED = "failed";

  /** Where reports are still being written. */
  private static final Path OURS = Programs.HOME.resolve("house");

  private static final Instant STARTED =
      Instant.parse(System.getProperty("kvmstats.build.started"));

  private final Map<String, List<String>> results = new HashMap<>();
  private final Set<Path> folders = new HashSet<>();

  private Reports() {}

  static Reports ofThisBuild() throws Exception {
    Reports reports = new Reports();
    PathMatcher report =
        FileSystems.getDefault().getPathMatcher("glob:**/target/*-reports/TEST-*.xml");
    try (Stream<Path> files = Files.find(Programs.HOME, 4, (file, _) -> report.matches(file))) {
      for (Path file : files.filter(file -> !file.startsWith(OURS)).toList()) {
        if (Files.getLastModifiedTime(file).toInstant().isAfter(STARTED)) {
          reports.add(file);
        }
      }
    }
    return reports;
  }

  private void add(Path file) throws Exception {
    folders.add(file.getParent());
    NodeList cases =
        DocumentBuilderFactory.newDefaultInstance()
            .newDocumentBuilder()
            .parse(file.toFile())
            .getElementsByTagName("testcase");
    for (int i = 0; i < cases.getLength(); i++) {
      Element test = (Element) cases.item(i);
      String type = test.getAttribute("classname").replaceAll(".*\\.|\\$.*", "");
      String method = test.getAttribute("name").replaceAll("\\W.*", ""); // Without parameters.
      results.computeIfAbsent(type + "." + method, _ -> new ArrayList<>()).add(result(test));
    }
  }

  private static String result(Element test) {
    if (test.getElementsByTagName("skipped").item(0) instanceof Element skipped) {
      // An annotation's reason is an attribute, an assumption's the first line of its stack trace.
      String trace = skipped.getTextContent().strip().lines().findFirst().orElse("");
      return skipped.getAttribute("message") + trace.replaceFirst("^[\\w.]+: ", "");
    }
    return test.getElementsByTagName("failure").getLength() == 0
            && test.getElementsByTagName("error").getLength() == 0
        ? PASSED
        : FAILED;
  }

  /**
   * {@return passed, failed, or why it was skipped, for each time it ran; empty when it did not}
   */
  List<String> of(String type, String method) {
    return results.getOrDefault(type + "." + method, List.of());
  }

  /** {@return whether a module's unit tests ran, or whether any end-to-end tests did} */
  boolean haveAny(Path module, boolean endToEnd) {
    return endToEnd
        ? folders.stream().anyMatch(folder -> folder.endsWith("failsafe-reports"))
        : folders.contains(Programs.HOME.resolve(module).resolve("target/surefire-reports"));
  }
}
