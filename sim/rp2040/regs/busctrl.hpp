// Rendered from platforms/rp2040/busctrl.toml by `make chip`: change it there.
// Bus priority and performance counters (datasheet 2.1.5).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kBusctrlFields[] = {
    // BUS_PRIORITY
    {"DMA_W", 12, 1, Access::rw},
    {"DMA_R", 8, 1, Access::rw},
    {"PROC1", 4, 1, Access::rw},
    {"PROC0", 0, 1, Access::rw},
    // BUS_PRIORITY_ACK
    {"BUS_PRIORITY_ACK", 0, 1, Access::ro},
    // PERFCTR%
    {"PERFCTR%", 0, 24, Access::wc},
    // PERFSEL%
    {"PERFSEL%", 0, 5, Access::rw, Verdict::full, 0x1f},
};
inline constexpr Register kBusctrlRegisters[] = {
    {"BUS_PRIORITY", 0x000, {kBusctrlFields, 4}},
    {"BUS_PRIORITY_ACK", 0x004, {kBusctrlFields + 4, 1}},
    {"PERFCTR%", 0x008, {kBusctrlFields + 5, 1}, 4, 0x8},
    {"PERFSEL%", 0x00c, {kBusctrlFields + 6, 1}, 4, 0x8},
};
inline constexpr std::string_view kBusctrlInstances[] = {"BUSCTRL"};
inline constexpr std::uint32_t kBusctrlBases[] = {0x40030000};
inline constexpr Block kBusctrl{
    "BUSCTRL", kBusctrlInstances, kBusctrlBases, 0x4000, kBusctrlRegisters};
// clang-format on

}  // namespace rp2040::regs
