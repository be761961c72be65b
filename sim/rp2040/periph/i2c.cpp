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
constexpr std::uint32_t kStandardMode = 1, kFastMode = 2;  // the latter is the fastest it has
constexpr std::uint32_t kLargestLevel = 15;                // of the FIFOs' thresholds; larger values act as this
constexpr std::uint32_t kCommand = kCmdRead | kCmdStop | kCmdRestart | kRegs.mask("IC_DATA_CMD.DAT");
constexpr regs::Bits kTxHold = kRegs.bits("IC_SDA_HOLD.IC_SDA_TX_HOLD");
// "Hardware prevents values less than this being written" (datasheet 4.3.17).
constexpr std::uint32_t kLeastHigh = 6, kLeastLow = 8, kLeastSpike = 1;

/// Registers that "can be written only when IC_ENABLE[0] is 0; writes at other times have no effect" (4.3.17).
/// IC_TAR is one of them, as I2C_DYNAMIC_TAR_UPDATE is 0.
constexpr bool fixed_while_enabled(std::uint32_t offset) {
    switch (offset) {
        case at("IC_CON"):
        case at("IC_TAR"):
        case at("IC_SAR"):
        case at("IC_SS_SCL_HCNT"):
        case at("IC_SS_SCL_LCNT"):
        case at("IC_FS_SCL_HCNT"):
        case at("IC_FS_SCL_LCNT"):
        case at("IC_FS_SPKLEN"):
        case at("IC_SDA_HOLD"):
        case at("IC_SDA_SETUP"):
        case at("IC_SLV_DATA_NACK_ONLY"): return true;
        default: return false;
    }
}

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
    idle_ = true;
    fabric.gpio().add_lazy_driver(*this);
    fabric.gpio().attach(inputs_);
}

void I2c::reset() {
    s_ = I2cState{};
    fabric_.events().cancel(event_);
    fabric_.gpio().set_output(PinFunction::i2c, all_pins(kSda) | all_pins(kScl), 0, 0, now());
    if (choose_pins()) fabric_.gpio().plan();
    update();
}

void I2c::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    watched_ = (s_.enable & kEnabled) != 0 ? pins(kSda) | pins(kScl) : 0;
}

/// Without its clock the block stands still, lines and all.
void I2c::clock_switches() {
    if (clocked()) {
        s_.stopped_at = now();
        return;
    }
    if (s_.done_at != kNever) s_.done_at += now() - s_.stopped_at;
    s_.stopped_at = kNever;
}

void I2c::clocks_changed() { fabric_.events().schedule(event_, clocked() ? s_.done_at : kNever); }

/// SCL is low for LCNT + 1 and high for HCNT + SPKLEN + 7 periods of clk_sys (datasheet 4.3.14.1).
Cycles I2c::low_cycles() const { return Cycles{kSpeed.of(s_.con) == kStandardMode ? s_.ss_lcnt : s_.fs_lcnt} + 1; }
Cycles I2c::high_cycles() const {
    return Cycles{kSpeed.of(s_.con) == kStandardMode ? s_.ss_hcnt : s_.fs_hcnt} + s_.fs_spklen + 7;
}
/// From a falling SCL to the change of SDA.
Cycles I2c::hold_cycles() const { return std::min<Cycles>(kTxHold.of(s_.sda_hold), low_cycles() - 1); }

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
    if (s_.acknowledge_held) {  // the last byte's acknowledge depends on what follows it
        s_.acknowledge_held = false;
        s_.phase = Phase::data;
        begin_bit();
        return;
    }
    const bool open = s_.phase == Phase::held;
    const bool reading = (s_.tx.front() & kCmdRead) != 0;
    const bool continues = open && (s_.tx.front() & kCmdRestart) == 0 && reading == s_.reading;
    const bool restarts = (s_.con & kRestartEn) != 0;
    // Without RESTART a STOP and a START take its place (IC_DATA_CMD.RESTART); what waits is begun after the STOP.
    if (open && !continues && !restarts) return stop();
    s_.command = s_.tx.pop();
    if (continues) return begin_data();
    if (reading && !restarts && (s_.con & k10BitMaster) != 0) return abort(k10bRdNorstrt);
    s_.reading = reading;
    s_.first_byte = true;
    s_.address_byte = 0;
    if (open)
        begin(Phase::restart);
    else
        start_when_free();
}

/// Lines that are lost to another master are left alone; else a STOP ends the transfer.
void I2c::abort(std::uint32_t source) {
    s_.tx_abrt_source = source | kFlushCount.put(static_cast<std::uint32_t>(s_.tx.size()));
    s_.raw_intr |= kTxAbrt;
    s_.tx.clear();
    s_.acknowledge_held = false;
    const bool on_bus = s_.phase != I2cState::Phase::idle && s_.phase != I2cState::Phase::waiting;
    if (source != kArbLost && on_bus) return stop();
    s_.enable &= ~kAbort;
    pull(false, false, now());
    s_.phase = I2cState::Phase::idle;
}

void I2c::event() {
    s_.done_at = kNever;
    if (s_.slave.releases) {
        s_.slave.releases = s_.slave.holds = false;
        pull(s_.pulls_sda, false, now());
    }
    switch (s_.phase) {
        case I2cState::Phase::start: start_step(); break;
        case I2cState::Phase::restart: restart_step(); break;
        case I2cState::Phase::address:
        case I2cState::Phase::data: bit_step(); break;
        case I2cState::Phase::stop: stop_step(); break;
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
        case at("IC_ENABLE_STATUS"): {
            const bool at_work = (s_.enable & kEnabled) != 0 || s_.phase != I2cState::Phase::idle;
            return (at_work ? kIcEn : 0) | s_.cut_short;
        }
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
        make_room();
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

/// ABORT can be set only while ENABLE is, and no software clears it: the end of the transfer does.
void I2c::set_enable(std::uint32_t value) {
    const bool may_abort = (s_.enable & value & kEnabled) != 0;
    if ((value & kEnabled) != 0)
        s_.cut_short = 0;
    else if ((s_.enable & kEnabled) != 0)
        s_.cut_short = slave_cut_short();
    s_.enable = may_abort ? value | (s_.enable & kAbort) : value & ~kAbort;
    if ((s_.enable & kEnabled) == 0) {
        s_.tx.clear();
        s_.rx.clear();
        s_.raw_intr &= ~kActivity;
        // A transfer that no STOP has ended stays open, SCL held low, and goes on once enabled again (4.3.10.3):
        // the pico-sdk disables the block to change IC_TAR between a write and a read joined by a RESTART.
        if (s_.phase == I2cState::Phase::waiting) s_.phase = I2cState::Phase::idle;
        s_.addressed = false;
        s_.bus_busy = false;
        if (s_.phase == I2cState::Phase::idle) pull(false, false, now() + 1);
        s_.slave = {};
    } else if ((s_.enable & kAbort) != 0) {
        if (s_.phase == I2cState::Phase::held || s_.phase == I2cState::Phase::waiting)
            abort(kUserAbrt);
        else if (s_.phase == I2cState::Phase::idle)
            s_.enable &= ~kAbort;
    }
    if (choose_pins()) fabric_.gpio().plan();
}

void I2c::write(std::uint32_t offset, std::uint32_t value) {
    if ((s_.enable & kEnabled) != 0 && fixed_while_enabled(offset)) return;
    switch (offset) {
        case at("IC_CON"):
            if ((value & kRegs.refused("IC_CON")) != 0) refuse(offset, value);
            s_.con = value & kRegs.writable("IC_CON");
            if (kSpeed.of(s_.con) == 0 || kSpeed.of(s_.con) > kFastMode)
                s_.con = (s_.con & ~kSpeed.mask) | kSpeed.put(kFastMode);
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
        case at("IC_SS_SCL_HCNT"): s_.ss_hcnt = std::max(value & kRegs.writable("IC_SS_SCL_HCNT"), kLeastHigh); break;
        case at("IC_SS_SCL_LCNT"): s_.ss_lcnt = std::max(value & kRegs.writable("IC_SS_SCL_LCNT"), kLeastLow); break;
        case at("IC_FS_SCL_HCNT"): s_.fs_hcnt = std::max(value & kRegs.writable("IC_FS_SCL_HCNT"), kLeastHigh); break;
        case at("IC_FS_SCL_LCNT"): s_.fs_lcnt = std::max(value & kRegs.writable("IC_FS_SCL_LCNT"), kLeastLow); break;
        case at("IC_INTR_MASK"): s_.intr_mask = value & kRegs.writable("IC_INTR_MASK"); break;
        case at("IC_RX_TL"): s_.rx_tl = std::min(value & kRegs.writable("IC_RX_TL"), kLargestLevel); break;
        case at("IC_TX_TL"): s_.tx_tl = std::min(value & kRegs.writable("IC_TX_TL"), kLargestLevel); break;
        case at("IC_ENABLE"): set_enable(value & kRegs.writable("IC_ENABLE")); break;
        case at("IC_SDA_HOLD"): s_.sda_hold = value & kRegs.writable("IC_SDA_HOLD"); break;
        case at("IC_DMA_CR"): s_.dma_cr = value & kRegs.writable("IC_DMA_CR"); break;
        case at("IC_DMA_TDLR"): s_.dma_tdlr = value & kRegs.writable("IC_DMA_TDLR"); break;
        case at("IC_DMA_RDLR"): s_.dma_rdlr = value & kRegs.writable("IC_DMA_RDLR"); break;
        case at("IC_SDA_SETUP"): s_.sda_setup = value & kRegs.writable("IC_SDA_SETUP"); break;
        case at("IC_ACK_GENERAL_CALL"): s_.ack_general_call = value & kRegs.writable("IC_ACK_GENERAL_CALL"); break;
        case at("IC_FS_SPKLEN"): s_.fs_spklen = std::max(value & kRegs.writable("IC_FS_SPKLEN"), kLeastSpike); break;
        case at("IC_SLV_DATA_NACK_ONLY"):
            s_.slv_data_nack_only = value & kRegs.writable("IC_SLV_DATA_NACK_ONLY");
            break;
        default: return ignore_read_only(offset);
    }
    update();
}

}  // namespace rp2040
