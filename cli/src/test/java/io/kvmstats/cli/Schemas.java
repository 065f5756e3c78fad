package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The schemas in docs/json, and what they say about a command's output. */
final class Schemas {
  static final Path FOLDER = App.HOME.resolve("docs/json");
  static final String SUFFIX = ".schema.json";

  /** What the schemas' identifiers start with; nothing is ever fetched from there. */
  static final String ID = "https://kvmstats.invalid/json/";

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(
          SpecificationVersion.DRAFT_2020_12,
          registry ->
              registry
                  .schemas(Schemas::text)
                  .schemaRegistryConfig(
                      SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));

  private Schemas() {}

  /** {@return the one document that a command wrote, which its schema accepts} */
  static JsonNode read(String schema, String output) {
    List<JsonNode> documents = readLines(schema, output);
    assertThat(documents).hasSize(1);
    return documents.getFirst();
  }

  /** {@return the documents that a command wrote, one a line, all of which its schema accepts} */
  static List<JsonNode> readLines(String schema, String output) {
    assertThat(output).endsWith("\n");
    List<JsonNode> documents = output.lines().map(JSON::readTree).toList();
    for (JsonNode document : documents) {
      assertThat(of(schema).validate(document)).as("%s against the output", schema).isEmpty();
    }
    return documents;
  }

  /**
   * Checks that a schema says something about every field of a document that it accepts: that it
   * refuses it without the field, with a field beside it, and with another type.
   */
  static void assertRefusesEveryChange(String schema, JsonNode document) {
    change(schema, document, document, "", new HashSet<>());
    assertThat(of(schema).validate(document)).as("unchanged again").isEmpty();
  }

  /** Of what repeats, such as the elements of an array, the first of each type is changed. */
  private static void change(
      String schema, JsonNode document, JsonNode node, String path, Set<String> done) {
    if (node instanceof ObjectNode object) {
      if (done.add(path + "{}")) {
        object.put("no_such_field", 1);
        assertRefused(schema, document, "a field more in " + path);
        object.remove("no_such_field");
      }
      for (String name : List.copyOf(object.propertyNames())) {
        JsonNode value = object.get(name);
        String field = path + "/" + name;
        if (done.add(field + " " + value.getNodeType())) {
          object.remove(name);
          assertRefused(schema, document, "no " + field);
          object.set(name, ofAnotherType(value));
          assertRefused(schema, document, "another type of " + field);
          object.set(name, value);
        }
        change(schema, document, value, field, done);
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        JsonNode value = array.get(i);
        if (done.add(path + "[] " + value.getNodeType())) {
          array.set(i, ofAnotherType(value));
          assertRefused(schema, document, "another type in " + path);
          array.set(i, value);
        }
        change(schema, document, value, path + "[]", done);
      }
    }
  }

  static void assertRefused(String schema, JsonNode document, String change) {
    assertThat(of(schema).validate(document)).as("%s: %s", schema, change).isNotEmpty();
  }

  /** The mistakes that are easily made: a number or a boolean as a string, an object for a null. */
  private static JsonNode ofAnotherType(JsonNode value) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (value.getNodeType()) {
      case NUMBER, BOOLEAN -> nodes.stringNode(value.asString());
      case STRING -> nodes.numberNode(1);
      case OBJECT -> nodes.arrayNode();
      default -> nodes.objectNode();
    };
  }

  /** {@return a schema by its file's name} */
  static Schema of(String schema) {
    return REGISTRY.getSchema(SchemaLocation.of(ID + schema + SUFFIX));
  }

  /** {@return the schema of schemas} */
  static Schema ofSchemas() {
    return REGISTRY.getSchema(SchemaLocation.of(SpecificationVersion.DRAFT_2020_12.getDialectId()));
  }

  /** {@return a schema's file} */
  static JsonNode file(String schema) {
    return JSON.readTree(text(ID + schema + SUFFIX));
  }

  private static String text(String id) {
    if (!id.startsWith(ID)) {
      return null; // The library has the schema of schemas in it.
    }
    try {
      return Files.readString(FOLDER.resolve(id.substring(ID.length())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
