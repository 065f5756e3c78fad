package io.kvmstats.tui;

/**
 * A key that was pressed, or a turn of the mouse's wheel.
 *
 * @param name which one
 * @param character of {@link Name#CHARACTER}
 */
record Key(Name name, int character) {
  /** Those keys that mean something here. */
  enum Name {
    CHARACTER,
    UP,
    DOWN,
    LEFT,
    RIGHT,
    PAGE_UP,
    PAGE_DOWN,
    HOME,
    END,
    ENTER,
    ESCAPE,
    BACKSPACE,
    WHEEL_UP,
    WHEEL_DOWN,
    OTHER
  }

  static Key of(Name name) {
    return new Key(name, 0);
  }

  static Key of(int character) {
    return new Key(Name.CHARACTER, character);
  }

  boolean is(char wanted) {
    return name == Name.CHARACTER && character == wanted;
  }
}
