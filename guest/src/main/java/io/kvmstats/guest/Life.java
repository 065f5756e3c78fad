package io.kvmstats.guest;

/** What a vCPU spends its time on, and so which of its statistics move. */
public enum Life {
  /** Multiplies without end: few exits on hardware, many emulated instructions without it. */
  COMPUTE("computes"),
  /** Writes to a port 50 times, 200 times a second: exits to userspace. */
  PORT_IO("writes to a port"),
  /** Writes to an address without memory 50 times, 200 times a second: exits to userspace. */
  MMIO("writes to an address without memory"),
  /** Sleeps in HLT until its local APIC's timer wakes it: eight naps of 50 µs, then one of 2 ms. */
  HALT("sleeps and is woken by its timer");

  /** Beats per second of the lives that pause: the timer's period is 5 ms. */
  private static final int BEAT_NANOS = 5_000_000;

  private static final int BURST = 50;

  /** Short enough that KVM waits for the timer by polling, once it has learned to. */
  private static final int NAP_NANOS = 50_000;

  private static final int NAPS = 8;

  /** Longer than KVM's halt_poll_ns lets it poll (200 µs on x86, Linux 6.12). */
  private static final int SLEEP_NANOS = 2_000_000;

  private static final int MULTIPLICATIONS = 50_000;

  private final String sentence;

  Life(String sentence) {
    this.sentence = sentence;
  }

  /** {@return what it does, for "vCPU 0 ..."} */
  public String sentence() {
    return sentence;
  }

  /** Appends one round of this life, which begins and ends with interrupts off. */
  void assemble(Assembler code) {
    switch (this) {
      case COMPUTE -> {
        code.movCx(MULTIPLICATIONS);
        int again = code.here();
        code.imulEbxEcx().loop(again);
      }
      case PORT_IO -> {
        code.movDx(Program.PORT).movCx(BURST);
        int again = code.here();
        code.outDxAl().loop(again);
        Program.sleep(code, BEAT_NANOS);
      }
      case MMIO -> {
        code.movCx(BURST);
        int again = code.here();
        code.storeAlAtEs0().loop(again);
        Program.sleep(code, BEAT_NANOS);
      }
      case HALT -> {
        for (int i = 0; i < NAPS; i++) {
          Program.sleep(code, NAP_NANOS);
        }
        Program.sleep(code, SLEEP_NANOS);
      }
    }
  }
}
