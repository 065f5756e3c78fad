package io.kvmstats.publish.simulate;

/**
 * What a made-up vCPU does for a while: it runs, exits now and then, halts, and is woken, over and
 * over.
 */
enum Habit {
  /** Sleeps but for its timer. */
  IDLE("idle", 60_000, 4_000_000, 0, 0, 1_000, 100),
  /** Computes; hardly ever halts. */
  BUSY("busy", 8_000_000, 200_000, 20, 0, 1_100, 400),
  /** Talks to emulated devices all the time. */
  EXIT_STORM("exit storm", 5_000_000, 100_000, 20_000, 60_000, 2_000, 200),
  /** Waits for answers that come so soon that KVM polls for them. */
  POLLING("halt-polling", 40_000, 60_000, 500, 0, 1_000, 50),
  /** Is not there: unplugged. */
  GONE("unplugged", 0, 0, 0, 0, 0, 0);

  private final String label;

  /** How long it runs from halt to halt, on average. */
  final long runNanos;

  /** How long a halt takes, on average. */
  final long haltNanos;

  /** How often it exits in a second that it runs. */
  final double ioExits;

  final double mmioExits;
  final double irqExits;
  final double pageFaults;

  Habit(
      String label,
      long runNanos,
      long haltNanos,
      double ioExits,
      double mmioExits,
      double irqExits,
      double pageFaults) {
    this.label = label;
    this.runNanos = runNanos;
    this.haltNanos = haltNanos;
    this.ioExits = ioExits;
    this.mmioExits = mmioExits;
    this.irqExits = irqExits;
    this.pageFaults = pageFaults;
  }

  String label() {
    return label;
  }
}
