// Rendered from platforms/rp2040/xip_ctrl.toml by `make chip`: change it there.
// Flash cache (datasheet 2.6.3.6).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kXipCtrlFields[] = {
    // CTRL
    {"POWER_DOWN", 3, 1, Access::rw},
    {"ERR_BADWRITE", 1, 1, Access::rw, Verdict::full, 1},
    {"EN", 0, 1, Access::rw, Verdict::full, 1},
    // FLUSH
    {"FLUSH", 0, 1, Access::sc},
    // STAT
    {"FIFO_FULL", 2, 1, Access::ro},
    {"FIFO_EMPTY", 1, 1, Access::ro, Verdict::full, 1},
    {"FLUSH_READY", 0, 1, Access::ro},
    // CTR_HIT
    {"CTR_HIT", 0, 32, Access::wc},
    // CTR_ACC
    {"CTR_ACC", 0, 32, Access::wc},
    // STREAM_ADDR
    {"STREAM_ADDR", 2, 30, Access::rw},
    // STREAM_CTR
    {"STREAM_CTR", 0, 22, Access::rw},
    // STREAM_FIFO
    {"STREAM_FIFO", 0, 32, Access::rp},
};
inline constexpr Register kXipCtrlRegisters[] = {
    {"CTRL", 0x000, {kXipCtrlFields, 3}},
    {"FLUSH", 0x004, {kXipCtrlFields + 3, 1}},
    {"STAT", 0x008, {kXipCtrlFields + 4, 3}},
    {"CTR_HIT", 0x00c, {kXipCtrlFields + 7, 1}},
    {"CTR_ACC", 0x010, {kXipCtrlFields + 8, 1}},
    {"STREAM_ADDR", 0x014, {kXipCtrlFields + 9, 1}},
    {"STREAM_CTR", 0x018, {kXipCtrlFields + 10, 1}},
    {"STREAM_FIFO", 0x01c, {kXipCtrlFields + 11, 1}},
};
inline constexpr std::string_view kXipCtrlInstances[] = {"XIP_CTRL"};
inline constexpr std::uint32_t kXipCtrlBases[] = {0x14000000};
inline constexpr Block kXipCtrl{
    "XIP_CTRL", kXipCtrlInstances, kXipCtrlBases, 0x4000, kXipCtrlRegisters};
// clang-format on

}  // namespace rp2040::regs
