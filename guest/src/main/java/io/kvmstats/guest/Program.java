package io.kvmstats.guest;

/**
 * The guest's software: 16-bit real mode, no BIOS, no operating system.
 *
 * <p>The guest's physical memory:
 *
 * <pre>
 *   0x00000  interrupt vectors, 4 bytes each: offset, segment
 *   0x00500  the timer's interrupt handler
 *   0x00600  stop flag: a byte that the host sets
 *   0x00700  what a {@link GapProgram} measures
 *   0x10000  a page per vCPU: its code from the start, its stack from the end
 *   0xd0000  nothing: writing here is MMIO
 * </pre>
 *
 * Each vCPU sets up its local APIC's one-shot timer through the x2APIC's registers (Intel SDM
 * volume 3, 11.5.4 and 11.12), then lives round after round until the stop flag is set. KVM's APIC
 * timer counts nanoseconds: its bus runs at 1 GHz.
 */
final class Program {
  static final int HANDLER = 0x500;
  static final int STOP_FLAG = 0x600;
  private static final int VCPU_PAGES = 0x10000;
  static final int PAGE_BYTES = 0x1000;
  static final int MEMORY_BYTES = 0x90000;
  static final int MMIO = 0xd0000;

  /** Two ports that nothing in the kernel serves: one to write to, one to end at. */
  static final int PORT = 0x1234;

  static final int STOP_PORT = 0x1235;

  /** The timer's vector: the first behind those of exceptions. */
  private static final int TIMER_VECTOR = 0x20;

  private static final int MSR_APIC_BASE = 0x1b;
  private static final int MSR_X2APIC_EOI = 0x80b;
  private static final int MSR_X2APIC_SPURIOUS = 0x80f;
  private static final int MSR_X2APIC_LVT_TIMER = 0x832;
  private static final int MSR_X2APIC_INITIAL_COUNT = 0x838;
  private static final int MSR_X2APIC_DIVIDE = 0x83e;

  /** APIC enabled (bit 11), in x2APIC mode (bit 10). */
  private static final int APIC_BASE_X2APIC = 0xc00;

  /** APIC enabled by software (bit 8), spurious interrupts at vector 0xff. */
  private static final int SPURIOUS_ENABLED = 0x1ff;

  private static final int DIVIDE_BY_1 = 0xb;

  private Program() {}

  /** {@return where a vCPU's page is} */
  static int page(int vcpu) {
    return VCPU_PAGES + vcpu * PAGE_BYTES;
  }

  /** {@return the table of interrupt vectors, of which only the timer's is used} */
  static byte[] vectors() {
    byte[] vectors = new byte[(TIMER_VECTOR + 1) * 4];
    vectors[TIMER_VECTOR * 4] = (byte) HANDLER;
    vectors[TIMER_VECTOR * 4 + 1] = (byte) (HANDLER >>> 8);
    return vectors;
  }

  /** {@return the timer's handler: it may change eax, ecx and edx, since interrupts come in hlt} */
  static byte[] handler() {
    Assembler code = new Assembler();
    writeMsr(code, MSR_X2APIC_EOI, 0);
    return code.iret().assemble();
  }

  /** {@return a vCPU's code} */
  static byte[] life(Life life) {
    Assembler code = new Assembler();
    code.cli();
    code.movEcx(MSR_APIC_BASE).rdmsr().orEax(APIC_BASE_X2APIC).wrmsr();
    writeMsr(code, MSR_X2APIC_SPURIOUS, SPURIOUS_ENABLED);
    writeMsr(code, MSR_X2APIC_DIVIDE, DIVIDE_BY_1);
    writeMsr(code, MSR_X2APIC_LVT_TIMER, TIMER_VECTOR);
    int round = code.here();
    life.assemble(code);
    code.jumpIfZero(STOP_FLAG, round);
    return stop(code).assemble();
  }

  /** Ends a vCPU's code: its thread sees the port, and does not run it again. */
  static Assembler stop(Assembler code) {
    int stopped = code.here();
    return code.movDx(STOP_PORT).outDxAl().jmp(stopped);
  }

  /** Sleeps: the timer is set with interrupts off, and they come on with hlt, so none is missed. */
  static void sleep(Assembler code, int nanos) {
    writeMsr(code, MSR_X2APIC_INITIAL_COUNT, nanos);
    code.sti().hlt().cli();
  }

  private static void writeMsr(Assembler code, int msr, int value) {
    code.movEcx(msr).movEax(value).zeroEdx().wrmsr();
  }
}
