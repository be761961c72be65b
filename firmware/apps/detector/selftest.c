#include "apps/detector/selftest.h"

#include <stdbool.h>

#include "apps/common/image.h"
#include "apps/detector/health.h"
#include "board.h"
#include "drivers/console.h"
#include "drivers/dma_channels.h"
#include "drivers/pdm_mic.h"
#include "drivers/watchdog.h"
#include "hot.h"
#include "hw/memory.h"
#include "hw/rp2040.h"

#define CONSOLE_PORT (CONSOLE_UART ? UART1 : UART0)
#define LED_PWM (PWM->CH[(LED_PIN >> 1) & 7])
#define ALL 0xffffffffu
#define DMA_CONFIG 0x00ffffffu  // CTRL without BUSY and the error flags

extern const uint32_t __ram_text_start[], __ram_text_end[], __ram_text_load[];

// Registers that are written at the start and never again, with the bits that do not change by themselves.
static const struct {
    const reg32_t* address;
    uint32_t mask;
} configuration[] = {
    {&RESETS->RESET, ALL},
    {&CLOCKS->CLK_REF_CTRL, ALL},
    {&CLOCKS->CLK_SYS_CTRL, ALL},
    {&CLOCKS->CLK_SYS_DIV, ALL},
    {&CLOCKS->CLK_PERI_CTRL, ALL},
    {&PLL_SYS->CS, ALL},
    {&PLL_SYS->PWR, ALL},
    {&PLL_SYS->FBDIV_INT, ALL},
    {&PLL_SYS->PRIM, ALL},
    {&XOSC->CTRL, ALL},
    {&PSM->WDSEL, ALL},
    {&WATCHDOG->CTRL, ~(WATCHDOG_CTRL_TIME_MASK | WATCHDOG_CTRL_TRIGGER)},
    {&WATCHDOG->TICK, ~WATCHDOG_TICK_COUNT_MASK},
    {&TIMER->PAUSE, ALL},
    {&SYSTICK->SYST_CSR, ~SYSTICK_SYST_CSR_COUNTFLAG},
    {&SYSTICK->SYST_RVR, ALL},
    {&NVIC->NVIC_ISER, ALL},
    {&SCB->VTOR, ALL},
    {&PADS_BANK0->GPIO[PDM_CLOCK_PIN], ALL},
    {&PADS_BANK0->GPIO[PDM_DATA_PIN], ALL},
    {&PADS_BANK0->GPIO[CONSOLE_TX_PIN], ALL},
    {&PADS_BANK0->GPIO[LED_PIN], ALL},
    {&IO_BANK0->GPIO[PDM_CLOCK_PIN].CTRL, ALL},
    {&IO_BANK0->GPIO[PDM_DATA_PIN].CTRL, ALL},
    {&IO_BANK0->GPIO[CONSOLE_TX_PIN].CTRL, ALL},
    {&IO_BANK0->GPIO[LED_PIN].CTRL, ALL},
    {&PIO0->CTRL, 0xf},  // the state machines' enable bits
    {&PIO0->INPUT_SYNC_BYPASS, ALL},
    {&PIO0->SM[0].CLKDIV, ALL},
    {&PIO0->SM[0].EXECCTRL, ~PIO_SM_EXECCTRL_EXEC_STALLED},
    {&PIO0->SM[0].SHIFTCTRL, ALL},
    {&PIO0->SM[0].PINCTRL, ALL},
    {&DMA->CH[DMA_CHANNEL_PDM_A].AL1_CTRL, DMA_CONFIG},
    {&DMA->CH[DMA_CHANNEL_PDM_B].AL1_CTRL, DMA_CONFIG},
    {&DMA->CH[DMA_CHANNEL_CONSOLE].AL1_CTRL, DMA_CONFIG},
    {&DMA->INTE0, ALL},
    {&DMA->INTE1, ALL},
    {&CONSOLE_PORT->UARTIBRD, ALL},
    {&CONSOLE_PORT->UARTFBRD, ALL},
    {&CONSOLE_PORT->UARTLCR_H, ALL},
    {&CONSOLE_PORT->UARTCR, ALL},
    {&CONSOLE_PORT->UARTDMACR, ALL},
    {&LED_PWM.CSR, ALL},
    {&LED_PWM.DIV, ALL},
    {&LED_PWM.TOP, ALL},
};
#define REGISTERS (sizeof configuration / sizeof configuration[0])

static uint32_t expected, expected_inverted;
static uint32_t crc, flash_at;  // of the pass under way
static const uint32_t* code_at;
static uint32_t standing;  // HEALTH_ bits of the last pass, of the last measurement
static uint32_t steps;
static bool trusted;  // the flash held these checks as they were built

// Every step is a bijection of what came before, so a change of one register always changes the end.
static COLD uint32_t configuration_hash(void) {
    uint32_t hash = 0;
    for (uint32_t i = 0; i < REGISTERS; i++) {
        hash = (hash << 5) + hash;
        hash ^= *configuration[i].address & configuration[i].mask;
    }
    return hash;
}

// The second source of time: the ring oscillator, on its own in the chip, counted for a quarter of a millisecond of the
// crystal. It is 1.8 to 12 MHz over all parts, voltages and temperatures (datasheet 2.17.3): that tells a crystal that
// runs on an overtone, or hardly at all.
#define FC0_SRC_ROSC 3u
#define FC0_INTERVAL_250_US 8u
#define ROSC_LEAST_KHZ 1800u
#define ROSC_MOST_KHZ 12000u

static COLD void measure_begin(void) {
    CLOCKS->FC0_REF_KHZ = XOSC_HZ / 1000u;
    CLOCKS->FC0_INTERVAL = FC0_INTERVAL_250_US;
    CLOCKS->FC0_MIN_KHZ = ROSC_LEAST_KHZ;
    CLOCKS->FC0_MAX_KHZ = ROSC_MOST_KHZ;
    CLOCKS->FC0_SRC = FC0_SRC_ROSC;  // begins to count
}

static COLD uint32_t measure_end(void) { return CLOCKS->FC0_STATUS & CLOCKS_FC0_STATUS_PASS ? 0 : HEALTH_OSCILLATOR; }

COLD void selftest_start(bool image_intact) {
    trusted = image_intact;
    crc = CRC_INIT;
    flash_at = 0;
    code_at = __ram_text_start;
    standing = 0;
    steps = 0;
    expected = configuration_hash();
    expected_inverted = ~expected;
    measure_begin();
}

static COLD uint32_t flash_slice(void) {
    const uint32_t left = image_size() - flash_at;
    const uint32_t size = left < SELFTEST_FLASH_SLICE ? left : SELFTEST_FLASH_SLICE;
    crc = image_checksum(crc, flash_at, size);
    flash_at += size;
    if (size < left) return standing & HEALTH_FLASH;
    const uint32_t found = crc == image_expected() ? 0 : HEALTH_FLASH;
    crc = CRC_INIT;
    flash_at = 0;
    return found;
}

// The copy in SRAM against its image in flash. They differ when either has changed: a restart, which copies anew, is
// right only if the flash is what the build wrote.
static COLD void code_slice(void) {
    const uint32_t* image = __ram_text_load + (code_at - __ram_text_start);
    for (uint32_t i = 0; i < SELFTEST_CODE_SLICE / 4u && code_at < __ram_text_end; i++, code_at++, image++) {
        if (*code_at != *image && image_intact()) watchdog_restart(SELFTEST_CODE);
    }
    if (code_at >= __ram_text_end) code_at = __ram_text_start;
}

COLD uint32_t selftest_slice(uint32_t block) {
    if (!trusted) return HEALTH_FLASH;
    if (!memory_stack_guarded()) watchdog_restart(SELFTEST_STACK);
    const uint32_t found = configuration_hash();
    // A change of the expectation itself, of the slices' places: also a configuration that is not what it was.
    const bool sane = expected == ~expected_inverted && flash_at < image_size() && code_at >= __ram_text_start &&
                      code_at < __ram_text_end && ((uintptr_t)code_at & 3u) == 0;
    if (found != expected || !sane || !pdm_mic_in_order() || !console_in_order()) watchdog_restart(SELFTEST_CONFIG);
    code_slice();
    uint32_t health = flash_slice() | (standing & HEALTH_OSCILLATOR);
    if (block % 32u == 1u) health = (health & ~(uint32_t)HEALTH_OSCILLATOR) | measure_end();
    if (block % 32u == 0u) measure_begin();
    standing = health;
    return health;
}

void selftest_step(uint32_t step) { steps |= step; }

void selftest_steps_done(void) {
    if (steps != STEPS_ALL) watchdog_restart(SELFTEST_SEQUENCE);
    steps = 0;
}

COLD const char* selftest_name(uint32_t check) {
    switch (check) {
        case SELFTEST_CODE: return "code";
        case SELFTEST_STACK: return "stack";
        case SELFTEST_CONFIG: return "config";
        case SELFTEST_SEQUENCE: return "sequence";
        default: return "check";
    }
}
