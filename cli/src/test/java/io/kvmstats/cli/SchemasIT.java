package io.kvmstats.cli;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** docs/json: a schema for every command that writes JSON, none that would accept anything. */
class SchemasIT {
  private static final String COMMON = "common";

  /** Whose output is another command's. */
  private static final Map<String, String> SAME_AS = Map.of("demo", "watch");

  /** What the commands need to be done soon. */
  private static final Map<String, List<String>> OPTIONS =
      Map.of(
          "watch", List.of("-n", "1", "-i", "0.1", "--stat", "*"),
          "stat", List.of("-d", "0.05", "-r", "2"),
          "disturb", List.of("--seconds", "0.1"),
          "demo", List.of("--vms", "1", "--seconds", "0.1", "-i", "0.1"));

  static Set<String> commands() {
    Map<String, CommandLine> all = new CommandLine(new KvmstatsCommand()).getSubcommands();
    return all.keySet().stream()
        .filter(command -> all.get(command).getCommandSpec().findOption("--format") != null)
        .collect(toCollection(TreeSet::new));
  }

  private static String schema(String command) {
    return SAME_AS.getOrDefault(command, command);
  }

  static Set<String> schemas() throws Exception {
    try (Stream<Path> files = Files.list(Schemas.FOLDER)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.equals("README.md"))
          .map(name -> name.replace(Schemas.SUFFIX, ""))
          .collect(toCollection(TreeSet::new));
    }
  }

  @Test
  void everyCommandHasASchemaAndEverySchemaACommand() throws Exception {
    Set<String> needed =
        commands().stream().map(SchemasIT::schema).collect(toCollection(TreeSet::new));
    assertThat(needed).isNotEmpty();
    StringBuilder users = new StringBuilder(Schemas.file(COMMON).toString());
    needed.forEach(schema -> users.append(Schemas.file(schema)));
    for (String part : Schemas.file(COMMON).get("$defs").propertyNames()) {
      assertThat(users).contains("#/$defs/" + part + "\"");
    }
    needed.add(COMMON);
    assertThat(schemas()).isEqualTo(needed);
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void aSchemaIsOneAndDescribesEveryProperty(String schema) {
    JsonNode file = Schemas.file(schema);
    assertThat(Schemas.ofSchemas().validate(file)).isEmpty();
    assertThat(file.get("$id").asString()).isEqualTo(Schemas.ID + schema + Schemas.SUFFIX);
    assertThat(file.hasNonNull("title")).isTrue();
    assertThat(file.hasNonNull("description")).isTrue();
    Map<String, JsonNode> properties = properties(file);
    assertThat(properties).isNotEmpty();
    properties.forEach(
        (name, property) -> assertThat(property.hasNonNull("description")).as(name).isTrue());
  }

  /** Against the schema of schemas accepting anything. */
  @Test
  void aSchemaWithAMistakeIsNone() {
    ObjectNode file = (ObjectNode) Schemas.file("list");
    file.put("type", "objekt");
    assertThat(Schemas.ofSchemas().validate(file)).isNotEmpty();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void realOutputIsAcceptedAndRefusedWithAnyChange(String command) throws Exception {
    try (GuestProcess guest = guest()) {
      List<String> args = new ArrayList<>(List.of(command, "--format", "json"));
      args.addAll(OPTIONS.getOrDefault(command, List.of()));
      if (Set.of("get", "watch", "stat").contains(command)) {
        args.addAll(List.of("--pid", Integer.toString(guest.pid())));
      }
      App.Result result = App.run(args.toArray(String[]::new));
      JsonNode document = Schemas.read(schema(command), result.out());
      // Whatever is in the schema is written: nothing hides in an array that is empty here.
      assertThat(names(document)).containsAll(properties(Schemas.file(schema(command))).keySet());
      Schemas.assertRefusesEveryChange(schema(command), document);
    }
  }

  @Test
  void aValueHas64Bits() throws Exception {
    try (GuestProcess guest = guest()) {
      String pid = Integer.toString(guest.pid());
      App.Result get = App.run("get", "--pid", pid, "--stat", "exits", "--format", "json");
      JsonNode document = Schemas.read("get", get.out());
      ObjectNode stat = (ObjectNode) document.findParent("value");
      BigInteger end = BigInteger.TWO.pow(Long.SIZE);
      JsonNodeFactory nodes = JsonNodeFactory.instance;
      stat.set("value", nodes.numberNode(end.subtract(BigInteger.ONE)));
      assertThat(Schemas.of("get").validate(document)).isEmpty();
      for (JsonNode wrong :
          List.of(nodes.numberNode(end), nodes.numberNode(-1), nodes.numberNode(1.5))) {
        stat.set("value", wrong);
        Schemas.assertRefused("get", document, wrong.toString());
      }
    }
  }

  private static GuestProcess guest() throws Exception {
    App.assumeKvm();
    return GuestProcess.start("schemas", List.of(Life.HALT)).awaitRunning();
  }

  /** {@return the names of all fields in a document} */
  private static Set<String> names(JsonNode document) {
    Set<String> names = new HashSet<>(document.propertyNames());
    document.valueStream().forEach(value -> names.addAll(names(value)));
    return names;
  }

  /** {@return what a schema says of fields, by their names} */
  private static Map<String, JsonNode> properties(JsonNode schema) {
    Map<String, JsonNode> properties = new HashMap<>();
    schema
        .findValues("properties")
        .forEach(found ->
            found
                .propertyStream()
                .forEach(field -> {
                  properties.put(field.getKey(), field.getValue());
                  properties.putAll(properties(field.getValue()));
                }));
    return properties;
  }
}
