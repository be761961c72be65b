#include "hw/clocks.h"

#include "board.h"
#include "hw/resets.h"
#include "hw/rp2040.h"

// The crystal is stable after about 1 ms; STARTUP counts 256 crystal cycles per unit (datasheet 2.16.3).
#define XOSC_STARTUP_DELAY ((XOSC_HZ / 1000u + 255u) / 256u)

static void xosc_start(void) {
    XOSC->STARTUP = XOSC_STARTUP_DELAY;
    XOSC->CTRL = XOSC_CTRL_ENABLE_ENABLE | XOSC_CTRL_FREQ_RANGE_1_15MHZ;
    while (!(XOSC->STATUS & XOSC_STATUS_STABLE)) {
    }
}

// Order as in datasheet 2.18.2.1: VCO first, post-dividers only once it has locked.
static void pll_sys_start(void) {
    resets_cycle(RESETS_RESET_PLL_SYS);
    PLL_SYS->CS = 1;  // reference divider
    PLL_SYS->FBDIV_INT = PLL_SYS_FBDIV;
    hw_clear(&PLL_SYS->PWR, PLL_PWR_PD | PLL_PWR_VCOPD);
    while (!(PLL_SYS->CS & PLL_CS_LOCK)) {
    }
    PLL_SYS->PRIM = PLL_SYS_POSTDIV1 << PLL_PRIM_POSTDIV1_LSB | PLL_SYS_POSTDIV2 << PLL_PRIM_POSTDIV2_LSB;
    hw_clear(&PLL_SYS->PWR, PLL_PWR_POSTDIVPD);
}

void clocks_init(void) {
    xosc_start();

    // clk_sys must not run from the PLL while the PLL is reset (after a soft restart it may).
    hw_clear(&CLOCKS->CLK_SYS_CTRL, CLOCKS_CLK_SYS_CTRL_SRC);
    while (CLOCKS->CLK_SYS_SELECTED != 1u << CLOCKS_CLK_SYS_CTRL_SRC_CLK_REF) {
    }
    CLOCKS->CLK_REF_CTRL = CLOCKS_CLK_REF_CTRL_SRC_XOSC_CLKSRC;
    while (CLOCKS->CLK_REF_SELECTED != 1u << CLOCKS_CLK_REF_CTRL_SRC_XOSC_CLKSRC) {
    }

    pll_sys_start();

    // The glitchless multiplexer may switch to the auxiliary input only after that input is selected and runs.
    CLOCKS->CLK_SYS_CTRL = CLOCKS_CLK_SYS_CTRL_AUXSRC_CLKSRC_PLL_SYS | CLOCKS_CLK_SYS_CTRL_SRC_CLK_REF;
    CLOCKS->CLK_SYS_CTRL = CLOCKS_CLK_SYS_CTRL_AUXSRC_CLKSRC_PLL_SYS | CLOCKS_CLK_SYS_CTRL_SRC_CLKSRC_CLK_SYS_AUX;
    while (CLOCKS->CLK_SYS_SELECTED != 1u << CLOCKS_CLK_SYS_CTRL_SRC_CLKSRC_CLK_SYS_AUX) {
    }
    CLOCKS->CLK_PERI_CTRL = CLOCKS_CLK_PERI_CTRL_ENABLE | CLOCKS_CLK_PERI_CTRL_AUXSRC_CLK_SYS;

    WATCHDOG->TICK = WATCHDOG_TICK_ENABLE | XOSC_HZ / 1000000u;
}
