package io.kvmstats.discover;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a VM is called, and who says so.
 *
 * @param text the name, which may contain any character: escape it for where it goes
 * @param origin where it comes from, such as {@code -name}
 */
public record VmName(String text, String origin) {
  private static final String OPTION = "-name";
  private static final String GUEST = "guest=";

  /**
   * {@return the name in a command line like QEMU's}
   *
   * <p>{@code -name NAME}, {@code -name guest=NAME,debug-threads=on}; a comma within the name is
   * doubled, and the option may have one dash or two (qemu(1), util/qemu-option.c). The last name
   * counts, as it does for QEMU; options without one leave it.
   *
   * @param arguments the program's name first
   */
  static Optional<VmName> ofCommandLine(List<String> arguments) {
    String name = "";
    for (int i = 1; i + 1 < arguments.size(); i++) {
      String option = arguments.get(i);
      if (option.equals(OPTION) || option.equals("-" + OPTION)) {
        name = nameIn(arguments.get(++i), name);
      }
    }
    return name.isEmpty() ? Optional.empty() : Optional.of(new VmName(name, OPTION));
  }

  private static String nameIn(String value, String before) {
    String name = before;
    List<String> parameters = split(value);
    // Without a key in front of its first comma the option starts with the name itself.
    if (!value.split(",", 2)[0].contains("=")) {
      name = parameters.removeFirst();
    }
    for (String parameter : parameters) {
      if (parameter.startsWith(GUEST)) {
        name = parameter.substring(GUEST.length());
      }
    }
    return name;
  }

  /** Splits at single commas; two of them are one in the text. */
  private static List<String> split(String value) {
    List<String> parameters = new ArrayList<>();
    StringBuilder parameter = new StringBuilder();
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c != ',') {
        parameter.append(c);
      } else if (i + 1 < value.length() && value.charAt(i + 1) == ',') {
        parameter.append(c);
        i++;
      } else {
        parameters.add(parameter.toString());
        parameter.setLength(0);
      }
    }
    parameters.add(parameter.toString());
    return parameters;
  }
}
