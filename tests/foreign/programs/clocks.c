/* Clock measurement, time, sleep in WFE and WFI, SysTick, identification registers. */
#include "sdk.h"

static uint32_t measure_khz(uint32_t source) {
    const uint32_t fc0 = CLOCKS + 0x80;
    while (REG(fc0 + 0x18) & 1u << 8) {
    }
    REG(fc0 + 0x00) = 12000;
    REG(fc0 + 0x10) = 10;
    REG(fc0 + 0x04) = 0;
    REG(fc0 + 0x08) = 0xffffffff;
    REG(fc0 + 0x14) = source;
    while (!(REG(fc0 + 0x18) & 1u << 4)) {
    }
    return REG(fc0 + 0x1c) >> 5;
}

static volatile uint32_t alarms, ticks;
void isr_irq3(void);
void isr_irq3(void) {
    REG(TIMER + 0x34) = 8;
    alarms++;
}
void isr_systick(void);
void isr_systick(void) { ticks++; }

static void alarm_in(uint32_t us) {
    REG(TIMER + SET_ALIAS + 0x38) = 8;
    REG(TIMER + 0x1c) = REG(TIMER + 0x28) + us;
}

int main(void) {
    sdk_init();
    show("pll_sys", measure_khz(1));
    show("pll_usb", measure_khz(2));
    show("rosc", measure_khz(3));
    show("clk_sys", measure_khz(9));
    show("clk_peri", measure_khz(10));
    show("clk_usb", measure_khz(11));
    show("clk_adc", measure_khz(12));
    show("clk_rtc", measure_khz(13));

    irq_enable(3);
    uint64_t start = time_us();
    alarm_in(1000);
    while (!alarms) wfi();
    show("wfi_us", (uint32_t)(time_us() - start));

    /* As best_effort_wfe_or_timeout: the alarm's interrupt is an event. */
    start = time_us();
    alarm_in(2500);
    while (alarms < 2) wfe();
    show("wfe_us", (uint32_t)(time_us() - start));

    /* With interrupts masked a pending one ends WFI but is taken only later; SEVONPEND does the same for WFE. */
    const uint32_t state = disable_interrupts();
    REG(PPB + 0xed10) = 1u << 4;
    alarm_in(700);
    sev();
    wfe(); /* consumes the event and any left over */
    start = time_us();
    wfe();
    const uint32_t masked = alarms;
    restore_interrupts(state);
    show("sevonpend", masked == 2 && alarms == 3 && time_us() - start >= 500);

    REG(PPB + 0xe014) = 125000 - 1;
    REG(PPB + 0xe018) = 0;
    REG(PPB + 0xe010) = 7;
    busy_wait_us(10500);
    REG(PPB + 0xe010) = 0;
    show("systicks", ticks);

    /* Slower: the crystal drives clk_sys, then clk_sys through its divider from the PLL again. */
    REG(CLOCKS + 0x3c + CLR_ALIAS) = 1;
    while (REG(CLOCKS + 0x44) != 1) {
    }
    show("clk_sys_slow", measure_khz(9));
    REG(CLOCKS + 0x40) = 2 << 8;
    REG(CLOCKS + 0x3c + SET_ALIAS) = 1;
    while (REG(CLOCKS + 0x44) != 2) {
    }
    flush();
    REG(UART0 + 0x24) = 33; /* 62.5 MHz / (16 * 33 + 58/64) */
    REG(UART0 + 0x28) = 58;
    REG(UART0 + SET_ALIAS + 0x2c) = 0;
    show("clk_sys_half", measure_khz(9));

    REG(PLL_USB + 0x04) = 0x2d; /* powered down: the measurement ends all the same */
    show("pll_usb_off", measure_khz(2));

    show_hex("chip_id", REG(SYSINFO));
    show_hex("platform", REG(SYSINFO + 4));
    show_hex("tbman", REG(TBMAN));
    REG(VREG) = 12u << 4 | 1;
    show_hex("vreg", REG(VREG) & ~0xfu);
    show_hex("cpuid", REG(PPB + 0xed00));
    show("rom_version", REG8(0x13));
    show_hex("pending", REG(PPB + 0xe200));
    flush();
    return 0;
}
