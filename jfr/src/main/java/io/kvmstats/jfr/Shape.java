package io.kvmstats.jfr;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.core.model.Descriptor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * What is the same of all events of a type.
 *
 * @param isVcpu whether they are a vCPU's, not a VM's
 * @param isPublished whether a process says so itself
 * @param fields sorted by name: it does not matter where a source has the values
 */
record Shape(boolean isVcpu, boolean isPublished, List<Field> fields) {
  /**
   * KVM has less than a hundred. More are published by who wants to keep us busy, and some three
   * thousand are more than a class can have.
   */
  static final int FIELDS_MAX = 1000;

  private static final int HASH_DIGITS = 12;

  /**
   * {@return the shape of an object's events} Histograms have no place in one: JFR has no lists.
   */
  static Shape of(ObjectView object, boolean isPublished) {
    return new Shape(
        object.isVcpu(),
        isPublished,
        object.schema().descriptors().stream()
            .filter(stat -> !stat.type().isHistogram() && stat.size() == 1)
            .sorted(Comparator.comparing(Descriptor::name))
            .limit(FIELDS_MAX)
            .map(Field::of)
            .toList());
  }

  /** {@return the event's name, where no other shape has it: that of KVM's statistics} */
  String name() {
    return "kvmstats." + (isPublished ? "Published" : "") + (isVcpu ? "Vcpu" : "VM");
  }

  /** {@return the event's name with something that tells its fields from any others} */
  String nameOfItsOwn() {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has it", e);
    }
    for (Field field : fields) {
      String text = field.stat() + "\0" + field.flags() + "\0" + field.exponent() + "\0";
      digest.update(text.getBytes(StandardCharsets.UTF_8));
    }
    return name() + "_" + HexFormat.of().formatHex(digest.digest()).substring(0, HASH_DIGITS);
  }

  String label() {
    return (isPublished ? "Published " : "KVM ") + (isVcpu ? "vCPU" : "VM");
  }
}
