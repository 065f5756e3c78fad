package io.kvmstats.guest;

/**
 * The same guest for any VMM of a PC: its software in the place of the BIOS, which is all that such
 * a VMM needs to be given, beside memory that is a {@link GapMeter}'s.
 *
 * <p>The ROM ends at 1 MiB and at 4 GiB. There the processor starts, 16 bytes before the end (Intel
 * SDM volume 3, 10.1.4), and jumps to the ROM's start below 1 MiB. Its data segment is at 0.
 */
public final class GapRom {
  private static final int BYTES = 64 << 10;
  private static final int START = BYTES - 16;

  private GapRom() {}

  /** {@return the ROM's bytes: 64 KiB, as the smallest BIOS has} */
  public static byte[] image() {
    byte[] image = new byte[BYTES];
    byte[] code = GapProgram.assemble();
    System.arraycopy(code, 0, image, 0, code.length);
    byte[] jump = new Assembler().jmpFar(((1 << 20) - BYTES) >> 4, 0).assemble();
    System.arraycopy(jump, 0, image, START, jump.length);
    return image;
  }
}
