package io.kvmstats.otlp;

/** Attributes of a resource or a point, written into the message that has them. */
final class Attributes {
  private static final int KEY = 1;
  private static final int VALUE = 2;
  private static final int STRING = 1;
  private static final int BOOL = 2;
  private static final int INT = 3;

  /** Of others' words: libvirt's names have less, and a hostile one is in each of its requests. */
  private static final int CHARACTERS_MAX = 255;

  private final Protobuf owner;
  private final int field;

  /**
   * Begins to write some.
   *
   * @param field the number of the owner's field of attributes
   */
  Attributes(Protobuf owner, int field) {
    this.owner = owner;
    this.field = field;
  }

  void text(String key, String value) {
    int end = Math.min(value.length(), CHARACTERS_MAX);
    if (end < value.length() && Character.isLowSurrogate(value.charAt(end))) {
      end--;
    }
    add(key, new Protobuf().text(STRING, value.substring(0, end)));
  }

  void bool(String key, boolean value) {
    add(key, new Protobuf().varint(BOOL, value ? 1 : 0));
  }

  void number(String key, long value) {
    add(key, new Protobuf().varint(INT, value));
  }

  private void add(String key, Protobuf value) {
    owner.message(field, new Protobuf().text(KEY, key).message(VALUE, value));
  }
}
