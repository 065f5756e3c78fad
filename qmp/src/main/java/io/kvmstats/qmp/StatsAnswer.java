package io.kvmstats.qmp;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads the answer to query-stats: an object's values by their names. */
final class StatsAnswer implements Values.Reader<List<StatsAnswer.Stats>> {
  /** As a stats file's descriptors have it: 16 bits. */
  private static final int VALUES_MAX = 0xffff;

  private final int objectsMax;

  /**
   * Reads an answer.
   *
   * @param objectsMax how many VMs or vCPUs there are at most
   */
  StatsAnswer(int objectsMax) {
    this.objectsMax = objectsMax;
  }

  /**
   * What an object counted.
   *
   * @param qomPath what QEMU calls it; empty of the VM
   * @param values by the statistics' names, as listed
   */
  record Stats(String qomPath, Map<String, Value> values) {}

  /**
   * A statistic's value.
   *
   * @param numbers one, or a histogram's buckets in the order in which QEMU lists them
   * @param isTruth whether it is "true" or "false"
   */
  record Value(List<Long> numbers, boolean isTruth) {}

  @Override
  public List<Stats> read(JsonParser json) throws IOException {
    List<Stats> objects = new ArrayList<>();
    Values.list(
        json,
        objectsMax,
        object -> {
          Result result = new Result();
          Values.object(object, result);
          if (result.provider.equals("kvm")) {
            objects.add(new Stats(result.qomPath, result.values));
          }
        });
    return objects;
  }

  private static final class Result implements Values.Member {
    String provider = "";
    String qomPath = "";
    final Map<String, Value> values = new HashMap<>();

    @Override
    public void read(String name, JsonParser json) throws IOException {
      switch (name) {
        case "provider" -> provider = Values.text(json);
        case "qom-path" -> qomPath = Values.text(json);
        case "stats" -> Values.list(json, StatsSchemas.STATS_MAX, this::stat);
        default -> Values.skip(json);
      }
    }

    private void stat(JsonParser json) throws IOException {
      Stat stat = new Stat();
      Values.object(json, stat);
      if (stat.name.isEmpty()) {
        throw new MalformedAnswerException("a value has no name");
      }
      if (values.putIfAbsent(stat.name, new Value(stat.numbers, stat.isTruth)) != null) {
        throw new MalformedAnswerException("there are two values of " + stat.name);
      }
    }
  }

  private static final class Stat implements Values.Member {
    String name = "";
    final List<Long> numbers = new ArrayList<>(1);
    boolean isTruth;

    @Override
    public void read(String member, JsonParser json) throws IOException {
      switch (member) {
        case "name" -> name = StatsSchemas.name(json);
        case "value" -> value(json);
        default -> Values.skip(json);
      }
    }

    private void value(JsonParser json) throws IOException {
      JsonToken token = json.currentToken();
      if (token == JsonToken.START_ARRAY) {
        Values.list(json, VALUES_MAX, element -> numbers.add(Values.unsigned(element)));
      } else if (token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
        isTruth = true;
        numbers.add(token == JsonToken.VALUE_TRUE ? 1L : 0L);
      } else {
        numbers.add(Values.unsigned(json));
      }
    }
  }
}
