# SPDX-License-Identifier: Apache-2.0
#
# The guests' programs again, for another assembler: ProgramTest compares its bytes with Program's,
# section by section. Where there are two encodings, {disp16} and {disp8} ask for the one that ours has.

	.code16
	.intel_syntax noprefix

	.macro write_msr number, value
	mov	ecx, \number
	mov	eax, \value
	xor	edx, edx
	wrmsr
	.endm

	.macro sleep nanos
	write_msr 0x838, \nanos
	sti
	hlt
	cli
	.endm

	# Everything before the first round.
	.macro begin
	cli
	mov	ecx, 0x1b
	rdmsr
	or	eax, 0xc00
	wrmsr
	write_msr 0x80f, 0x1ff
	write_msr 0x83e, 0xb
	write_msr 0x832, 0x20
	.endm

	# Everything after a round that began at 1.
	.macro end
	cmp	byte ptr ds:[0x600], 0
	{disp16} je	1b
2:	mov	dx, 0x1235
	out	dx, al
	{disp16} jmp	2b
	.endm

	.section .handler, "ax"
	write_msr 0x80b, 0
	iret

	.section .compute, "ax"
	begin
1:	mov	cx, 50000
3:	imul	ebx, ecx
	loop	3b
	end

	.section .port_io, "ax"
	begin
1:	mov	dx, 0x1234
	mov	cx, 50
3:	out	dx, al
	loop	3b
	sleep	5000000
	end

	.section .mmio, "ax"
	begin
1:	mov	cx, 50
3:	mov	es:[0], al
	loop	3b
	sleep	5000000
	end

	.section .halt, "ax"
	begin
1:
	.rept 8
	sleep	50000
	.endr
	sleep	2000000
	end

	.macro count_pauses index
	cmp	eax, ds:[0x704 + 4 * \index]
	jb	5f
	add	dword ptr [bx + 4 + 4 * \index], 1
	.endm

	.section .gaps, "ax"
	cli
	rdtsc
	mov	esi, eax
	mov	edi, edx
1:	mov	bx, ds:[0x700]
	rdtsc
	mov	ecx, eax
	mov	ebp, edx
	sub	eax, esi
	sbb	edx, edi
	mov	esi, ecx
	mov	edi, ebp
	jz	3f
	mov	eax, -1
3:	{disp8} cmp eax, [bx]
	jbe	4f
	{disp8} mov [bx], eax
4:	count_pauses 0
	count_pauses 1
	count_pauses 2
5:	or	al, 1
	bsr	ecx, eax
	shl	cx, 3
	add	bx, cx
	add	dword ptr [bx + 0x10], 1
	adc	dword ptr [bx + 0x14], 0
	end

	.section .reset, "ax"
	jmp	0xf000:0
