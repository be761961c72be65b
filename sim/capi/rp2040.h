/* librp2040 as a shared library: the RP2040 without its processors, for simulators that bring their own Cortex-M0+.
 *
 * The host executes instructions and owns ROM, flash and SRAM. The library is everything else: registers, pins, PIO,
 * DMA, UARTs, USB, clocks, the microphone, and the Cortex-M0+ and XIP timing that the host does not model.
 *
 * Time is a count of clk_sys cycles since power-on (rp2040_picoseconds, rp2040_cycle_at convert: clk_sys changes
 * during boot). The library acts only inside calls: a host calls rp2040_advance no later than at rp2040_next_event,
 * and gives each register access its own cycle. A cycle in the past is taken as "now".
 *
 * No function throws or prints. Those that return rp2040_status tell what was wrong in one line by rp2040_error; the
 * others return 0 then, rp2040_next_event RP2040_NEVER. A chip that is NULL or was destroyed, and arrays that are NULL
 * or larger than any host needs, are RP2040_INVALID. A chip may be used by one thread at a time; different chips are
 * independent. Callbacks are made from inside the call in progress, on its thread, and must not call functions marked
 * [not in callbacks]. */
#ifndef RP2040_CAPI_H
#define RP2040_CAPI_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define RP2040_API __declspec(dllexport)
#else
#define RP2040_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Grows by one whenever this header changes; a host refuses a library whose number differs.
 * 1 first version. 2 rp2040_register_name. 3 rp2040_reset takes the moment; turns, block hooks, I2C and SPI targets.
 * 4 idle turns, the host's memory and bus, snapshots. 5 both cores. 6 SysTick.
 * 8 taps. 9 block hooks at the beginning of a block. */
#define RP2040_ABI_VERSION 9
RP2040_API uint32_t rp2040_abi_version(void);

typedef struct rp2040_chip rp2040_chip;

typedef enum {
    RP2040_OK = 0,
    RP2040_BUS_FAULT = 1,  /* nothing answers at this address: the processor takes a HardFault */
    RP2040_UNMODELLED = 2, /* a register or bit that the model does not have */
    RP2040_INVALID = 3,    /* an argument is outside its range, or the host's memory refused an access */
} rp2040_status;

#define RP2040_NEVER UINT64_MAX
#define RP2040_IRQ_NMI 32
#define RP2040_IRQ_SYSTICK 33

typedef enum { RP2040_RESET_CPU = 0, RP2040_RESET_WATCHDOG = 1 } rp2040_reset_reason;

/* What the library asks of its host. Every pointer but `context` must be set. `core` is 0 or 1. */
typedef struct {
    void* context;
    /* Level of an interrupt line (0..25, datasheet 2.3.2) towards one core; RP2040_IRQ_NMI is that core's NMI.
     * RP2040_IRQ_SYSTICK, always level 1: its SysTick has reached 0, and exception 15 becomes pending. */
    void (*irq)(void* context, uint32_t core, uint32_t line, uint32_t level);
    /* The DMA's access to memory that the host owns (ROM, flash, SRAM, XIP as SRAM). `bytes` is 1, 2 or 4, the
     * address is aligned, SRAM comes at its striped address. Returns an rp2040_status. */
    uint32_t (*read)(void* context, uint32_t address, uint32_t bytes, uint32_t* value);
    uint32_t (*write)(void* context, uint32_t address, uint32_t bytes, uint32_t value);
    /* The chip wants to be reset: reset the processors, then call rp2040_finish_reset. */
    void (*reset)(void* context, uint32_t reason);
    /* SEV: wakes cores that wait in WFE. */
    void (*send_event)(void* context);
    /* clk_sys runs at `hz` from now on. */
    void (*clock)(void* context, uint32_t hz);
    /* PSM.FRCE_OFF holds a core in reset (1), or lets it go (0): see rp2040_started. */
    void (*hold)(void* context, uint32_t core, uint32_t held);
} rp2040_host;

/* ---- life ---------------------------------------------------------------------------------------------------------*/

/* A chip at power-on, or NULL: flash_bytes is a power of two from 64 kB to 16 MB, xosc_hz the crystal. */
RP2040_API rp2040_chip* rp2040_create(uint32_t flash_bytes, uint32_t xosc_hz, const rp2040_host* host);
RP2040_API void rp2040_destroy(rp2040_chip* chip);
/* What the last call that failed had to say; never NULL. */
RP2040_API const char* rp2040_error(const rp2040_chip* chip);
/* Power-on reset: time begins at cycle 0 again. `cycle` is when that was in the time before (a cycle in the past is
 * now): the microphone, which has a clock of its own, goes on from there. [not in callbacks] */
RP2040_API void rp2040_reset(rp2040_chip* chip, uint64_t cycle);
/* Resets what a reset of this kind resets (PSM_WDSEL, RESETS_WDSEL); time goes on. [not in callbacks] */
RP2040_API rp2040_status rp2040_finish_reset(rp2040_chip* chip);
/* The chip's complete state, microphone included, for rp2040_restore of the same build: writes at most `room` bytes and
 * tells in `size` how many there are. What the host gave (callbacks, memory, targets) is no part of it, nor is traced
 * code. [not in callbacks] */
RP2040_API rp2040_status rp2040_save(rp2040_chip* chip, uint8_t* data, size_t room, size_t* size);
/* Wants a chip with the same flash size, microphone and targets; else, and for other bytes, it says so and leaves the
 * chip as it is. Interrupt lines are not told anew. [not in callbacks] */
RP2040_API rp2040_status rp2040_restore(rp2040_chip* chip, const uint8_t* data, size_t size);

/* Gives the flash device its content, which SSI and the boot check see. `address` is 0x10000000 and up. */
RP2040_API rp2040_status rp2040_load(rp2040_chip* chip, uint32_t address, const uint8_t* data, size_t size);
/* The boot ROM (16384 bytes), for the host's memory at 0. */
RP2040_API const uint8_t* rp2040_boot_rom(void);
/* What the boot ROM does after a reset: check the second stage in flash, copy it to SRAM through host.write, set up
 * the SSI, or take the watchdog's vector. The processor then starts at *pc with *sp and LR = 0. */
RP2040_API rp2040_status rp2040_boot(rp2040_chip* chip, uint32_t* pc, uint32_t* sp);
/* A core begins anew, where its program counter shows. Core 1 does so at the ROM's vectors after any reset, and waits
 * there for core 0. */
RP2040_API void rp2040_started(rp2040_chip* chip, uint32_t core);

/* ---- time ---------------------------------------------------------------------------------------------------------*/

RP2040_API uint64_t rp2040_now(const rp2040_chip* chip);
/* Cycle of the next thing that happens by itself, RP2040_NEVER if nothing will. */
RP2040_API uint64_t rp2040_next_event(const rp2040_chip* chip);
/* Runs everything due up to and including `cycle`. RP2040_NEVER, the next event of a quiet chip, changes nothing; other
 * cycles more than 2^40 ahead are RP2040_INVALID. [not in callbacks] */
RP2040_API rp2040_status rp2040_advance(rp2040_chip* chip, uint64_t cycle);
RP2040_API uint64_t rp2040_picoseconds(const rp2040_chip* chip, uint64_t cycle);
/* First cycle at or after a time, as if clk_sys stayed as it is. */
RP2040_API uint64_t rp2040_cycle_at(const rp2040_chip* chip, uint64_t picoseconds);
/* Hertz of a clock generator, datasheet order: gpout0..3, ref, sys, peri, usb, adc, rtc; 0: stopped or no such. */
RP2040_API uint32_t rp2040_clock_hz(const rp2040_chip* chip, uint32_t clock);

/* ---- registers ----------------------------------------------------------------------------------------------------*/

/* Accesses of a core at `cycle`: registers of every window, atomic aliases, USB DPRAM, SIO, SRAM bank by bank.
 * `bytes` is 1, 2 or 4. Of the PPB only SysTick (0xe000e010 to 0xe000e01f, words) is behind these functions, and no
 * memory that the host owns. A host that knows the
 * time of a block of instructions only gives them all the same cycle: each comes at least the time of one access after
 * the one before. [not in callbacks] */
RP2040_API rp2040_status rp2040_read(rp2040_chip* chip, uint32_t core, uint64_t cycle, uint32_t address, uint32_t bytes,
                                     uint32_t* value);
RP2040_API rp2040_status rp2040_write(rp2040_chip* chip, uint32_t core, uint64_t cycle, uint32_t address,
                                      uint32_t bytes, uint32_t value);
/* The value as a debugger sees it: no side effects, no time. */
RP2040_API rp2040_status rp2040_peek(rp2040_chip* chip, uint32_t address, uint32_t bytes, uint32_t* value);

/* ---- turns --------------------------------------------------------------------------------------------------------*/

/* For hosts whose own clock counts instructions, all of the same length. The library keeps what a Cortex-M0+ takes
 * beyond that (rp2040_cpu_block, rp2040_cpu_exception) and dates everything with it; the host skips the difference when
 * rp2040_skip says so. `elapsed` is what the host's clock shows, in picoseconds since power-on; RP2040_AS_BEFORE:
 * nothing but reported blocks has moved it since rp2040_rebase. A host of two cores has a clock for each and executes
 * one after the other for a while; what the one that comes second does happens when the first one has got to, if that
 * is later. */
#define RP2040_AS_BEFORE UINT64_MAX

/* What the host wants to know after the chip had its turn. */
typedef struct {
    uint64_t due;    /* what the host's clock shows, as things stand, at the chip's next event; RP2040_NEVER */
    uint32_t value;  /* of a read */
    uint32_t serial; /* bit per port that has bytes to take */
    uint32_t pins;   /* of the watched ones, those that are high for at least half of the time */
    uint32_t zero;
} rp2040_turn;

/* Length of the host's instruction, and how much it may owe before it skips. Until a skip, everything that the chip
 * does is on time; only what the host itself derives from its clock lags behind. */
RP2040_API void rp2040_pace(rp2040_chip* chip, uint32_t instruction_picoseconds, uint64_t skip_picoseconds);
/* The host wants to stop when the chip's time is `picoseconds`: it skips by then what it owes, and no idle turn goes
 * beyond it. RP2040_NEVER: nowhere.
 */
RP2040_API void rp2040_limit(rp2040_chip* chip, uint64_t picoseconds);
/* Bit per core that the host executes from now on; core 0 at the beginning. */
RP2040_API void rp2040_execute(rp2040_chip* chip, uint32_t cores);
/* Words that wait for a core in the SIO's FIFO. Core 1 waits in the ROM while there is none: no need to execute it. */
RP2040_API uint32_t rp2040_fifo(const rp2040_chip* chip, uint32_t core);
/* A core's clock shows `elapsed`, and nothing but reported blocks will move it until the next rp2040_rebase. */
RP2040_API void rp2040_rebase(rp2040_chip* chip, uint32_t core, uint64_t elapsed);
RP2040_API uint64_t rp2040_cycle_of_host(rp2040_chip* chip, uint32_t core, uint64_t elapsed);
/* rp2040_read, rp2040_write, rp2040_advance, and what follows within a few cycles. [not in callbacks] */
RP2040_API rp2040_status rp2040_turn_read(rp2040_chip* chip, uint32_t core, uint64_t elapsed, uint32_t address,
                                          uint32_t bytes, rp2040_turn* turn);
RP2040_API rp2040_status rp2040_turn_write(rp2040_chip* chip, uint32_t core, uint64_t elapsed, uint32_t address,
                                           uint32_t bytes, uint32_t value, rp2040_turn* turn);
RP2040_API rp2040_status rp2040_turn_run(rp2040_chip* chip, uint32_t core, uint64_t elapsed, rp2040_turn* turn);
/* rp2040_turn_run while core 0, the only one, sleeps, for it cannot see when things happen that do not wake it: what
 * the chip does by itself before the host's clock shows `until` happens in this call, up to the first thing that a
 * core, a port or a watched pin has of it. That one is what `due` names, and comes with the first turn at or after it.
 * Targets on I2C and SPI see early what the DMA sends them. [not in callbacks] */
RP2040_API rp2040_status rp2040_turn_idle(rp2040_chip* chip, uint64_t elapsed, uint64_t until, rp2040_turn* turn);
/* Pins whose levels turns report, bit per pin. */
RP2040_API void rp2040_watch_pins(rp2040_chip* chip, uint32_t pins);

/* Picoseconds to skip now, whole instructions, because much is owed or something is due; else 0. */
RP2040_API uint64_t rp2040_skip(rp2040_chip* chip, uint32_t core);
/* For hosts in C that call a function without a context as each block begins: one that charges what rp2040_cpu_block
 * does. It returns 1, or 0 when the host must come back before it executes the block, and then asks again. */
typedef uint32_t (*rp2040_block_hook)(uint64_t pc, uint32_t instructions);
typedef struct {
    void* context;
    /* Instructions that this core has executed so far, without those of a block that is under way. */
    uint64_t (*executed)(void);
    /* rp2040_skip would return more than 0, or with both cores something is due: call rp2040_turn_run then. */
    void (*skip_due)(void* context);
    /* The host's own function at the same place, called after the library's while rp2040_block_guest says so. */
    rp2040_block_hook guest;
} rp2040_block_host;
/* NULL when too many chips have one. */
RP2040_API rp2040_block_hook rp2040_take_block_hook(rp2040_chip* chip, uint32_t core, const rp2040_block_host* host);
/* May be called beside other calls. */
RP2040_API void rp2040_block_guest(rp2040_chip* chip, uint32_t core, uint32_t wanted);
/* Addresses at which a core's call or return is awaited, in the host's blocks: `stopped` is called before the
 * core goes on at one of them. `read` gives a register of
 * the core, 15 for where it goes on. Neither NULL. An exception that begins there is no call. */
typedef struct {
    void* context;
    uint32_t (*read)(int32_t number);
    void (*stopped)(void* context, uint32_t address);
    /* Where the host keeps the core's program counter: of the instruction under way while one accesses the bus, and of
     * the next one between blocks. A block hook sets it. NULL: accesses within a block are dated with its beginning. */
    uint32_t* pc;
} rp2040_stop_host;
RP2040_API rp2040_status rp2040_take_stops(rp2040_chip* chip, uint32_t core, const rp2040_stop_host* host);
/* All of them, for both cores; those given before are forgotten. */
RP2040_API rp2040_status rp2040_stops(rp2040_chip* chip, const uint32_t* addresses, uint32_t count);
/* Memory that calls leave behind, kept by the library at the end of each: in blocks as above, of the function at
 * `function`, from where R<pointer> pointed at its beginning, `bytes` bytes, or so many times R<count> of then when
 * `count` is less than RP2040_TAP_REGISTERS; RP2040_TAP_BYTES at most. A core that comes to the function otherwise than
 * by a call or a branch is not seen. */
#define RP2040_TAPS 16u
#define RP2040_TAP_REGISTERS 4u
#define RP2040_TAP_BYTES 65536u
typedef struct {
    uint32_t function, pointer, count, bytes;
} rp2040_tap;
/* All of them; those given before are forgotten with what they kept. */
RP2040_API rp2040_status rp2040_taps(rp2040_chip* chip, const rp2040_tap* taps, uint32_t count);
/* The number of the tap whose call is the oldest that finished and was not taken yet, and what it left, at most `room`
 * bytes; fewer where memory ends. -1: there is none. Of 65536 that nobody takes the oldest are dropped. */
RP2040_API int32_t rp2040_tap_take(rp2040_chip* chip, uint8_t* data, uint32_t room, uint32_t* size);
/* Instructions of both cores reported so far. */
RP2040_API uint64_t rp2040_instructions(const rp2040_chip* chip);

/* ---- the host's memory and bus ------------------------------------------------------------------------------------*/

/* `bytes` of the host's memory from `base` on are at `memory` until this is called again or the chip goes, and need no
 * host.read and host.write: SRAM or flash, at its first alias. Writes to SRAM that code was executed from go through
 * host.write all the same, for hosts that have translated it. NULL takes the memory back. */
RP2040_API rp2040_status rp2040_memory(rp2040_chip* chip, uint32_t base, uint8_t* memory, size_t bytes);

/* For hosts in C that call a function for each access to what is no memory of theirs: functions with their signature
 * that know the chip, for 1, 2 and 4 bytes. `state` is the host's, and is handed on. */
typedef struct {
    uint64_t (*read[3])(uint64_t address, uint64_t state);
    void (*write[3])(uint64_t address, uint64_t value, uint64_t state);
} rp2040_bus;
typedef struct {
    void* context;
    rp2040_bus others; /* for addresses that are not the chip's */
    /* Something other than blocks may have moved the host's clock: call rp2040_rebase. */
    void (*clock)(void* context);
    /* An access had a consequence that the host was not told of by an earlier turn. */
    void (*turned)(void* context, uint32_t status, uint32_t address, const rp2040_turn* turn);
} rp2040_bus_host;
/* Fills `bus` for a core; fails when too many chips have one. Registers go to `others` until rp2040_bus_direct. */
RP2040_API rp2040_status rp2040_take_bus(rp2040_chip* chip, uint32_t core, const rp2040_bus_host* host,
                                         rp2040_bus* bus);
/* Whether accesses to registers are the library's business, but for writes of SIO.FIFO_WR while core 1 is not executed,
 * and the end of the flash from whose beginning on the host calls these functions for loads of data: they are charged
 * what they stall. */
RP2040_API void rp2040_bus_direct(rp2040_chip* chip, uint32_t registers, uint32_t flash_end);
/* Something other than blocks may have moved a core's clock. May be called beside other calls. */
RP2040_API void rp2040_clock_moved(rp2040_chip* chip, uint32_t core);

/* The windows that the host forwards, in address order; returns how many there are. */
typedef struct {
    uint32_t base, size;
    const char* name;
} rp2040_window;
RP2040_API uint32_t rp2040_windows(const rp2040_window** windows);
/* Memory regions that the host owns, likewise. */
RP2040_API uint32_t rp2040_memories(const rp2040_window** memories);
/* Name of the register at `address`, or at its atomic alias, as the datasheet writes it ("UARTDR", "CH0_CTRL_TRIG");
 * empty where there is none. Writes at most `room` bytes with the terminating zero, cutting longer names; returns the
 * name's length. */
RP2040_API uint32_t rp2040_register_name(uint32_t address, char* name, uint32_t room);

/* ---- pins, UART, USB ----------------------------------------------------------------------------------------------*/

/* Level of a pad now, 0 or 1. */
RP2040_API uint32_t rp2040_pin(rp2040_chip* chip, uint32_t pin);
/* Share of time that a pad is high, 0..65536: the PWM's duty where PWM drives it, else its level. */
RP2040_API uint32_t rp2040_pin_share(rp2040_chip* chip, uint32_t pin);
/* Drives a pad from outside: 0 low, 1 high, 2 released. */
RP2040_API rp2040_status rp2040_drive_pin(rp2040_chip* chip, uint32_t pin, uint32_t drive);

/* Bytes that left a UART (0, 1) or the USB serial port (2) since the last call, each with the cycle of its end; at
 * most `room`, the rest comes next time. Returns their number. */
RP2040_API uint32_t rp2040_serial_take(rp2040_chip* chip, uint32_t port, uint8_t* bytes, uint64_t* cycles,
                                       uint32_t room);
/* Bytes for the port's receiver; they take their time. */
RP2040_API rp2040_status rp2040_serial_send(rp2040_chip* chip, uint32_t port, const uint8_t* bytes, size_t size);

/* ---- I2C and SPI --------------------------------------------------------------------------------------------------*/

/* All targets of the host's on one I2C. They answer while the block has a pin for SDA and one for SCL. `address` has 7
 * or 10 bits; `start` (START or repeated START) and `write` return 1 to acknowledge. */
typedef struct {
    void* context;
    uint32_t (*start)(void* context, uint32_t address, uint32_t read);
    uint32_t (*write)(void* context, uint32_t value);
    uint32_t (*read)(void* context);
    void (*stop)(void* context);
} rp2040_i2c_target;
RP2040_API rp2040_status rp2040_i2c_connect(rp2040_chip* chip, uint32_t instance, const rp2040_i2c_target* target);

/* The target of the host's on one SPI: a frame of `bits` (4..16) begins to go out, and its answer comes in meanwhile.
 * `finish`: the block has raised its CSn. */
typedef struct {
    void* context;
    uint32_t (*transfer)(void* context, uint32_t value, uint32_t bits);
    void (*finish)(void* context);
} rp2040_spi_target;
RP2040_API rp2040_status rp2040_spi_connect(rp2040_chip* chip, uint32_t instance, const rp2040_spi_target* target);

/* ---- microphone ---------------------------------------------------------------------------------------------------*/

/* Puts a PDM microphone on two pins: `right` is its SELECT pin, `seed` that of its dither. Takes the place of the
 * one before, which stays if this one cannot be attached. */
RP2040_API rp2040_status rp2040_mic_attach(rp2040_chip* chip, uint32_t clock_pin, uint32_t data_pin, uint32_t right,
                                           uint32_t seed);
/* Sound: Q23 samples at 16 kHz, the first one ever pushed sounds at time zero. What was not pushed is silence. */
RP2040_API rp2040_status rp2040_mic_push(rp2040_chip* chip, const int32_t* samples, size_t count);
RP2040_API uint64_t rp2040_mic_supplied(const rp2040_chip* chip);
/* Sound from now on: 16-bit samples of any rate from 8 to 192 kHz, interleaved, channels averaged, resampled. */
RP2040_API rp2040_status rp2040_mic_play(rp2040_chip* chip, const int16_t* samples, size_t frames, uint32_t channels,
                                         uint32_t rate);
/* Bits instead of sound: bit 0 of byte 0 is the oldest. Served one per clock before any sound is modulated. */
RP2040_API rp2040_status rp2040_mic_push_bits(rp2040_chip* chip, const uint8_t* bytes, size_t bits);
/* Bits that the program has clocked out. */
RP2040_API uint64_t rp2040_mic_bits(const rp2040_chip* chip);
/* 0: a bit hears the sound at the emulated time of its edge. Else bit n hears the sound at n / hz seconds, so that the
 * stream does not depend on when the program started the clock. */
RP2040_API rp2040_status rp2040_mic_timebase(rp2040_chip* chip, uint32_t hz);
/* 0 none, 1 missing, 2 stuck low, 3 stuck high. */
RP2040_API rp2040_status rp2040_mic_fault(rp2040_chip* chip, uint32_t fault);
/* Gain in Q12 and offset in Q23 before the modulator. */
RP2040_API rp2040_status rp2040_mic_analog(rp2040_chip* chip, int32_t gain_q12, int32_t offset_q23);

/* ---- Cortex-M0+ time ----------------------------------------------------------------------------------------------*/

/* Cycles of straight-line code from its opcodes, memory without wait states: `halfwords` as fetched at `address`,
 * conditional branches not taken, no XIP stalls. */
RP2040_API uint32_t rp2040_block_cycles(uint32_t address, const uint16_t* halfwords, uint32_t count);
/* Beyond what rp2040_block_cycles counted, when the conditional branch that ends a block is taken. */
RP2040_API uint32_t rp2040_taken_branch_cycles(void);
RP2040_API uint32_t rp2040_exception_entry_cycles(void);
RP2040_API uint32_t rp2040_exception_return_cycles(void);
/* Whole cycles of a load or store at `address` (SIO 1, SRAM 2, APB 4 and 5, ...), without XIP stalls. */
RP2040_API uint32_t rp2040_access_cycles(uint32_t address, uint32_t is_write);
/* One fetch or load of a flash word through the XIP cache, now: the cycles that it stalls. */
RP2040_API uint32_t rp2040_xip_stall(rp2040_chip* chip, uint32_t address);

/* The same, kept by the library: the host reports each block of `instructions` that a core executed from `pc` on and
 * gets the cycles to charge: instructions, taken branches (seen when the next block begins), fetches and literals
 * through the XIP cache, and the register accesses made since the last report beyond an SRAM access. Opcodes are read
 * through host.read once per block. */
RP2040_API uint32_t rp2040_cpu_block(rp2040_chip* chip, uint32_t core, uint32_t pc, uint32_t instructions);
/* An exception begins (1) or returns (0): the cycles to charge. */
RP2040_API uint32_t rp2040_cpu_exception(rp2040_chip* chip, uint32_t core, uint32_t begins);
/* All cycles charged to a core so far. */
RP2040_API uint64_t rp2040_cpu_cycles(const rp2040_chip* chip, uint32_t core);
/* Code in memory changed: forget what is known of it. */
RP2040_API void rp2040_cpu_forget(rp2040_chip* chip);
/* Functions whose calls are counted from now on, by entry address; forgets earlier counts. */
RP2040_API rp2040_status rp2040_trace(rp2040_chip* chip, const uint32_t* addresses, uint32_t count);
/* Finished calls of one of them by either core, their cycles with callees and without interrupts: total, least, most.
 */
RP2040_API rp2040_status rp2040_trace_counts(const rp2040_chip* chip, uint32_t index, uint64_t* calls, uint64_t* total,
                                             uint64_t* least, uint64_t* most);

#ifdef __cplusplus
}
#endif

#endif
