// PDM microphone on PIO0 state machine 0, captured by two DMA channels in turn.
//
// Pin contract
//   PDM_CLOCK_PIN  output, PDM_HZ, half the period high; idle low
//   PDM_DATA_PIN   input with pull-down (no microphone reads as zeros)
//   A left-channel microphone (SEL low) drives its bit after the falling clock edge and holds it while the clock is
//   low; a right-channel one (SEL high) drives it after the rising edge and holds it while the clock is high.
//
// Timing
//   The program has two instructions of one state-machine cycle each, so a bit takes 2 * CLKDIV clk_sys cycles. IN
//   shares its cycle with the side-set that ends the valid phase, and the input synchroniser shows the level of two
//   clk_sys cycles before: every sample is taken two clk_sys cycles (16 ns at 125 MHz) before the closing edge,
//   when the microphone has had almost half a period (488 ns) to settle; data sheets ask for at most 100 ns or so.
//
// Rate
//   125 MHz / 2.048 MHz = 61 + 9/256 exactly, and for every clk_sys that is a multiple of 8 kHz the 8-bit fractional
//   divider likewise gives exactly 1.024 MHz on average: exactly 16000 samples a second, a block in exactly 32 ms.
//   The price is that a half period is now and then one clk_sys cycle longer: a saw-tooth jitter of 8 ns peak to
//   peak (2.3 ns rms). On a full-scale 3 kHz tone that is noise at -20 log10(2 pi 3000 * 2.3e-9) = -87 dB, most of it
//   above the audio band (the saw-tooth repeats at 72 kHz), against -61 to -65 dB of the microphones themselves.
//   The integer divider 61 would have no jitter but run 576 ppm fast.
//
// Data
//   Bits shift right with autopush at 32: bit 0 of a word is its oldest bit. A block is PDM_BLOCK_WORDS words.
//   Each channel fills its own block and chains to the other; write addresses wrap at the block size, transfer counts
//   reload by themselves. No instruction is needed to keep the capture going, so however late the CPU is, no bit is
//   lost on the way to memory; only a block that was not read before its turn comes again (32 ms later) is lost, and
//   that is counted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PDM_BLOCK_WORDS 1024u

void pdm_mic_init(void);

// Starts the clock and the capture; block 0 begins with the first bit.
void pdm_mic_start(void);

// Sleeps until more than `*taken` blocks are complete and takes the newest of them: the one before it is being
// overwritten already. Returns its number, counts it in `*taken` and adds the blocks that were passed over to
// `*missed`.
uint32_t pdm_mic_take(uint32_t* taken, uint32_t* missed);

// Whether the DMA has come back to block `number`: what is read of it now may be the future.
bool pdm_mic_overwritten(uint32_t number);

// The words of block `number`; valid from its completion until block `number + 1` completes.
const uint32_t* pdm_mic_block(uint32_t number);

// Timer value (low word, microseconds) at which the newest block was complete.
uint32_t pdm_mic_block_time(void);

// Whether the state machine ever had to wait for the DMA (a bit was stretched); clears the mark.
bool pdm_mic_take_stall(void);

// Whether the capture stands where it must: both channels count whole blocks, the one that fills is as far in its block
// as it has counted, the other one is back at its block's beginning.
bool pdm_mic_in_order(void);
