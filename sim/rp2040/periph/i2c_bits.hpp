// Bits of the registers that both halves of the block use (datasheet 4.3.17).
#pragma once

#include "regs/i2c.hpp"

namespace rp2040::i2c {

consteval std::uint32_t bit(std::string_view path) { return regs::kI2c.mask(path); }

inline constexpr std::uint32_t kMasterMode = bit("IC_CON.MASTER_MODE"), k10BitSlave = bit("IC_CON.IC_10BITADDR_SLAVE"),
                               k10BitMaster = bit("IC_CON.IC_10BITADDR_MASTER"),
                               kRestartEn = bit("IC_CON.IC_RESTART_EN"), kSlaveDisable = bit("IC_CON.IC_SLAVE_DISABLE"),
                               kStopDetIfAddressed = bit("IC_CON.STOP_DET_IFADDRESSED"),
                               kTxEmptyCtrl = bit("IC_CON.TX_EMPTY_CTRL"),
                               kHoldWhenFull = bit("IC_CON.RX_FIFO_FULL_HLD_CTRL");
inline constexpr std::uint32_t kCmdRead = bit("IC_DATA_CMD.CMD"), kCmdStop = bit("IC_DATA_CMD.STOP"),
                               kCmdRestart = bit("IC_DATA_CMD.RESTART"),
                               kFirstDataByte = bit("IC_DATA_CMD.FIRST_DATA_BYTE");
inline constexpr std::uint32_t kRxUnder = bit("IC_RAW_INTR_STAT.RX_UNDER"), kRxOver = bit("IC_RAW_INTR_STAT.RX_OVER"),
                               kRxFull = bit("IC_RAW_INTR_STAT.RX_FULL"), kTxOver = bit("IC_RAW_INTR_STAT.TX_OVER"),
                               kTxEmpty = bit("IC_RAW_INTR_STAT.TX_EMPTY"), kRdReq = bit("IC_RAW_INTR_STAT.RD_REQ"),
                               kTxAbrt = bit("IC_RAW_INTR_STAT.TX_ABRT"), kRxDone = bit("IC_RAW_INTR_STAT.RX_DONE"),
                               kActivity = bit("IC_RAW_INTR_STAT.ACTIVITY"),
                               kStopDet = bit("IC_RAW_INTR_STAT.STOP_DET"),
                               kStartDet = bit("IC_RAW_INTR_STAT.START_DET"),
                               kGenCall = bit("IC_RAW_INTR_STAT.GEN_CALL"),
                               kRestartDet = bit("IC_RAW_INTR_STAT.RESTART_DET");
inline constexpr std::uint32_t k7bAddrNoack = bit("IC_TX_ABRT_SOURCE.ABRT_7B_ADDR_NOACK"),
                               k10Addr1Noack = bit("IC_TX_ABRT_SOURCE.ABRT_10ADDR1_NOACK"),
                               k10Addr2Noack = bit("IC_TX_ABRT_SOURCE.ABRT_10ADDR2_NOACK"),
                               kArbLost = bit("IC_TX_ABRT_SOURCE.ARB_LOST"),
                               kTxDataNoack = bit("IC_TX_ABRT_SOURCE.ABRT_TXDATA_NOACK"),
                               k10bRdNorstrt = bit("IC_TX_ABRT_SOURCE.ABRT_10B_RD_NORSTRT"),
                               kSlvflushTxfifo = bit("IC_TX_ABRT_SOURCE.ABRT_SLVFLUSH_TXFIFO"),
                               kUserAbrt = bit("IC_TX_ABRT_SOURCE.ABRT_USER_ABRT");
inline constexpr regs::Bits kFlushCount = regs::kI2c.bits("IC_TX_ABRT_SOURCE.TX_FLUSH_CNT");
inline constexpr std::uint32_t kEnabled = bit("IC_ENABLE.ENABLE"), kAbort = bit("IC_ENABLE.ABORT"),
                               kTxCmdBlock = bit("IC_ENABLE.TX_CMD_BLOCK");
inline constexpr std::uint32_t kIcEn = bit("IC_ENABLE_STATUS.IC_EN"),
                               kDisabledWhileBusy = bit("IC_ENABLE_STATUS.SLV_DISABLED_WHILE_BUSY"),
                               kRxDataLost = bit("IC_ENABLE_STATUS.SLV_RX_DATA_LOST");

}  // namespace rp2040::i2c
