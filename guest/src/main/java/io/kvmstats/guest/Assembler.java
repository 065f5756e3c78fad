package io.kvmstats.guest;

import java.io.ByteArrayOutputStream;

/**
 * Assembles the few instructions that our guests are made of, for x86's 16-bit real mode.
 *
 * <p>Encodings are those of Intel's SDM, volume 2. There, {@code 66} in front of an instruction
 * makes its operands 32 bits wide. Jumps go backwards, to a {@link #here} taken before, or over a
 * few bytes that are known.
 */
final class Assembler {
  private static final int OPERAND_32 = 0x66;

  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  /** {@return the place of the next instruction} */
  int here() {
    return code.size();
  }

  byte[] assemble() {
    return code.toByteArray();
  }

  /** {@code mov eax, value}. */
  Assembler movEax(int value) {
    return bytes(OPERAND_32, 0xb8).dword(value);
  }

  /** {@code mov ecx, value}. */
  Assembler movEcx(int value) {
    return bytes(OPERAND_32, 0xb9).dword(value);
  }

  /** {@code xor edx, edx}. */
  Assembler zeroEdx() {
    return bytes(OPERAND_32, 0x31, 0xd2);
  }

  /** {@code or eax, value}. */
  Assembler orEax(int value) {
    return bytes(OPERAND_32, 0x0d).dword(value);
  }

  /** {@code imul ebx, ecx}: work for work's sake. */
  Assembler imulEbxEcx() {
    return bytes(OPERAND_32, 0x0f, 0xaf, 0xd9);
  }

  /** {@code mov cx, value}. */
  Assembler movCx(int value) {
    return bytes(0xb9).word(value);
  }

  /** {@code mov dx, value}. */
  Assembler movDx(int value) {
    return bytes(0xba).word(value);
  }

  /** {@code out dx, al}: writes a byte to a port. */
  Assembler outDxAl() {
    return bytes(0xee);
  }

  /** {@code mov [es:0], al}: writes a byte to the start of the extra segment. */
  Assembler storeAlAtEs0() {
    return bytes(0x26, 0xa2).word(0);
  }

  /** {@code rdmsr}: model-specific register ecx to edx:eax. */
  Assembler rdmsr() {
    return bytes(0x0f, 0x32);
  }

  /** {@code wrmsr}: edx:eax to model-specific register ecx. */
  Assembler wrmsr() {
    return bytes(0x0f, 0x30);
  }

  /** {@code sti}: interrupts may come, after the next instruction. */
  Assembler sti() {
    return bytes(0xfb);
  }

  /** {@code cli}: interrupts may not come. */
  Assembler cli() {
    return bytes(0xfa);
  }

  /** {@code hlt}: sleeps until an interrupt came. */
  Assembler hlt() {
    return bytes(0xf4);
  }

  /** {@code iret}: back to where the interrupt came. */
  Assembler iret() {
    return bytes(0xcf);
  }

  /** {@code loop target}: cx - 1, and to target unless it is 0 now. */
  Assembler loop(int target) {
    return bytes(0xe2).relative(target);
  }

  /** {@code jmp target}. */
  Assembler jmp(int target) {
    return bytes(0xe9).word(target - (here() + 2));
  }

  /** {@code cmp byte [address], 0; je target}: to target if the byte in the data segment is 0. */
  Assembler jumpIfZero(int address, int target) {
    bytes(0x80, 0x3e).word(address).bytes(0);
    return bytes(0x0f, 0x84).word(target - (here() + 2));
  }

  private Assembler relative(int target) {
    int distance = target - (here() + 1);
    if (distance != (byte) distance) {
      throw new IllegalArgumentException("a short jump can't reach " + distance + " bytes");
    }
    return bytes(distance);
  }

  private Assembler dword(int value) {
    return word(value).word(value >>> 16);
  }

  private Assembler word(int value) {
    return bytes(value, value >>> 8);
  }

  private Assembler bytes(int... values) {
    for (int value : values) {
      code.write(value);
    }
    return this;
  }
}
