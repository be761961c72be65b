// Rendered from platforms/rp2040/*.toml by `make chip`: change it there.
#pragma once

#include "regs/adc.hpp"
#include "regs/busctrl.hpp"
#include "regs/clocks.hpp"
#include "regs/dma.hpp"
#include "regs/i2c.hpp"
#include "regs/io_bank0.hpp"
#include "regs/io_qspi.hpp"
#include "regs/mpu.hpp"
#include "regs/nvic.hpp"
#include "regs/pads_bank0.hpp"
#include "regs/pads_qspi.hpp"
#include "regs/pio.hpp"
#include "regs/pll.hpp"
#include "regs/psm.hpp"
#include "regs/pwm.hpp"
#include "regs/resets.hpp"
#include "regs/rosc.hpp"
#include "regs/rtc.hpp"
#include "regs/scb.hpp"
#include "regs/sio.hpp"
#include "regs/spi.hpp"
#include "regs/ssi.hpp"
#include "regs/syscfg.hpp"
#include "regs/sysinfo.hpp"
#include "regs/systick.hpp"
#include "regs/tbman.hpp"
#include "regs/timer.hpp"
#include "regs/uart.hpp"
#include "regs/usb.hpp"
#include "regs/vreg.hpp"
#include "regs/watchdog.hpp"
#include "regs/xip_ctrl.hpp"
#include "regs/xosc.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr const Block* kBlocks[] = {
    &kAdc,
    &kBusctrl,
    &kClocks,
    &kDma,
    &kI2c,
    &kIoBank0,
    &kIoQspi,
    &kMpu,
    &kNvic,
    &kPadsBank0,
    &kPadsQspi,
    &kPio,
    &kPll,
    &kPsm,
    &kPwm,
    &kResets,
    &kRosc,
    &kRtc,
    &kScb,
    &kSio,
    &kSpi,
    &kXipSsi,
    &kSyscfg,
    &kSysinfo,
    &kSystick,
    &kTbman,
    &kTimer,
    &kUart,
    &kUsbctrl,
    &kVregAndChipReset,
    &kWatchdog,
    &kXipCtrl,
    &kXosc,
};
// clang-format on

}  // namespace rp2040::regs
