// Rendered from platforms/rp2040/i2c.toml by `make chip`: change it there.
// I2C, Synopsys DW_apb_i2c (datasheet 4.3.17).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kI2cFields[] = {
    // IC_CON
    {"STOP_DET_IF_MASTER_ACTIVE", 10, 1, Access::ro},
    {"RX_FIFO_FULL_HLD_CTRL", 9, 1, Access::rw},
    {"TX_EMPTY_CTRL", 8, 1, Access::rw},
    {"STOP_DET_IFADDRESSED", 7, 1, Access::rw},
    {"IC_SLAVE_DISABLE", 6, 1, Access::rw, Verdict::full, 1},
    {"IC_RESTART_EN", 5, 1, Access::rw, Verdict::full, 1},
    {"IC_10BITADDR_MASTER", 4, 1, Access::rw},
    {"IC_10BITADDR_SLAVE", 3, 1, Access::rw},
    {"SPEED", 1, 2, Access::rw, Verdict::full, 2},
    {"MASTER_MODE", 0, 1, Access::rw, Verdict::full, 1},
    // IC_TAR
    {"SPECIAL", 11, 1, Access::rw, Verdict::refused, 0, 1, 0, "general call and START byte as a master"},
    {"GC_OR_START", 10, 1, Access::rw, Verdict::stored},
    {"IC_TAR", 0, 10, Access::rw, Verdict::full, 0x55},
    // IC_SAR
    {"IC_SAR", 0, 10, Access::rw, Verdict::full, 0x55},
    // IC_DATA_CMD
    {"FIRST_DATA_BYTE", 11, 1, Access::ro},
    {"RESTART", 10, 1, Access::rf},
    {"STOP", 9, 1, Access::rf},
    {"CMD", 8, 1, Access::rf},
    {"DAT", 0, 8, Access::rf},
    // IC_SS_SCL_HCNT
    {"IC_SS_SCL_HCNT", 0, 16, Access::rw, Verdict::full, 0x28},
    // IC_SS_SCL_LCNT
    {"IC_SS_SCL_LCNT", 0, 16, Access::rw, Verdict::full, 0x2f},
    // IC_FS_SCL_HCNT
    {"IC_FS_SCL_HCNT", 0, 16, Access::rw, Verdict::full, 6},
    // IC_FS_SCL_LCNT
    {"IC_FS_SCL_LCNT", 0, 16, Access::rw, Verdict::full, 0xd},
    // IC_INTR_STAT
    {"R_RESTART_DET", 12, 1, Access::ro},
    {"R_GEN_CALL", 11, 1, Access::ro},
    {"R_START_DET", 10, 1, Access::ro},
    {"R_STOP_DET", 9, 1, Access::ro},
    {"R_ACTIVITY", 8, 1, Access::ro},
    {"R_RX_DONE", 7, 1, Access::ro},
    {"R_TX_ABRT", 6, 1, Access::ro},
    {"R_RD_REQ", 5, 1, Access::ro},
    {"R_TX_EMPTY", 4, 1, Access::ro},
    {"R_TX_OVER", 3, 1, Access::ro},
    {"R_RX_FULL", 2, 1, Access::ro},
    {"R_RX_OVER", 1, 1, Access::ro},
    {"R_RX_UNDER", 0, 1, Access::ro},
    // IC_INTR_MASK
    {"M_RESTART_DET", 12, 1, Access::rw},
    {"M_GEN_CALL", 11, 1, Access::rw, Verdict::full, 1},
    {"M_START_DET", 10, 1, Access::rw},
    {"M_STOP_DET", 9, 1, Access::rw},
    {"M_ACTIVITY", 8, 1, Access::rw},
    {"M_RX_DONE", 7, 1, Access::rw, Verdict::full, 1},
    {"M_TX_ABRT", 6, 1, Access::rw, Verdict::full, 1},
    {"M_RD_REQ", 5, 1, Access::rw, Verdict::full, 1},
    {"M_TX_EMPTY", 4, 1, Access::rw, Verdict::full, 1},
    {"M_TX_OVER", 3, 1, Access::rw, Verdict::full, 1},
    {"M_RX_FULL", 2, 1, Access::rw, Verdict::full, 1},
    {"M_RX_OVER", 1, 1, Access::rw, Verdict::full, 1},
    {"M_RX_UNDER", 0, 1, Access::rw, Verdict::full, 1},
    // IC_RAW_INTR_STAT
    {"RESTART_DET", 12, 1, Access::ro},
    {"GEN_CALL", 11, 1, Access::ro},
    {"START_DET", 10, 1, Access::ro},
    {"STOP_DET", 9, 1, Access::ro},
    {"ACTIVITY", 8, 1, Access::ro},
    {"RX_DONE", 7, 1, Access::ro},
    {"TX_ABRT", 6, 1, Access::ro},
    {"RD_REQ", 5, 1, Access::ro},
    {"TX_EMPTY", 4, 1, Access::ro},
    {"TX_OVER", 3, 1, Access::ro},
    {"RX_FULL", 2, 1, Access::ro},
    {"RX_OVER", 1, 1, Access::ro},
    {"RX_UNDER", 0, 1, Access::ro},
    // IC_RX_TL
    {"RX_TL", 0, 8, Access::rw},
    // IC_TX_TL
    {"TX_TL", 0, 8, Access::rw},
    // IC_CLR_INTR
    {"CLR_INTR", 0, 1, Access::ro},
    // IC_CLR_RX_UNDER
    {"CLR_RX_UNDER", 0, 1, Access::ro},
    // IC_CLR_RX_OVER
    {"CLR_RX_OVER", 0, 1, Access::ro},
    // IC_CLR_TX_OVER
    {"CLR_TX_OVER", 0, 1, Access::ro},
    // IC_CLR_RD_REQ
    {"CLR_RD_REQ", 0, 1, Access::ro},
    // IC_CLR_TX_ABRT
    {"CLR_TX_ABRT", 0, 1, Access::ro},
    // IC_CLR_RX_DONE
    {"CLR_RX_DONE", 0, 1, Access::ro},
    // IC_CLR_ACTIVITY
    {"CLR_ACTIVITY", 0, 1, Access::ro},
    // IC_CLR_STOP_DET
    {"CLR_STOP_DET", 0, 1, Access::ro},
    // IC_CLR_START_DET
    {"CLR_START_DET", 0, 1, Access::ro},
    // IC_CLR_GEN_CALL
    {"CLR_GEN_CALL", 0, 1, Access::ro},
    // IC_ENABLE
    {"TX_CMD_BLOCK", 2, 1, Access::rw},
    {"ABORT", 1, 1, Access::rw},
    {"ENABLE", 0, 1, Access::rw},
    // IC_STATUS
    {"SLV_ACTIVITY", 6, 1, Access::ro},
    {"MST_ACTIVITY", 5, 1, Access::ro},
    {"RFF", 4, 1, Access::ro},
    {"RFNE", 3, 1, Access::ro},
    {"TFE", 2, 1, Access::ro, Verdict::full, 1},
    {"TFNF", 1, 1, Access::ro, Verdict::full, 1},
    {"ACTIVITY", 0, 1, Access::ro},
    // IC_TXFLR
    {"TXFLR", 0, 5, Access::ro},
    // IC_RXFLR
    {"RXFLR", 0, 5, Access::ro},
    // IC_SDA_HOLD
    {"IC_SDA_RX_HOLD", 16, 8, Access::rw, Verdict::stored},
    {"IC_SDA_TX_HOLD", 0, 16, Access::rw, Verdict::full, 1},
    // IC_TX_ABRT_SOURCE
    {"TX_FLUSH_CNT", 23, 9, Access::ro},
    {"ABRT_USER_ABRT", 16, 1, Access::ro},
    {"ABRT_SLVRD_INTX", 15, 1, Access::ro},
    {"ABRT_SLV_ARBLOST", 14, 1, Access::ro},
    {"ABRT_SLVFLUSH_TXFIFO", 13, 1, Access::ro},
    {"ARB_LOST", 12, 1, Access::ro},
    {"ABRT_MASTER_DIS", 11, 1, Access::ro},
    {"ABRT_10B_RD_NORSTRT", 10, 1, Access::ro},
    {"ABRT_SBYTE_NORSTRT", 9, 1, Access::ro},
    {"ABRT_HS_NORSTRT", 8, 1, Access::ro},
    {"ABRT_SBYTE_ACKDET", 7, 1, Access::ro},
    {"ABRT_HS_ACKDET", 6, 1, Access::ro},
    {"ABRT_GCALL_READ", 5, 1, Access::ro},
    {"ABRT_GCALL_NOACK", 4, 1, Access::ro},
    {"ABRT_TXDATA_NOACK", 3, 1, Access::ro},
    {"ABRT_10ADDR2_NOACK", 2, 1, Access::ro},
    {"ABRT_10ADDR1_NOACK", 1, 1, Access::ro},
    {"ABRT_7B_ADDR_NOACK", 0, 1, Access::ro},
    // IC_SLV_DATA_NACK_ONLY
    {"NACK", 0, 1, Access::rw},
    // IC_DMA_CR
    {"TDMAE", 1, 1, Access::rw},
    {"RDMAE", 0, 1, Access::rw},
    // IC_DMA_TDLR
    {"DMATDL", 0, 4, Access::rw},
    // IC_DMA_RDLR
    {"DMARDL", 0, 4, Access::rw},
    // IC_SDA_SETUP
    {"SDA_SETUP", 0, 8, Access::rw, Verdict::full, 0x64},
    // IC_ACK_GENERAL_CALL
    {"ACK_GEN_CALL", 0, 1, Access::rw, Verdict::full, 1},
    // IC_ENABLE_STATUS
    {"SLV_RX_DATA_LOST", 2, 1, Access::ro},
    {"SLV_DISABLED_WHILE_BUSY", 1, 1, Access::ro},
    {"IC_EN", 0, 1, Access::ro},
    // IC_FS_SPKLEN
    {"IC_FS_SPKLEN", 0, 8, Access::rw, Verdict::full, 7},
    // IC_CLR_RESTART_DET
    {"CLR_RESTART_DET", 0, 1, Access::ro},
    // IC_COMP_PARAM_1
    {"TX_BUFFER_DEPTH", 16, 8, Access::ro},
    {"RX_BUFFER_DEPTH", 8, 8, Access::ro},
    {"ADD_ENCODED_PARAMS", 7, 1, Access::ro},
    {"HAS_DMA", 6, 1, Access::ro},
    {"INTR_IO", 5, 1, Access::ro},
    {"HC_COUNT_VALUES", 4, 1, Access::ro},
    {"MAX_SPEED_MODE", 2, 2, Access::ro},
    {"APB_DATA_WIDTH", 0, 2, Access::ro},
    // IC_COMP_VERSION
    {"IC_COMP_VERSION", 0, 32, Access::ro, Verdict::full, 0x3230312a},
    // IC_COMP_TYPE
    {"IC_COMP_TYPE", 0, 32, Access::ro, Verdict::full, 0x44570140},
};
inline constexpr Register kI2cRegisters[] = {
    {"IC_CON", 0x000, {kI2cFields, 10}},
    {"IC_TAR", 0x004, {kI2cFields + 10, 3}},
    {"IC_SAR", 0x008, {kI2cFields + 13, 1}},
    {"IC_DATA_CMD", 0x010, {kI2cFields + 14, 5}},
    {"IC_SS_SCL_HCNT", 0x014, {kI2cFields + 19, 1}},
    {"IC_SS_SCL_LCNT", 0x018, {kI2cFields + 20, 1}},
    {"IC_FS_SCL_HCNT", 0x01c, {kI2cFields + 21, 1}},
    {"IC_FS_SCL_LCNT", 0x020, {kI2cFields + 22, 1}},
    {"IC_INTR_STAT", 0x02c, {kI2cFields + 23, 13}},
    {"IC_INTR_MASK", 0x030, {kI2cFields + 36, 13}},
    {"IC_RAW_INTR_STAT", 0x034, {kI2cFields + 49, 13}},
    {"IC_RX_TL", 0x038, {kI2cFields + 62, 1}},
    {"IC_TX_TL", 0x03c, {kI2cFields + 63, 1}},
    {"IC_CLR_INTR", 0x040, {kI2cFields + 64, 1}},
    {"IC_CLR_RX_UNDER", 0x044, {kI2cFields + 65, 1}},
    {"IC_CLR_RX_OVER", 0x048, {kI2cFields + 66, 1}},
    {"IC_CLR_TX_OVER", 0x04c, {kI2cFields + 67, 1}},
    {"IC_CLR_RD_REQ", 0x050, {kI2cFields + 68, 1}},
    {"IC_CLR_TX_ABRT", 0x054, {kI2cFields + 69, 1}},
    {"IC_CLR_RX_DONE", 0x058, {kI2cFields + 70, 1}},
    {"IC_CLR_ACTIVITY", 0x05c, {kI2cFields + 71, 1}},
    {"IC_CLR_STOP_DET", 0x060, {kI2cFields + 72, 1}},
    {"IC_CLR_START_DET", 0x064, {kI2cFields + 73, 1}},
    {"IC_CLR_GEN_CALL", 0x068, {kI2cFields + 74, 1}},
    {"IC_ENABLE", 0x06c, {kI2cFields + 75, 3}},
    {"IC_STATUS", 0x070, {kI2cFields + 78, 7}},
    {"IC_TXFLR", 0x074, {kI2cFields + 85, 1}},
    {"IC_RXFLR", 0x078, {kI2cFields + 86, 1}},
    {"IC_SDA_HOLD", 0x07c, {kI2cFields + 87, 2}},
    {"IC_TX_ABRT_SOURCE", 0x080, {kI2cFields + 89, 18}},
    {"IC_SLV_DATA_NACK_ONLY", 0x084, {kI2cFields + 107, 1}},
    {"IC_DMA_CR", 0x088, {kI2cFields + 108, 2}},
    {"IC_DMA_TDLR", 0x08c, {kI2cFields + 110, 1}},
    {"IC_DMA_RDLR", 0x090, {kI2cFields + 111, 1}},
    {"IC_SDA_SETUP", 0x094, {kI2cFields + 112, 1}},
    {"IC_ACK_GENERAL_CALL", 0x098, {kI2cFields + 113, 1}},
    {"IC_ENABLE_STATUS", 0x09c, {kI2cFields + 114, 3}},
    {"IC_FS_SPKLEN", 0x0a0, {kI2cFields + 117, 1}},
    {"IC_CLR_RESTART_DET", 0x0a8, {kI2cFields + 118, 1}},
    {"IC_COMP_PARAM_1", 0x0f4, {kI2cFields + 119, 8}},
    {"IC_COMP_VERSION", 0x0f8, {kI2cFields + 127, 1}},
    {"IC_COMP_TYPE", 0x0fc, {kI2cFields + 128, 1}},
};
inline constexpr std::string_view kI2cInstances[] = {"I2C0", "I2C1"};
inline constexpr std::uint32_t kI2cBases[] = {0x40044000, 0x40048000};
inline constexpr Block kI2c{
    "I2C", kI2cInstances, kI2cBases, 0x4000, kI2cRegisters};
// clang-format on

}  // namespace rp2040::regs
