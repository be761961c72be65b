// Bits of the registers that both halves of the block use (datasheet 4.3.17).
#pragma once

#include <cstdint>

namespace rp2040::i2c {

// IC_CON
inline constexpr std::uint32_t kMasterMode = 1u << 0, k10BitSlave = 1u << 3, k10BitMaster = 1u << 4,
                               kRestartEn = 1u << 5, kSlaveDisable = 1u << 6, kStopDetIfAddressed = 1u << 7,
                               kTxEmptyCtrl = 1u << 8;
// IC_DATA_CMD
inline constexpr std::uint32_t kCmdRead = 1u << 8, kCmdStop = 1u << 9, kCmdRestart = 1u << 10,
                               kFirstDataByte = 1u << 11;
// IC_RAW_INTR_STAT
inline constexpr std::uint32_t kRxUnder = 1u << 0, kRxOver = 1u << 1, kRxFull = 1u << 2, kTxOver = 1u << 3,
                               kTxEmpty = 1u << 4, kRdReq = 1u << 5, kTxAbrt = 1u << 6, kRxDone = 1u << 7,
                               kActivity = 1u << 8, kStopDet = 1u << 9, kStartDet = 1u << 10, kGenCall = 1u << 11,
                               kRestartDet = 1u << 12;
// IC_TX_ABRT_SOURCE
inline constexpr std::uint32_t k7bAddrNoack = 1u << 0, k10Addr1Noack = 1u << 1, kTxDataNoack = 1u << 3,
                               kSbyteNorstrt = 1u << 9, kSlvflushTxfifo = 1u << 13, kUserAbrt = 1u << 16;
// IC_ENABLE
inline constexpr std::uint32_t kEnabled = 1u << 0, kAbort = 1u << 1, kTxCmdBlock = 1u << 2;

}  // namespace rp2040::i2c
