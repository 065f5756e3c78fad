package io.kvmstats.cli;

/** The exit codes of every command. */
final class Exit {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int NOTHING_TO_READ = 3;

  /** A command that was to be run is there, and can't be; as shells have it. */
  static final int COMMAND_REFUSED = 126;

  /** A command that was to be run could not be started; as shells have it. */
  static final int NO_COMMAND = 127;

  private Exit() {}
}
