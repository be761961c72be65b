// Rendered from platforms/rp2040/sio.toml by `make chip`: change it there.
// Single-cycle input and output (datasheet 2.3.1.7).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kSioFields[] = {
    // CPUID
    {"CPUID", 0, 32, Access::ro},
    // GPIO_IN
    {"GPIO_IN", 0, 30, Access::ro},
    // GPIO_HI_IN
    {"GPIO_HI_IN", 0, 6, Access::ro},
    // GPIO_OUT
    {"GPIO_OUT", 0, 30, Access::rw},
    // GPIO_OUT_SET
    {"GPIO_OUT_SET", 0, 30, Access::wo},
    // GPIO_OUT_CLR
    {"GPIO_OUT_CLR", 0, 30, Access::wo},
    // GPIO_OUT_XOR
    {"GPIO_OUT_XOR", 0, 30, Access::wo},
    // GPIO_OE
    {"GPIO_OE", 0, 30, Access::rw},
    // GPIO_OE_SET
    {"GPIO_OE_SET", 0, 30, Access::wo},
    // GPIO_OE_CLR
    {"GPIO_OE_CLR", 0, 30, Access::wo},
    // GPIO_OE_XOR
    {"GPIO_OE_XOR", 0, 30, Access::wo},
    // GPIO_HI_OUT
    {"GPIO_HI_OUT", 0, 6, Access::rw, Verdict::stored},
    // GPIO_HI_OUT_SET
    {"GPIO_HI_OUT_SET", 0, 6, Access::wo, Verdict::stored},
    // GPIO_HI_OUT_CLR
    {"GPIO_HI_OUT_CLR", 0, 6, Access::wo, Verdict::stored},
    // GPIO_HI_OUT_XOR
    {"GPIO_HI_OUT_XOR", 0, 6, Access::wo, Verdict::stored},
    // GPIO_HI_OE
    {"GPIO_HI_OE", 0, 6, Access::rw, Verdict::stored},
    // GPIO_HI_OE_SET
    {"GPIO_HI_OE_SET", 0, 6, Access::wo, Verdict::stored},
    // GPIO_HI_OE_CLR
    {"GPIO_HI_OE_CLR", 0, 6, Access::wo, Verdict::stored},
    // GPIO_HI_OE_XOR
    {"GPIO_HI_OE_XOR", 0, 6, Access::wo, Verdict::stored},
    // FIFO_ST
    {"ROE", 3, 1, Access::wc},
    {"WOF", 2, 1, Access::wc},
    {"RDY", 1, 1, Access::ro, Verdict::full, 1},
    {"VLD", 0, 1, Access::ro},
    // FIFO_WR
    {"FIFO_WR", 0, 32, Access::wo},
    // FIFO_RD
    {"FIFO_RD", 0, 32, Access::rp},
    // SPINLOCK_ST
    {"SPINLOCK_ST", 0, 32, Access::ro},
    // DIV_UDIVIDEND
    {"DIV_UDIVIDEND", 0, 32, Access::rw},
    // DIV_UDIVISOR
    {"DIV_UDIVISOR", 0, 32, Access::rw},
    // DIV_SDIVIDEND
    {"DIV_SDIVIDEND", 0, 32, Access::rw},
    // DIV_SDIVISOR
    {"DIV_SDIVISOR", 0, 32, Access::rw},
    // DIV_QUOTIENT
    {"DIV_QUOTIENT", 0, 32, Access::rw, Verdict::stored},
    // DIV_REMAINDER
    {"DIV_REMAINDER", 0, 32, Access::rw, Verdict::stored},
    // DIV_CSR
    {"DIRTY", 1, 1, Access::ro},
    {"READY", 0, 1, Access::ro, Verdict::full, 1},
    // INTERP%_ACCUM0
    {"INTERP%_ACCUM0", 0, 32, Access::rw},
    // INTERP%_ACCUM1
    {"INTERP%_ACCUM1", 0, 32, Access::rw},
    // INTERP%_BASE0
    {"INTERP%_BASE0", 0, 32, Access::rw},
    // INTERP%_BASE1
    {"INTERP%_BASE1", 0, 32, Access::rw},
    // INTERP%_BASE2
    {"INTERP%_BASE2", 0, 32, Access::rw},
    // INTERP%_POP_LANE0
    {"INTERP%_POP_LANE0", 0, 32, Access::ro},
    // INTERP%_POP_LANE1
    {"INTERP%_POP_LANE1", 0, 32, Access::ro},
    // INTERP%_POP_FULL
    {"INTERP%_POP_FULL", 0, 32, Access::ro},
    // INTERP%_PEEK_LANE0
    {"INTERP%_PEEK_LANE0", 0, 32, Access::ro},
    // INTERP%_PEEK_LANE1
    {"INTERP%_PEEK_LANE1", 0, 32, Access::ro},
    // INTERP%_PEEK_FULL
    {"INTERP%_PEEK_FULL", 0, 32, Access::ro},
    // INTERP0_CTRL_LANE0
    {"OVERF", 25, 1, Access::ro},
    {"OVERF1", 24, 1, Access::ro},
    {"OVERF0", 23, 1, Access::ro},
    {"BLEND", 21, 1, Access::rw},
    {"FORCE_MSB", 19, 2, Access::rw},
    {"ADD_RAW", 18, 1, Access::rw},
    {"CROSS_RESULT", 17, 1, Access::rw},
    {"CROSS_INPUT", 16, 1, Access::rw},
    {"SIGNED", 15, 1, Access::rw},
    {"MASK_MSB", 10, 5, Access::rw},
    {"MASK_LSB", 5, 5, Access::rw},
    {"SHIFT", 0, 5, Access::rw},
    // INTERP%_CTRL_LANE1
    {"FORCE_MSB", 19, 2, Access::rw},
    {"ADD_RAW", 18, 1, Access::rw},
    {"CROSS_RESULT", 17, 1, Access::rw},
    {"CROSS_INPUT", 16, 1, Access::rw},
    {"SIGNED", 15, 1, Access::rw},
    {"MASK_MSB", 10, 5, Access::rw},
    {"MASK_LSB", 5, 5, Access::rw},
    {"SHIFT", 0, 5, Access::rw},
    // INTERP%_ACCUM0_ADD
    {"INTERP%_ACCUM0_ADD", 0, 24, Access::rw},
    // INTERP%_ACCUM1_ADD
    {"INTERP%_ACCUM1_ADD", 0, 24, Access::rw},
    // INTERP%_BASE_1AND0
    {"INTERP%_BASE_1AND0", 0, 32, Access::wo},
    // INTERP1_CTRL_LANE0
    {"OVERF", 25, 1, Access::ro},
    {"OVERF1", 24, 1, Access::ro},
    {"OVERF0", 23, 1, Access::ro},
    {"CLAMP", 22, 1, Access::rw},
    {"FORCE_MSB", 19, 2, Access::rw},
    {"ADD_RAW", 18, 1, Access::rw},
    {"CROSS_RESULT", 17, 1, Access::rw},
    {"CROSS_INPUT", 16, 1, Access::rw},
    {"SIGNED", 15, 1, Access::rw},
    {"MASK_MSB", 10, 5, Access::rw},
    {"MASK_LSB", 5, 5, Access::rw},
    {"SHIFT", 0, 5, Access::rw},
    // SPINLOCK%
    {"SPINLOCK%", 0, 32, Access::rf},
};
inline constexpr Register kSioRegisters[] = {
    {"CPUID", 0x000, {kSioFields, 1}},
    {"GPIO_IN", 0x004, {kSioFields + 1, 1}},
    {"GPIO_HI_IN", 0x008, {kSioFields + 2, 1}},
    {"GPIO_OUT", 0x010, {kSioFields + 3, 1}},
    {"GPIO_OUT_SET", 0x014, {kSioFields + 4, 1}},
    {"GPIO_OUT_CLR", 0x018, {kSioFields + 5, 1}},
    {"GPIO_OUT_XOR", 0x01c, {kSioFields + 6, 1}},
    {"GPIO_OE", 0x020, {kSioFields + 7, 1}},
    {"GPIO_OE_SET", 0x024, {kSioFields + 8, 1}},
    {"GPIO_OE_CLR", 0x028, {kSioFields + 9, 1}},
    {"GPIO_OE_XOR", 0x02c, {kSioFields + 10, 1}},
    {"GPIO_HI_OUT", 0x030, {kSioFields + 11, 1}},
    {"GPIO_HI_OUT_SET", 0x034, {kSioFields + 12, 1}},
    {"GPIO_HI_OUT_CLR", 0x038, {kSioFields + 13, 1}},
    {"GPIO_HI_OUT_XOR", 0x03c, {kSioFields + 14, 1}},
    {"GPIO_HI_OE", 0x040, {kSioFields + 15, 1}},
    {"GPIO_HI_OE_SET", 0x044, {kSioFields + 16, 1}},
    {"GPIO_HI_OE_CLR", 0x048, {kSioFields + 17, 1}},
    {"GPIO_HI_OE_XOR", 0x04c, {kSioFields + 18, 1}},
    {"FIFO_ST", 0x050, {kSioFields + 19, 4}},
    {"FIFO_WR", 0x054, {kSioFields + 23, 1}},
    {"FIFO_RD", 0x058, {kSioFields + 24, 1}},
    {"SPINLOCK_ST", 0x05c, {kSioFields + 25, 1}},
    {"DIV_UDIVIDEND", 0x060, {kSioFields + 26, 1}},
    {"DIV_UDIVISOR", 0x064, {kSioFields + 27, 1}},
    {"DIV_SDIVIDEND", 0x068, {kSioFields + 28, 1}},
    {"DIV_SDIVISOR", 0x06c, {kSioFields + 29, 1}},
    {"DIV_QUOTIENT", 0x070, {kSioFields + 30, 1}},
    {"DIV_REMAINDER", 0x074, {kSioFields + 31, 1}},
    {"DIV_CSR", 0x078, {kSioFields + 32, 2}},
    {"INTERP%_ACCUM0", 0x080, {kSioFields + 34, 1}, 2, 0x40},
    {"INTERP%_ACCUM1", 0x084, {kSioFields + 35, 1}, 2, 0x40},
    {"INTERP%_BASE0", 0x088, {kSioFields + 36, 1}, 2, 0x40},
    {"INTERP%_BASE1", 0x08c, {kSioFields + 37, 1}, 2, 0x40},
    {"INTERP%_BASE2", 0x090, {kSioFields + 38, 1}, 2, 0x40},
    {"INTERP%_POP_LANE0", 0x094, {kSioFields + 39, 1}, 2, 0x40},
    {"INTERP%_POP_LANE1", 0x098, {kSioFields + 40, 1}, 2, 0x40},
    {"INTERP%_POP_FULL", 0x09c, {kSioFields + 41, 1}, 2, 0x40},
    {"INTERP%_PEEK_LANE0", 0x0a0, {kSioFields + 42, 1}, 2, 0x40},
    {"INTERP%_PEEK_LANE1", 0x0a4, {kSioFields + 43, 1}, 2, 0x40},
    {"INTERP%_PEEK_FULL", 0x0a8, {kSioFields + 44, 1}, 2, 0x40},
    {"INTERP0_CTRL_LANE0", 0x0ac, {kSioFields + 45, 12}},
    {"INTERP%_CTRL_LANE1", 0x0b0, {kSioFields + 57, 8}, 2, 0x40},
    {"INTERP%_ACCUM0_ADD", 0x0b4, {kSioFields + 65, 1}, 2, 0x40},
    {"INTERP%_ACCUM1_ADD", 0x0b8, {kSioFields + 66, 1}, 2, 0x40},
    {"INTERP%_BASE_1AND0", 0x0bc, {kSioFields + 67, 1}, 2, 0x40},
    {"INTERP1_CTRL_LANE0", 0x0ec, {kSioFields + 68, 12}},
    {"SPINLOCK%", 0x100, {kSioFields + 80, 1}, 32},
};
inline constexpr std::string_view kSioInstances[] = {"SIO"};
inline constexpr std::uint32_t kSioBases[] = {0xd0000000};
inline constexpr Block kSio{
    "SIO", kSioInstances, kSioBases, 0x1000, kSioRegisters};
// clang-format on

}  // namespace rp2040::regs
