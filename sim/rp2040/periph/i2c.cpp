#include "periph/i2c.hpp"

#include "periph/i2c_bits.hpp"

namespace rp2040 {

using namespace i2c;

namespace {
constexpr std::uint32_t kCon = 0x00, kTar = 0x04, kSar = 0x08, kDataCmd = 0x10, kSsSclHcnt = 0x14, kSsSclLcnt = 0x18,
                        kFsSclHcnt = 0x1c, kFsSclLcnt = 0x20, kIntrStat = 0x2c, kIntrMask = 0x30, kRawIntrStat = 0x34,
                        kRxTl = 0x38, kTxTl = 0x3c, kClrIntr = 0x40, kClrRxUnder = 0x44, kClrRxOver = 0x48,
                        kClrTxOver = 0x4c, kClrRdReq = 0x50, kClrTxAbrt = 0x54, kClrRxDone = 0x58, kClrActivity = 0x5c,
                        kClrStopDet = 0x60, kClrStartDet = 0x64, kClrGenCall = 0x68, kEnable = 0x6c, kStatus = 0x70,
                        kTxflr = 0x74, kRxflr = 0x78, kSdaHold = 0x7c, kTxAbrtSource = 0x80, kSlvDataNackOnly = 0x84,
                        kDmaCr = 0x88, kDmaTdlr = 0x8c, kDmaRdlr = 0x90, kSdaSetup = 0x94, kAckGeneralCall = 0x98,
                        kEnableStatus = 0x9c, kFsSpklen = 0xa0, kClrRestartDet = 0xa8, kCompParam1 = 0xf4,
                        kCompVersion = 0xf8, kCompType = 0xfc;
constexpr unsigned kByteBits = 9;  // Eight data bits and the acknowledge.
}  // namespace

I2c::I2c(Fabric& fabric, unsigned instance)
    : StatefulPeripheral(instance == 0 ? "I2C0" : "I2C1", fabric), instance_(instance) {
    fabric.events().bind(instance == 0 ? EventId::i2c0 : EventId::i2c1, this,
                         [](void* self, Cycles) { static_cast<I2c*>(self)->event(); });
}

void I2c::reset() {
    s_ = I2cState{};
    fabric_.events().cancel(instance_ == 0 ? EventId::i2c0 : EventId::i2c1);
    update();
    release_clock();
}

/// SCL is high for HCNT + SPKLEN + 7 and low for LCNT + 1 periods of clk_sys (datasheet 4.3.14.1).
Cycles I2c::bit_cycles() const {
    const bool standard = ((s_.con >> 1) & 3u) == 1;
    const std::uint32_t high = standard ? s_.ss_hcnt : s_.fs_hcnt, low = standard ? s_.ss_lcnt : s_.fs_lcnt;
    return Cycles{high} + s_.fs_spklen + 7 + low + 1;
}

void I2c::after(Cycles cycles) {
    s_.done_at = now() + cycles;
    fabric_.events().schedule(instance_ == 0 ? EventId::i2c0 : EventId::i2c1, s_.done_at);
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
    s_.tx_abrt_source = source | static_cast<std::uint32_t>(s_.tx.size()) << 23;
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
            if (s_.with_slave)
                peer_->slave_stop();
            else if (bus_ != nullptr)
                bus_->stop(now());
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
    const bool active = s_.phase != I2cState::Phase::idle;
    return (active ? 0x21u : 0) | (s_.addressed ? 0x41u : 0) | (s_.tx.full() ? 0 : 2u) | (s_.tx.empty() ? 4u : 0) |
           (s_.rx.empty() ? 0 : 8u) | (s_.rx.full() ? 16u : 0);
}

void I2c::update() {
    next();
    fabric_.set_irq(instance_ == 0 ? Irq::i2c0 : Irq::i2c1, (raw() & s_.intr_mask) != 0);
    const bool on = (s_.enable & kEnabled) != 0;
    const auto tx = static_cast<Dreq>(static_cast<unsigned>(Dreq::i2c0_tx) + 2 * instance_);
    const auto rx = static_cast<Dreq>(static_cast<unsigned>(Dreq::i2c0_rx) + 2 * instance_);
    const bool tx_ready = on && (s_.dma_cr & 2u) != 0 && s_.tx.size() <= s_.dma_tdlr;
    const bool rx_ready = on && (s_.dma_cr & 1u) != 0 && s_.rx.size() > s_.dma_rdlr;
    fabric_.set_dreq(tx, tx_ready ? static_cast<std::uint32_t>(s_.tx.capacity() - s_.tx.size()) : 0);
    fabric_.set_dreq(rx, rx_ready ? static_cast<std::uint32_t>(s_.rx.size()) : 0);
}

std::uint32_t I2c::peek(std::uint32_t offset) {
    const auto cleared = [this](std::uint32_t bits) { return (s_.raw_intr & bits) != 0 ? 1u : 0u; };
    switch (offset) {
        case kCon: return s_.con;
        case kTar: return s_.tar;
        case kSar: return s_.sar;
        case kDataCmd: return s_.rx.empty() ? 0 : s_.rx.front();
        case kSsSclHcnt: return s_.ss_hcnt;
        case kSsSclLcnt: return s_.ss_lcnt;
        case kFsSclHcnt: return s_.fs_hcnt;
        case kFsSclLcnt: return s_.fs_lcnt;
        case kIntrStat: return raw() & s_.intr_mask;
        case kIntrMask: return s_.intr_mask;
        case kRawIntrStat: return raw();
        case kRxTl: return s_.rx_tl;
        case kTxTl: return s_.tx_tl;
        case kClrIntr: return cleared(~0u);
        case kClrRxUnder: return cleared(kRxUnder);
        case kClrRxOver: return cleared(kRxOver);
        case kClrTxOver: return cleared(kTxOver);
        case kClrRdReq: return cleared(kRdReq);
        case kClrTxAbrt: return cleared(kTxAbrt);
        case kClrRxDone: return cleared(kRxDone);
        case kClrActivity: return cleared(kActivity);
        case kClrStopDet: return cleared(kStopDet);
        case kClrStartDet: return cleared(kStartDet);
        case kClrGenCall: return cleared(kGenCall);
        case kClrRestartDet: return cleared(kRestartDet);
        case kEnable: return s_.enable;
        case kStatus: return status();
        case kTxflr: return static_cast<std::uint32_t>(s_.tx.size());
        case kRxflr: return static_cast<std::uint32_t>(s_.rx.size());
        case kSdaHold: return s_.sda_hold;
        case kTxAbrtSource: return s_.tx_abrt_source;
        case kSlvDataNackOnly: return s_.slv_data_nack_only;
        case kDmaCr: return s_.dma_cr;
        case kDmaTdlr: return s_.dma_tdlr;
        case kDmaRdlr: return s_.dma_rdlr;
        case kSdaSetup: return s_.sda_setup;
        case kAckGeneralCall: return s_.ack_general_call;
        case kEnableStatus: return s_.enable & kEnabled;
        case kFsSpklen: return s_.fs_spklen;
        case kCompParam1: return 0;
        case kCompVersion: return 0x3230312a;
        case kCompType: return 0x44570140;
        default: unmodelled(offset, false);
    }
}

std::uint32_t I2c::read(std::uint32_t offset) {
    const std::uint32_t value = peek(offset);
    switch (offset) {
        case kDataCmd:
            if (s_.rx.empty())
                s_.raw_intr |= kRxUnder;
            else
                s_.rx.pop();
            break;
        case kClrIntr:
            s_.raw_intr = 0;
            s_.tx_abrt_source = 0;
            break;
        case kClrTxAbrt:
            // Also releases the transmit FIFO from its flushed state.
            s_.raw_intr &= ~kTxAbrt;
            s_.tx_abrt_source = 0;
            break;
        case kClrRxUnder: s_.raw_intr &= ~kRxUnder; break;
        case kClrRxOver: s_.raw_intr &= ~kRxOver; break;
        case kClrTxOver: s_.raw_intr &= ~kTxOver; break;
        case kClrRdReq: s_.raw_intr &= ~kRdReq; break;
        case kClrRxDone: s_.raw_intr &= ~kRxDone; break;
        case kClrActivity:
            if (s_.phase == I2cState::Phase::idle && !s_.addressed) s_.raw_intr &= ~kActivity;
            break;
        case kClrStopDet: s_.raw_intr &= ~kStopDet; break;
        case kClrStartDet: s_.raw_intr &= ~kStartDet; break;
        case kClrGenCall: s_.raw_intr &= ~kGenCall; break;
        case kClrRestartDet: s_.raw_intr &= ~kRestartDet; break;
        default: return value;
    }
    update();
    return value;
}

void I2c::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kCon: s_.con = value & 0x7ff; break;
        case kTar: s_.tar = value & 0xfff; break;
        case kSar: s_.sar = value & 0x3ff; break;
        case kDataCmd:
            if ((s_.raw_intr & kTxAbrt) != 0) break;  // The FIFO stays flushed until CLR_TX_ABRT is read.
            if (!s_.tx.push(static_cast<std::uint16_t>(value & 0x7ff))) s_.raw_intr |= kTxOver;
            release_clock();
            break;
        case kSsSclHcnt: s_.ss_hcnt = value & 0xffff; break;
        case kSsSclLcnt: s_.ss_lcnt = value & 0xffff; break;
        case kFsSclHcnt: s_.fs_hcnt = value & 0xffff; break;
        case kFsSclLcnt: s_.fs_lcnt = value & 0xffff; break;
        case kIntrMask: s_.intr_mask = value & 0x1fff; break;
        case kRxTl: s_.rx_tl = (value & 0xff) > 15 ? 15 : value & 0xff; break;
        case kTxTl: s_.tx_tl = (value & 0xff) > 15 ? 15 : value & 0xff; break;
        case kEnable:
            s_.enable = value & 7u;
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
        case kSdaHold: s_.sda_hold = value & 0xffffff; break;
        case kDmaCr: s_.dma_cr = value & 3u; break;
        case kDmaTdlr: s_.dma_tdlr = value & 0xf; break;
        case kDmaRdlr: s_.dma_rdlr = value & 0xf; break;
        case kSdaSetup: s_.sda_setup = value & 0xff; break;
        case kAckGeneralCall: s_.ack_general_call = value & 1u; break;
        case kFsSpklen: s_.fs_spklen = value & 0xff; break;
        case kSlvDataNackOnly: s_.slv_data_nack_only = value & 1u; break;
        default:
            // Status, level, clear and identification registers are read-only.
            if (offset > kCompType || (offset & 3u) != 0) unmodelled(offset, true);
    }
    update();
}

}  // namespace rp2040
