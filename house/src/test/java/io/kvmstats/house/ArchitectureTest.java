package io.kvmstats.house;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who may use whom, over the classes of every module.
 *
 * <p>The compiler holds much of this by the module-infos; but "requires transitive" lets through
 * what a room may read and not use, and a module-info can be changed without a thought.
 */
class ArchitectureTest {
  private static final String ROOT = "io.kvmstats";

  private static final Path HOME = Path.of(System.getProperty("kvmstats.home"));

  /**
   * The rooms, and the rooms that each may use, besides those that these use in turn: the broker
   * discovers and acquires through collect. Not every room has been built, and a room that is not
   * in the table fails {@link #everyRoomIsInTheTable}.
   */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("core", Set.of()),
          Map.entry("linux", Set.of("core")),
          Map.entry("guest", Set.of("linux")),
          Map.entry("publish", Set.of("core", "linux")),
          Map.entry("exec", Set.of("core", "linux")),
          Map.entry("discover", Set.of("linux")),
          Map.entry("acquire", Set.of("discover", "core", "linux")),
          Map.entry("qmp", Set.of("discover", "core")),
          Map.entry("collect", Set.of("acquire", "core", "linux")),
          Map.entry("broker", Set.of("collect")),
          Map.entry("tui", Set.of("collect", "broker")),
          Map.entry("openmetrics", Set.of("collect", "broker")),
          Map.entry("micrometer", Set.of("collect", "broker")),
          Map.entry("jfr", Set.of("collect", "broker")),
          Map.entry("otlp", Set.of("collect", "broker")),
          Map.entry("web", Set.of("collect", "broker")),
          Map.entry("record", Set.of("collect", "broker")));

  /** These may use every room. */
  private static final Set<String> MAY_USE_ALL = Set.of("cli", "bench");

  /** Nothing but tests, this one among them. */
  private static final String HOUSE = "house";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          // Written by JMH.
          .withImportOption(location -> !location.contains("/jmh_generated/"))
          .importPackages(ROOT);

  static Set<String> rooms() {
    return CLASSES.stream()
        .map(ArchitectureTest::room)
        .filter(room -> !room.equals(HOUSE))
        .collect(toCollection(TreeSet::new));
  }

  private static String room(JavaClass type) {
    return type.getPackageName().substring(ROOT.length() + 1).split("\\.")[0];
  }

  private static String packages(String room) {
    return ROOT + "." + room + "..";
  }

  /** Against a rule that holds because nothing was looked at. */
  @Test
  void everyModuleWithSourcesWasSeen() throws IOException {
    try (Stream<Path> folders = Files.list(HOME)) {
      var built =
          folders
              .filter(folder -> Files.isDirectory(folder.resolve("src/main/java")))
              .map(folder -> folder.getFileName().toString())
              .filter(room -> !room.equals(HOUSE));
      assertThat(rooms()).containsExactlyInAnyOrderElementsOf(built.toList());
    }
  }

  @Test
  void everyRoomIsInTheTable() {
    var known = new TreeSet<>(MAY_USE.keySet());
    known.addAll(MAY_USE_ALL);
    assertThat(known).containsAll(rooms());
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void aRoomUsesOnlyWhatItMay(String room) {
    var may = MAY_USE.get(room);
    if (may == null) {
      assertThat(MAY_USE_ALL).contains(room);
      return;
    }
    var reachable =
        Stream.concat(Stream.of(room), upstream(room).distinct())
            .map(ArchitectureTest::packages)
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(packages(room))
        .should()
        .dependOnClassesThat(resideInAPackage(ROOT + "..").and(resideOutsideOfPackages(reachable)))
        .because("%s may use only %s".formatted(room, Arrays.toString(reachable)))
        .check(CLASSES);
  }

  private static Stream<String> upstream(String room) {
    return MAY_USE.getOrDefault(room, Set.of()).stream()
        .flatMap(used -> Stream.concat(Stream.of(used), upstream(used)));
  }

  @Test
  void onlyLinuxMakesNativeCalls() {
    noClasses()
        .that(resideOutsideOfPackage(packages("linux")))
        .should()
        .dependOnClassesThat(belongToAnyOf(Linker.class, SymbolLookup.class))
        .because("native calls belong in the linux module")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
  }

  /** NullAway looks only where this is: a package without it would go unchecked, silently. */
  @Test
  void everyPackageIsNullMarked() {
    var unmarked =
        CLASSES.stream()
            .map(JavaClass::getPackage)
            .distinct()
            .filter(pack -> !pack.isAnnotatedWith(NullMarked.class))
            .map(pack -> pack.getName());
    assertThat(unmarked).isEmpty();
  }
}
