#include "periph/i2c.hpp"

#include <algorithm>

#include "periph/i2c_bits.hpp"
#include "regs/i2c.hpp"

namespace rp2040 {

using namespace i2c;

namespace {
constexpr const regs::Block& kRegs = regs::kI2c;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr regs::Bits kSpeed = kRegs.bits("IC_CON.SPEED");
constexpr std::uint32_t kStandardMode = 1;
constexpr std::uint32_t kLargestLevel = 15;  // of the FIFOs' thresholds; larger values act as this
constexpr std::uint32_t kCommand = kCmdRead | kCmdStop | kCmdRestart | kRegs.mask("IC_DATA_CMD.DAT");
constexpr unsigned kByteBits = 9;  // Eight data bits and the acknowledge.

/// Interrupts that reading the register at `offset` clears; none for a register that clears nothing.
constexpr std::uint32_t cleared_by(std::uint32_t offset) {
    switch (offset) {
        case at("IC_CLR_INTR"): return kRegs.mask("IC_RAW_INTR_STAT");
        case at("IC_CLR_RX_UNDER"): return kRxUnder;
        case at("IC_CLR_RX_OVER"): return kRxOver;
        case at("IC_CLR_TX_OVER"): return kTxOver;
        case at("IC_CLR_RD_REQ"): return kRdReq;
        case at("IC_CLR_TX_ABRT"): return kTxAbrt;
        case at("IC_CLR_RX_DONE"): return kRxDone;
        case at("IC_CLR_ACTIVITY"): return kActivity;
        case at("IC_CLR_STOP_DET"): return kStopDet;
        case at("IC_CLR_START_DET"): return kStartDet;
        case at("IC_CLR_GEN_CALL"): return kGenCall;
        case at("IC_CLR_RESTART_DET"): return kRestartDet;
        default: return 0;
    }
}
}  // namespace

I2c::I2c(Fabric& fabric, unsigned instance)
    : StatefulPeripheral(kRegs, fabric, instance),
      instance_(instance),
      event_(instance == 0 ? EventId::i2c0 : EventId::i2c1),
      irq_(instance == 0 ? Irq::i2c0 : Irq::i2c1),
      tx_dreq_(instance == 0 ? Dreq::i2c0_tx : Dreq::i2c1_tx),
      rx_dreq_(instance == 0 ? Dreq::i2c0_rx : Dreq::i2c1_rx) {
    fabric.events().bind(event_, this, [](void* self, Cycles) { static_cast<I2c*>(self)->event(); });
}

void I2c::reset() {
    s_ = I2cState{};
    fabric_.events().cancel(event_);
    update();
    release_clock();
}

/// SCL is high for HCNT + SPKLEN + 7 and low for LCNT + 1 periods of clk_sys (datasheet 4.3.14.1).
Cycles I2c::bit_cycles() const {
    const bool standard = kSpeed.of(s_.con) == kStandardMode;
    const std::uint32_t high = standard ? s_.ss_hcnt : s_.fs_hcnt, low = standard ? s_.ss_lcnt : s_.fs_lcnt;
    return Cycles{high} + s_.fs_spklen + 7 + low + 1;
}

void I2c::after(Cycles cycles) {
    s_.done_at = now() + cycles;
    fabric_.events().schedule(event_, s_.done_at);
}

/// Takes the next command when the bus is idle or held by an open transfer.
void I2c::next() {
    using Phase = I2cState::Phase;
    if (s_.phase != Phase::idle && s_.phase != Phase::held) return;
    if ((s_.enable & kEnabled) == 0 || (s_.enable & kTxCmdBlock) != 0 || (s_.raw_intr & kTxAbrt) != 0) return;
    if (s_.tx.empty() || (s_.con & kMasterMode) == 0) return;
    const bool open = s_.phase == Phase::held;
    s_.command = s_.tx.pop();
    const bool reading = (s_.command & kCmdRead) != 0;
    if (open && (s_.command & kCmdRestart) == 0 && reading == s_.reading) {
        transfer_byte();
        return;
    }
    if (open && (s_.con & kRestartEn) == 0) {
        abort(kSbyteNorstrt);
        return;
    }
    s_.reading = reading;
    s_.first_byte = true;
    s_.raw_intr |= kStartDet | kActivity;
    s_.phase = Phase::address;
    const unsigned address_bytes = (s_.con & k10BitMaster) != 0 ? 2 : 1;
    after((1 + address_bytes * kByteBits) * bit_cycles());
}

void I2c::abort(std::uint32_t source) {
    s_.tx_abrt_source = source | kFlushCount.put(static_cast<std::uint32_t>(s_.tx.size()));
    s_.raw_intr |= kTxAbrt;
    s_.tx.clear();
    stop();
}

void I2c::stop() {
    s_.phase = I2cState::Phase::stop;
    after(bit_cycles());
}

bool I2c::address_anyone() {
    const bool ten_bit = (s_.con & k10BitMaster) != 0;
    const auto address = static_cast<std::uint16_t>(s_.tar & (ten_bit ? 0x3ff : 0x7f));
    I2c* const slave = wired_slave();
    s_.with_slave = slave != nullptr && slave->slave_start(address, ten_bit, s_.reading);
    return s_.with_slave || (bus_ != nullptr && bus_->start(address, s_.reading, now()));
}

void I2c::transfer_byte() {
    s_.phase = I2cState::Phase::data;
    s_.stretched = s_.with_slave && s_.reading && !peer_->slave_ready();
    if (!s_.stretched) after(kByteBits * bit_cycles());
}

void I2c::event() {
    using Phase = I2cState::Phase;
    const bool ten_bit = (s_.con & k10BitMaster) != 0;
    switch (s_.phase) {
        case Phase::address:
            if (!address_anyone())
                abort(ten_bit ? k10Addr1Noack : k7bAddrNoack);
            else
                transfer_byte();
            break;
        case Phase::data: {
            bool acknowledged = true;
            if (s_.reading) {
                const std::uint32_t flag = s_.first_byte ? kFirstDataByte : 0;
                const std::uint8_t value = s_.with_slave     ? peer_->slave_transmit()
                                           : bus_ != nullptr ? bus_->read(now())
                                                             : 0xff;
                if (!s_.rx.push(static_cast<std::uint16_t>(value | flag))) s_.raw_intr |= kRxOver;
            } else if (s_.with_slave) {
                acknowledged = peer_->slave_receive(static_cast<std::uint8_t>(s_.command));
            } else if (bus_ != nullptr) {
                acknowledged = bus_->write(static_cast<std::uint8_t>(s_.command), now());
            }
            s_.first_byte = false;
            if (!acknowledged)
                abort(kTxDataNoack);
            else if ((s_.command & kCmdStop) != 0)
                stop();
            else
                s_.phase = Phase::held;
            break;
        }
        case Phase::stop:
            if (I2c* const slave = wired_slave()) slave->slave_stop();  // it sees those of others as well
            if (!s_.with_slave && bus_ != nullptr) bus_->stop(now());
            s_.with_slave = false;
            s_.phase = Phase::idle;
            s_.raw_intr |= kStopDet;
            s_.enable &= ~kAbort;
            break;
        default: break;
    }
    update();
}

std::uint32_t I2c::raw() const {
    const bool shifting = s_.phase != I2cState::Phase::idle && s_.phase != I2cState::Phase::held;
    const bool tx_empty = (s_.enable & kEnabled) != 0 && s_.tx.size() <= s_.tx_tl &&
                          ((s_.con & kTxEmptyCtrl) == 0 || !shifting || s_.phase == I2cState::Phase::stop);
    return s_.raw_intr | (s_.rx.size() > s_.rx_tl ? kRxFull : 0) | (tx_empty ? kTxEmpty : 0);
}

std::uint32_t I2c::status() const {
    const auto flag = [](bool on, std::uint32_t mask) { return on ? mask : 0; };
    const bool as_master = s_.phase != I2cState::Phase::idle;
    return flag(as_master || s_.addressed, kRegs.mask("IC_STATUS.ACTIVITY")) |
           flag(as_master, kRegs.mask("IC_STATUS.MST_ACTIVITY")) |
           flag(s_.addressed, kRegs.mask("IC_STATUS.SLV_ACTIVITY")) |
           flag(!s_.tx.full(), kRegs.mask("IC_STATUS.TFNF")) | flag(s_.tx.empty(), kRegs.mask("IC_STATUS.TFE")) |
           flag(!s_.rx.empty(), kRegs.mask("IC_STATUS.RFNE")) | flag(s_.rx.full(), kRegs.mask("IC_STATUS.RFF"));
}

void I2c::update() {
    next();
    fabric_.set_irq(irq_, (raw() & s_.intr_mask) != 0);
    const bool on = (s_.enable & kEnabled) != 0;
    const bool tx_ready = on && (s_.dma_cr & kRegs.mask("IC_DMA_CR.TDMAE")) != 0 && s_.tx.size() <= s_.dma_tdlr;
    const bool rx_ready = on && (s_.dma_cr & kRegs.mask("IC_DMA_CR.RDMAE")) != 0 && s_.rx.size() > s_.dma_rdlr;
    fabric_.set_dreq(tx_dreq_, tx_ready ? static_cast<std::uint32_t>(s_.tx.capacity() - s_.tx.size()) : 0);
    fabric_.set_dreq(rx_dreq_, rx_ready ? static_cast<std::uint32_t>(s_.rx.size()) : 0);
}

std::uint32_t I2c::peek(std::uint32_t offset) {
    if (const std::uint32_t bits = cleared_by(offset); bits != 0) return (s_.raw_intr & bits) != 0;
    switch (offset) {
        case at("IC_CON"): return s_.con;
        case at("IC_TAR"): return s_.tar;
        case at("IC_SAR"): return s_.sar;
        case at("IC_DATA_CMD"): return s_.rx.empty() ? 0 : s_.rx.front();
        case at("IC_SS_SCL_HCNT"): return s_.ss_hcnt;
        case at("IC_SS_SCL_LCNT"): return s_.ss_lcnt;
        case at("IC_FS_SCL_HCNT"): return s_.fs_hcnt;
        case at("IC_FS_SCL_LCNT"): return s_.fs_lcnt;
        case at("IC_INTR_STAT"): return raw() & s_.intr_mask;
        case at("IC_INTR_MASK"): return s_.intr_mask;
        case at("IC_RAW_INTR_STAT"): return raw();
        case at("IC_RX_TL"): return s_.rx_tl;
        case at("IC_TX_TL"): return s_.tx_tl;
        case at("IC_ENABLE"): return s_.enable;
        case at("IC_STATUS"): return status();
        case at("IC_TXFLR"): return static_cast<std::uint32_t>(s_.tx.size());
        case at("IC_RXFLR"): return static_cast<std::uint32_t>(s_.rx.size());
        case at("IC_SDA_HOLD"): return s_.sda_hold;
        case at("IC_TX_ABRT_SOURCE"): return s_.tx_abrt_source;
        case at("IC_SLV_DATA_NACK_ONLY"): return s_.slv_data_nack_only;
        case at("IC_DMA_CR"): return s_.dma_cr;
        case at("IC_DMA_TDLR"): return s_.dma_tdlr;
        case at("IC_DMA_RDLR"): return s_.dma_rdlr;
        case at("IC_SDA_SETUP"): return s_.sda_setup;
        case at("IC_ACK_GENERAL_CALL"): return s_.ack_general_call;
        case at("IC_ENABLE_STATUS"): return s_.enable & kEnabled;
        case at("IC_FS_SPKLEN"): return s_.fs_spklen;
        case at("IC_COMP_PARAM_1"): return kRegs.reset("IC_COMP_PARAM_1");
        case at("IC_COMP_VERSION"): return kRegs.reset("IC_COMP_VERSION");
        case at("IC_COMP_TYPE"): return kRegs.reset("IC_COMP_TYPE");
        default: unmodelled(offset, false);
    }
}

std::uint32_t I2c::read(std::uint32_t offset) {
    const std::uint32_t value = peek(offset);
    if (offset == at("IC_DATA_CMD")) {
        if (s_.rx.empty())
            s_.raw_intr |= kRxUnder;
        else
            s_.rx.pop();
    } else if (std::uint32_t bits = cleared_by(offset); bits != 0) {
        if ((bits & kTxAbrt) != 0) s_.tx_abrt_source = 0;  // also releases the transmit FIFO from its flushed state
        if (s_.phase != I2cState::Phase::idle || s_.addressed) bits &= ~kActivity;  // goes on being true
        s_.raw_intr &= ~bits;
    } else {
        return value;
    }
    update();
    return value;
}

void I2c::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case at("IC_CON"):
            if ((value & kRegs.refused("IC_CON")) != 0) refuse(offset, value);
            s_.con = value & kRegs.writable("IC_CON");
            break;
        case at("IC_TAR"):
            if ((value & kRegs.refused("IC_TAR")) != 0) refuse(offset, value);
            s_.tar = value & kRegs.writable("IC_TAR");
            break;
        case at("IC_SAR"): s_.sar = value & kRegs.writable("IC_SAR"); break;
        case at("IC_DATA_CMD"):
            if ((s_.raw_intr & kTxAbrt) != 0) break;  // The FIFO stays flushed until CLR_TX_ABRT is read.
            if (!s_.tx.push(static_cast<std::uint16_t>(value & kCommand))) s_.raw_intr |= kTxOver;
            release_clock();
            break;
        case at("IC_SS_SCL_HCNT"): s_.ss_hcnt = value & kRegs.writable("IC_SS_SCL_HCNT"); break;
        case at("IC_SS_SCL_LCNT"): s_.ss_lcnt = value & kRegs.writable("IC_SS_SCL_LCNT"); break;
        case at("IC_FS_SCL_HCNT"): s_.fs_hcnt = value & kRegs.writable("IC_FS_SCL_HCNT"); break;
        case at("IC_FS_SCL_LCNT"): s_.fs_lcnt = value & kRegs.writable("IC_FS_SCL_LCNT"); break;
        case at("IC_INTR_MASK"): s_.intr_mask = value & kRegs.writable("IC_INTR_MASK"); break;
        case at("IC_RX_TL"): s_.rx_tl = std::min(value & kRegs.writable("IC_RX_TL"), kLargestLevel); break;
        case at("IC_TX_TL"): s_.tx_tl = std::min(value & kRegs.writable("IC_TX_TL"), kLargestLevel); break;
        case at("IC_ENABLE"):
            s_.enable = value & kRegs.writable("IC_ENABLE");
            if ((s_.enable & kEnabled) == 0) {
                s_.tx.clear();
                s_.rx.clear();
                s_.raw_intr &= ~kActivity;
                if (s_.phase == I2cState::Phase::held) stop();
                s_.addressed = false;
                release_clock();
            } else if ((s_.enable & kAbort) != 0) {
                if (s_.phase == I2cState::Phase::held)
                    abort(kUserAbrt);
                else
                    s_.enable &= ~kAbort;
            }
            break;
        case at("IC_SDA_HOLD"): s_.sda_hold = value & kRegs.writable("IC_SDA_HOLD"); break;
        case at("IC_DMA_CR"): s_.dma_cr = value & kRegs.writable("IC_DMA_CR"); break;
        case at("IC_DMA_TDLR"): s_.dma_tdlr = value & kRegs.writable("IC_DMA_TDLR"); break;
        case at("IC_DMA_RDLR"): s_.dma_rdlr = value & kRegs.writable("IC_DMA_RDLR"); break;
        case at("IC_SDA_SETUP"): s_.sda_setup = value & kRegs.writable("IC_SDA_SETUP"); break;
        case at("IC_ACK_GENERAL_CALL"): s_.ack_general_call = value & kRegs.writable("IC_ACK_GENERAL_CALL"); break;
        case at("IC_FS_SPKLEN"): s_.fs_spklen = value & kRegs.writable("IC_FS_SPKLEN"); break;
        case at("IC_SLV_DATA_NACK_ONLY"):
            s_.slv_data_nack_only = value & kRegs.writable("IC_SLV_DATA_NACK_ONLY");
            break;
        default: return ignore_read_only(offset);
    }
    update();
}

}  // namespace rp2040
