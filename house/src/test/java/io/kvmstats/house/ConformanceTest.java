package io.kvmstats.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every row of the table in docs/binary-form.md: that the tests it names exist, and that this build
 * has run them. A row whose test was skipped is skipped, with the test's reason.
 */
class ConformanceTest {
  private static final Path DOCUMENT = Programs.HOME.resolve("docs/binary-form.md");
  private static final Pattern TEST = Pattern.compile("`(\\w+)\\.(\\w+)`");

  private static Reports reports;

  @BeforeAll
  static void read() throws Exception {
    reports = Reports.ofThisBuild();
  }

  /** A statement, and what stands in its last column. */
  record Row(String statement, String tests) {
    @Override
    public String toString() {
      return statement;
    }
  }

  static Stream<Row> rows() throws IOException {
    String table = Files.readString(DOCUMENT).split("\n## Conformance\n", -1)[1];
    return table
        .lines()
        .dropWhile(line -> !line.startsWith("| ---"))
        .skip(1)
        .takeWhile(line -> line.startsWith("|"))
        .map(line -> line.split("\\|"))
        .map(columns -> new Row(columns[1].strip(), columns[columns.length - 1]));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void itsTestsHaveRun(Row row) throws IOException {
    List<MatchResult> tests = TEST.matcher(row.tests()).results().toList();
    assertThat(tests).as("tests named in: %s", row.tests()).isNotEmpty();
    for (MatchResult test : tests) {
      List<String> results = reports.of(test.group(1), test.group(2));
      if (results.isEmpty()) {
        notRun(test.group(1), test.group(2));
      }
      assertThat(results).as(test.group()).doesNotContain(Reports.FAILED);
      for (String result : results) {
        if (!result.equals(Reports.PASSED)) {
          abort(test.group() + " was skipped: " + result);
        }
      }
    }
  }

  /** Says why: there is no such test, or it was left out, or its whole module was. */
  private static void notRun(String type, String method) throws IOException {
    Path source = source(type, method);
    Path module = source.getName(0);
    assertThat(reports.haveAny(module, type.endsWith("IT")))
        .as("%s.%s of %s did not run, and others of %s did", type, method, source, module)
        .isFalse();
    abort(
        "this build did not run %s's %s tests, so %s.%s is unknown; ./build verify runs all"
            .formatted(module, type.endsWith("IT") ? "end-to-end" : "unit", type, method));
  }

  private static Path source(String type, String method) throws IOException {
    try (Stream<Path> files = Files.walk(Programs.HOME)) {
      for (Path file : files.filter(path -> path.endsWith(type + ".java")).toList()) {
        if (Files.readString(file).contains(" void " + method + "(")) {
          return Programs.HOME.relativize(file);
        }
      }
    }
    throw new AssertionError("there is no test " + type + "." + method);
  }
}
