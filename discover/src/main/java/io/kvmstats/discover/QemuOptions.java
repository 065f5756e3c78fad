package io.kvmstats.discover;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a command line like QEMU's calls its VM.
 *
 * <p>{@code -name NAME}, {@code -name guest=NAME,debug-threads=on}; a comma within the name is
 * doubled, and an option may have one dash or two (qemu(1), util/qemu-option.c). The last name
 * counts, as it does for QEMU; options without one leave it. Of the UUIDs of {@code -uuid} and
 * {@code -smbios type=1,uuid=} the last counts (system/vl.c, hw/smbios/smbios.c), and Proxmox has
 * the second alone. Its QEMU has {@code -id}, the number of the VM, which is its name where there
 * is no other.
 */
final class QemuOptions {
  private static final String NAME = "-name";
  private static final String UUID = "-uuid";
  private static final String SMBIOS = "-smbios";
  private static final String ID = "-id";

  private static final int ID_DIGITS_MAX = 9;

  private String name = "";
  private String id = "";
  private Optional<VmUuid> uuid = Optional.empty();

  private QemuOptions() {}

  /**
   * {@return what they say}
   *
   * @param arguments the program's name first
   */
  static VmIdentity identity(List<String> arguments) {
    QemuOptions options = new QemuOptions();
    for (int i = 1; i + 1 < arguments.size(); i++) {
      String option = arguments.get(i);
      if (options.take(option.startsWith("--") ? option.substring(1) : option, arguments, i)) {
        i++;
      }
    }
    Optional<VmName> name = Optional.empty();
    if (!options.name.isEmpty()) {
      name = Optional.of(new VmName(options.name, NAME));
    } else if (!options.id.isEmpty()) {
      name = Optional.of(new VmName(options.id, ID));
    }
    return new VmIdentity(name, options.uuid);
  }

  /** {@return whether it is one of those, and so has a value} */
  private boolean take(String option, List<String> arguments, int index) {
    String value = arguments.get(index + 1);
    switch (option) {
      case NAME -> name = nameIn(value, name);
      case UUID -> uuid = VmUuid.parse(value, UUID);
      case SMBIOS -> uuid = uuidIn(value).or(() -> uuid);
      case ID -> id = Digits.parse(value, ID_DIGITS_MAX) == Digits.NONE ? id : value;
      default -> {
        return false;
      }
    }
    return true;
  }

  private static String nameIn(String value, String before) {
    String name = before;
    List<String> parameters = split(value);
    // Without a key in front of its first comma the option starts with the name itself.
    if (!value.split(",", 2)[0].contains("=")) {
      name = parameters.removeFirst();
    }
    return last(parameters, "guest=").orElse(name);
  }

  private static Optional<VmUuid> uuidIn(String smbios) {
    List<String> parameters = split(smbios);
    return last(parameters, "type=").filter("1"::equals).isPresent()
        ? last(parameters, "uuid=").flatMap(text -> VmUuid.parse(text, SMBIOS))
        : Optional.empty();
  }

  private static Optional<String> last(List<String> parameters, String key) {
    return parameters.reversed().stream()
        .filter(parameter -> parameter.startsWith(key))
        .map(parameter -> parameter.substring(key.length()))
        .findFirst();
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
