package io.kvmstats.core.binaryform;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Names as the binary form has them: 32 bytes each, padded with NULs. Immutable.
 *
 * @param names each of 1 to 32 bytes of ASCII; one of 32 has no NUL behind it, as two of s390's
 *     have not (RFC patch 1/4)
 */
public record StatNames(List<String> names) {
  /**
   * Makes names.
   *
   * @throws IllegalArgumentException when one is empty, longer than 32 bytes or not ASCII
   */
  public StatNames {
    names = List.copyOf(names);
    for (String name : names) {
      if (name.isEmpty()
          || name.length() > BinaryForm.NAME_BYTES
          || !name.chars().allMatch(c -> c > 0 && c < 0x80)) {
        throw new IllegalArgumentException("'" + name + "' is not 1 to 32 bytes of ASCII");
      }
    }
  }

  /**
   * {@return names of statistics, which the binary form cuts to 31 bytes and a NUL}
   *
   * @param names of any length
   */
  public static StatNames cut(List<String> names) {
    int most = BinaryForm.NAME_BYTES - 1;
    return new StatNames(
        names.stream().map(name -> name.substring(0, Math.min(name.length(), most))).toList());
  }

  /**
   * {@return the names in what KVM_STATS_GET_NAMES wrote}
   *
   * @param block 32 bytes each
   * @throws IllegalArgumentException when one is empty or not ASCII
   */
  public static StatNames decode(MemorySegment block) {
    List<String> names = new ArrayList<>();
    for (long at = 0; at < block.byteSize(); at += BinaryForm.NAME_BYTES) {
      byte[] bytes = block.asSlice(at, BinaryForm.NAME_BYTES).toArray(ValueLayout.JAVA_BYTE);
      int length = 0;
      while (length < bytes.length && bytes[length] != 0) {
        length++;
      }
      names.add(new String(bytes, 0, length, StandardCharsets.ISO_8859_1));
    }
    return new StatNames(names);
  }

  /** {@return as KVM_STATS_GET_NAMES writes them} */
  public byte[] encode() {
    byte[] block = new byte[names.size() * BinaryForm.NAME_BYTES];
    for (int i = 0; i < names.size(); i++) {
      byte[] name = names.get(i).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(name, 0, block, i * BinaryForm.NAME_BYTES, name.length);
    }
    return block;
  }

  /**
   * {@return these names, followed by others}
   *
   * @param others a vCPU's, after a VM's own
   */
  public StatNames then(StatNames others) {
    List<String> both = new ArrayList<>(names);
    both.addAll(others.names);
    return new StatNames(both);
  }
}
