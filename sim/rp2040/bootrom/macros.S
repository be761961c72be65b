// Macros shared by the assembly files of the boot ROM.
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .macro rom_function name
    .global \name
    .type \name, %function
    .balign 2
    .thumb_func
\name:
    .endm

// Exactly `cycles` cycles; with a counter register (lost, as the flags are) a loop takes the place of long rows of NOPs.
    .macro spend cycles, counter
    .ifb \counter
    .rept \cycles
    nop
    .endr
    .else
    movs \counter, #(\cycles) / 3
    subs \counter, #1
    bne . - 2
    .rept (\cycles) % 3
    nop
    .endr
    .endif
    .endm

// high:low = x * y (32 x 32 -> 64 bits) in 18 cycles: the core multiplies 32 x 32 -> 32 only. All five are different
// registers; x ends as low's scratch, y and t are lost.
    .macro umull low, high, x, y, t
    uxth \t, \x                     // xl
    lsrs \x, \x, #16                // xh
    lsrs \high, \y, #16             // yh
    uxth \y, \y                     // yl
    movs \low, \y
    muls \low, \t                   // xl yl
    muls \t, \high                  // xl yh
    muls \high, \x                  // xh yh
    muls \x, \y                     // xh yl
    movs \y, #0
    adds \x, \t
    adcs \y, \y
    lsls \y, #16
    adds \high, \y
    lsls \t, \x, #16
    lsrs \x, #16
    adds \low, \t
    adcs \high, \x
    .endm

// r1:r0 / 2^\places, rounded down.
    .macro double_drop places, t
    lsrs r0, #\places
    lsls \t, r1, #32 - \places
    orrs r0, \t
    lsrs r1, #\places
    .endm
