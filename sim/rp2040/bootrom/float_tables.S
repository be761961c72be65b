// The tables of floating point entry points, in the published order (datasheet 2.8.3.2).
    .include "macros.S"

    .text
// Comparison with the result in the flags, as after CMP: -1, 0, 1 less 0.
    .macro compare_flags name, function
    .global \name
    .type \name, %function
    .thumb_func
\name:
    push {r0-r3, lr}
    bl \function
    adds r0, #1                     // 0, 1, 2: carry clear only for "less"
    cmp r0, #1
    pop {r0-r3, pc}                 // POP leaves the flags alone
    .endm
    compare_flags rom_fcmp_flags, rom_fcmp
    compare_flags rom_dcmp_flags, rom_dcmp

// Elementary functions (fixed_...), with a wait that brings each to the published average. \low and \high: where the
// result is, if not in r0 and r1.
    .macro function name, target, wait, low, high
    .global \name
    .type \name, %function
    .thumb_func
\name:
    push {r4, lr}
    bl \target
    .ifnb \low
    movs r0, \low
    .endif
    .ifnb \high
    movs r1, \high
    .endif
    .if \wait
    spend \wait, r4
    .endif
    pop {r4, pc}
    .endm
    function rom_fsincos, fixed_fsincos, 249
    function rom_fcos, fixed_fsincos, 258, r1
    function rom_ftan, fixed_ftan, 240
    function rom_fexp, fixed_fexp, 216
    function rom_fln, fixed_fln, 168
    function rom_fatan2, fixed_fatan2, 45
    function rom_dsincos, fixed_dsincos, 294
    function rom_dcos, fixed_dsincos, 191, r2, r3
    function rom_dsin, fixed_dsincos, 194
    function rom_dtan, fixed_dtan, 271
    function rom_dexp, fixed_dexp, 148
    function rom_dln, fixed_dln, 141
    function rom_datan2, fixed_datan2, 152

    .section .tables, "a"
    .balign 4
// The byte two before each table is its size in words; the SDK checks it.
    .macro float_table name, rows:vararg
    .hword 0
    .byte 32, 0
    .global \name
\name:
    .irp row, \rows
    .word \row
    .endr
    .endm

    float_table soft_float_table, rom_fadd, rom_fsub, rom_fmul, rom_fdiv, rom_fcmp, rom_fcmp_flags, rom_fsqrt, \
        rom_float2int, rom_float2fix, rom_float2uint, rom_float2ufix, \
        rom_int2float, rom_fix2float, rom_uint2float, rom_ufix2float, \
        rom_fcos, rom_fsincos, rom_ftan, rom_fsincos, rom_fexp, rom_fln, \
        rom_fcmp, rom_fatan2, rom_int642float, rom_fix642float, rom_uint642float, rom_ufix642float, \
        rom_float2int64, rom_float2fix64, rom_float2uint64, rom_float2ufix64, rom_float2double

    float_table soft_double_table, rom_dadd, rom_dsub, rom_dmul, rom_ddiv, rom_dcmp, rom_dcmp_flags, rom_dsqrt, \
        rom_double2int, rom_double2fix, rom_double2uint, rom_double2ufix, \
        rom_int2double, rom_fix2double, rom_uint2double, rom_ufix2double, \
        rom_dcos, rom_dsin, rom_dtan, rom_dsincos, rom_dexp, rom_dln, \
        rom_dcmp, rom_datan2, rom_int642double, rom_fix642double, rom_uint642double, rom_ufix642double, \
        rom_double2int64, rom_double2fix64, rom_double2uint64, rom_double2ufix64, rom_double2float
