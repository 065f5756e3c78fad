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
   * doubled, and the option may have one dash or two (qemu(1), util/qemu-option.c). The last option
   * counts, as it does for QEMU.
   *
   * @param arguments the program's name first
   */
  static Optional<VmName> ofCommandLine(List<String> arguments) {
    Optional<VmName> name = Optional.empty();
    for (int i = 1; i + 1 < arguments.size(); i++) {
      String option = arguments.get(i);
      if (option.equals(OPTION) || option.equals("-" + OPTION)) {
        name = ofOption(arguments.get(++i));
      }
    }
    return name;
  }

  private static Optional<VmName> ofOption(String value) {
    List<String> parameters = split(value);
    for (int i = 0; i < parameters.size(); i++) {
      String parameter = parameters.get(i);
      if (parameter.startsWith(GUEST)) {
        return of(parameter.substring(GUEST.length()));
      }
      if (i == 0 && !parameter.contains("=")) {
        return of(parameter);
      }
    }
    return Optional.empty();
  }

  private static Optional<VmName> of(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(new VmName(text, OPTION));
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
