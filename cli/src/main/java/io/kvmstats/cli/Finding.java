package io.kvmstats.cli;

/**
 * What {@code doctor} found about one thing.
 *
 * @param subject the thing
 * @param state how it stands
 * @param found what is there
 * @param advice what to do about it; empty when nothing needs to be done
 */
record Finding(String subject, State state, String found, String advice) {
  /** How a thing stands for this user. */
  enum State {
    /** As it should be. */
    OK,
    /** Not needed for what works, but it limits something. */
    LIMITS,
    /** Needed by this user, and missing. */
    MISSING,
    /** Not to be found out. */
    UNKNOWN
  }

  static Finding ok(String subject, String found) {
    return new Finding(subject, State.OK, found, "");
  }

  static Finding limits(String subject, String found, String advice) {
    return new Finding(subject, State.LIMITS, found, advice);
  }

  static Finding missing(String subject, String found, String advice) {
    return new Finding(subject, State.MISSING, found, advice);
  }

  static Finding unknown(String subject, String found, String advice) {
    return new Finding(subject, State.UNKNOWN, found, advice);
  }
}
