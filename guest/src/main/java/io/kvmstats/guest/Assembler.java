package io.kvmstats.guest;

import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;

/**
 * Assembles the few instructions that our guests are made of, for x86's 16-bit real mode.
 *
 * <p>Encodings are those of Intel's SDM, volume 2. There, {@code 66} in front of an instruction
 * makes its operands 32 bits wide. Jumps go backwards, to a {@link #here} taken before, or forwards
 * to where {@link #land} says.
 */
final class Assembler {
  private static final int OPERAND_32 = 0x66;

  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  /** Short jumps forwards, by the place of their distance: where they go to. */
  private final Map<Integer, Integer> landings = new HashMap<>();

  /** {@return the place of the next instruction} */
  int here() {
    return code.size();
  }

  byte[] assemble() {
    byte[] bytes = code.toByteArray();
    landings.forEach((jump, target) -> bytes[jump] = distance(jump, target));
    return bytes;
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

  /** {@code rdtsc}: the time-stamp counter to edx:eax. */
  Assembler rdtsc() {
    return bytes(0x0f, 0x31);
  }

  /** {@code mov esi, eax; mov edi, edx}. */
  Assembler movEdiEsiEdxEax() {
    return bytes(OPERAND_32, 0x89, 0xc6, OPERAND_32, 0x89, 0xd7);
  }

  /** {@code mov ecx, eax; mov ebp, edx}. */
  Assembler movEbpEcxEdxEax() {
    return bytes(OPERAND_32, 0x89, 0xc1, OPERAND_32, 0x89, 0xd5);
  }

  /** {@code mov esi, ecx; mov edi, ebp}: leaves the flags alone. */
  Assembler movEdiEsiEbpEcx() {
    return bytes(OPERAND_32, 0x89, 0xce, OPERAND_32, 0x89, 0xef);
  }

  /** {@code sub eax, esi; sbb edx, edi}: zero says of edx alone whether it is 0. */
  Assembler subEdxEaxEdiEsi() {
    return bytes(OPERAND_32, 0x29, 0xf0, OPERAND_32, 0x19, 0xfa);
  }

  /** {@code mov bx, [address]}. */
  Assembler movBxAt(int address) {
    return bytes(0x8b, 0x1e).word(address);
  }

  /** {@code cmp eax, [bx + offset]}. */
  Assembler cmpEaxAtBx(int offset) {
    return bytes(OPERAND_32, 0x3b, 0x47).offset(offset);
  }

  /** {@code mov [bx + offset], eax}. */
  Assembler movAtBxEax(int offset) {
    return bytes(OPERAND_32, 0x89, 0x47).offset(offset);
  }

  /** {@code cmp eax, [address]}. */
  Assembler cmpEaxAt(int address) {
    return bytes(OPERAND_32, 0x3b, 0x06).word(address);
  }

  /** {@code add dword [bx + offset], 1}. */
  Assembler addAtBx1(int offset) {
    return bytes(OPERAND_32, 0x83, 0x47).offset(offset).bytes(1);
  }

  /** {@code adc dword [bx + offset], 0}. */
  Assembler adcAtBx0(int offset) {
    return bytes(OPERAND_32, 0x83, 0x57).offset(offset).bytes(0);
  }

  /** {@code or al, 1}. */
  Assembler orAl1() {
    return bytes(0x0c, 1);
  }

  /** {@code bsr ecx, eax}: the number of the highest bit set in eax, which is not 0. */
  Assembler bsrEcxEax() {
    return bytes(OPERAND_32, 0x0f, 0xbd, 0xc8);
  }

  /** {@code shl cx, count}. */
  Assembler shlCx(int count) {
    return bytes(0xc1, 0xe1, count);
  }

  /** {@code add bx, cx}. */
  Assembler addBxCx() {
    return bytes(0x01, 0xcb);
  }

  /** {@code jz}, to where the result is given to {@link #land}. */
  int jzAhead() {
    return ahead(0x74);
  }

  /** {@code jbe}, unsigned, to where the result is given to {@link #land}. */
  int jbeAhead() {
    return ahead(0x76);
  }

  /** {@code jb}, unsigned, to where the result is given to {@link #land}. */
  int jbAhead() {
    return ahead(0x72);
  }

  private int ahead(int opcode) {
    bytes(opcode, 0);
    return here() - 1;
  }

  /** Has a jump ahead end here. */
  Assembler land(int jump) {
    landings.put(jump, here());
    return this;
  }

  /** {@code jmp segment:offset}. */
  Assembler jmpFar(int segment, int offset) {
    return bytes(0xea).word(offset).word(segment);
  }

  /** {@code cmp byte [address], 0; je target}: to target if the byte in the data segment is 0. */
  Assembler jumpIfZero(int address, int target) {
    bytes(0x80, 0x3e).word(address).bytes(0);
    return bytes(0x0f, 0x84).word(target - (here() + 2));
  }

  private Assembler relative(int target) {
    return bytes(distance(here(), target));
  }

  /** {@return what a short jump has at a place, to get to another} */
  private static byte distance(int place, int target) {
    int distance = target - (place + 1);
    if (distance != (byte) distance) {
      throw new IllegalArgumentException("a short jump can't reach " + distance + " bytes");
    }
    return (byte) distance;
  }

  private Assembler offset(int value) {
    if (value != (byte) value) {
      throw new IllegalArgumentException("no offset of one byte: " + value);
    }
    return bytes(value);
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
