package io.kvmstats.qmp;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The options in a command line like QEMU's: {@code -option first,key=value,key=value}; a comma
 * within a value is doubled, and an option may have one dash or two (util/qemu-option.c).
 */
final class QemuOptions {
  /** The key of what stands before the first comma without one. */
  static final String FIRST = "";

  private QemuOptions() {}

  /**
   * {@return the parameters of each option of that name}
   *
   * @param commandLine the program's name first
   * @param name without its dash
   */
  static List<Map<String, String>> of(List<String> commandLine, String name) {
    List<Map<String, String>> options = new ArrayList<>();
    for (int i = 1; i + 1 < commandLine.size(); i++) {
      String option = commandLine.get(i);
      if (option.equals("-" + name) || option.equals("--" + name)) {
        options.add(parameters(commandLine.get(++i)));
      }
    }
    return options;
  }

  private static Map<String, String> parameters(String value) {
    Map<String, String> parameters = new LinkedHashMap<>();
    int start = 0;
    while (start <= value.length()) {
      int end = start;
      while (end < value.length() && !endsAt(value, end)) {
        end += value.charAt(end) == ',' ? 2 : 1;
      }
      end = Math.min(end, value.length());
      put(parameters, value.substring(start, end).replace(",,", ","), start == 0);
      start = end + 1;
    }
    return parameters;
  }

  private static boolean endsAt(String value, int at) {
    return value.charAt(at) == ',' && (at + 1 == value.length() || value.charAt(at + 1) != ',');
  }

  private static void put(Map<String, String> parameters, String parameter, boolean isFirst) {
    int equals = parameter.indexOf('=');
    if (equals >= 0) {
      parameters.put(parameter.substring(0, equals), parameter.substring(equals + 1));
    } else {
      parameters.put(isFirst ? FIRST : parameter, isFirst ? parameter : "on");
    }
  }
}
