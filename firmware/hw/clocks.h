// Crystal, PLL and clock generators; frequencies come from board.h.
#pragma once

// clk_ref = crystal, clk_sys = clk_peri = CLK_SYS_HZ, one watchdog tick (and timer count) per microsecond.
void clocks_init(void);
