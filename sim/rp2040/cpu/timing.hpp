// Every cycle count of the Cortex-M0+ core and of the RP2040 bus fabric, each with its source.
//
// [DS] RP2040 datasheet; [TRM] Cortex-M0+ Technical Reference Manual, DDI 0484C; "derived" is arithmetic on sourced
// figures; "assumed" has no public source and is named as such in docs/timing.md.
#pragma once

#include "base/types.hpp"

namespace rp2040::timing {

// Core instructions, zero wait states: [DS] 2.4.3.3 table 81, [TRM] 3.3.
inline constexpr Cycles kAlu = 1;             // data processing, shifts, extends, REV, NOP, CPS, SEV, YIELD
inline constexpr Cycles kMultiply = 1;        // the RP2040 has the single-cycle multiplier: [DS] 2.4.1
inline constexpr Cycles kPcWrite = 2;         // MOV pc, ADD pc
inline constexpr Cycles kBranchTaken = 2;     // B and Bcc taken
inline constexpr Cycles kBranchNotTaken = 1;  // Bcc not taken
inline constexpr Cycles kBranchLink = 3;      // BL
inline constexpr Cycles kBranchExchange = 2;  // BX, BLX
inline constexpr Cycles kSystem = 3;          // MRS, MSR, ISB, DMB, DSB
inline constexpr Cycles kWait = 2;            // WFI, WFE, without the wait itself
inline constexpr Cycles kMultipleBase = 1;    // LDM, STM, PUSH, POP: 1 + N
inline constexpr Cycles kPopPcExtra = 2;      // POP with PC: 3 + N, N counting PC

// Loads and stores: total instruction cycles by target.
inline constexpr Cycles kLoadStore = 2;    // AHB-Lite, zero wait: [DS] table 81
inline constexpr Cycles kIoPort = 1;       // SIO, the single-cycle I/O port: [DS] table 81
inline constexpr Cycles kApbRead = 4;      // APB read takes 3 bus cycles ([DS] 2.1.3), + 1 for the instruction: derived
inline constexpr Cycles kApbWrite = 5;     // APB write takes 4 bus cycles ([DS] 2.1.3), + 1: derived
inline constexpr Cycles kBusCycle = 1;     // of those, the cycle in which the instruction completes without the bus
inline constexpr Cycles kAtomicAlias = 2;  // atomic write to I2C, UART, SPI, SSI, which becomes a read and a write:
                                           // [DS] 2.1.2

// Exceptions.
inline constexpr Cycles kExceptionEntry = 15;  // worst-case latency, zero wait states: [TRM] 3.6.1, [DS] 2.4.3.6
inline constexpr Cycles kVectorFetch = 3;      // tail of the entry in which a late arrival is no longer served: assumed
inline constexpr Cycles kExceptionReturn = 10;  // eight words unstacked at 1 + 8 and the refill of a branch, beyond the
                                                // returning instruction's own cycles: derived
inline constexpr Cycles kTailChain = 6;         // from one handler's return to the next handler, no stacking: assumed

// Execute in place.
inline constexpr Cycles kXipFlush = 1024;     // "just over 1024 cycles": [DS] 2.6.3.2
inline constexpr Cycles kXipOverhead = 10;    // chip select, SSI FIFO and AHB hand-over around one transfer, and
inline constexpr Cycles kXipUncached = 8;     // the same where the cache is bypassed: fitted to measured copies, which
                                              // they meet to the cycle; docs/timing.md
inline constexpr unsigned kXipWordBits = 32;  // a miss brings one word, also of a line ("filled one half at a time":
                                              // raspberrypi/pico-feedback#307)

}  // namespace rp2040::timing
