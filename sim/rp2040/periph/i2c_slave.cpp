// I2C as a slave: what a master does on the lines, bit by bit (datasheet 4.3.10).
#include <algorithm>

#include "io/gpio.hpp"
#include "periph/i2c.hpp"
#include "periph/i2c_bits.hpp"

namespace rp2040 {

using namespace i2c;
using SlavePhase = I2cState::Slave::Phase;

namespace {
constexpr unsigned kTenBitPrefix = 0x78;
}  // namespace

bool I2c::is_slave() const { return (s_.enable & kEnabled) != 0 && (s_.con & (kMasterMode | kSlaveDisable)) == 0; }

/// IC_ENABLE_STATUS after the block is disabled now: in the middle of an address or of data that comes in.
std::uint32_t I2c::slave_cut_short() const {
    if (s_.slave.phase == SlavePhase::address) return kDisabledWhileBusy;
    if (s_.slave.phase != SlavePhase::receive) return 0;
    return kDisabledWhileBusy | (s_.first_byte ? 0 : kRxDataLost);
}

/// START or STOP.
void I2c::slave_condition(bool start) {
    if (start) {
        s_.raw_intr |= kStartDet;
        const bool known = s_.slave.known;
        s_.slave = {};
        s_.slave.known = known;
        s_.slave.phase = SlavePhase::address;
    } else {
        if (s_.addressed || (s_.con & kStopDetIfAddressed) == 0) s_.raw_intr |= kStopDet;
        s_.addressed = false;
        s_.slave = {};
    }
    update();
}

/// A bit is there.
void I2c::slave_rising() {
    auto& slave = s_.slave;
    if (slave.phase == SlavePhase::idle || slave.phase == SlavePhase::done) return;
    if (slave.acknowledge) {
        if (slave.phase == SlavePhase::transmit && s_.sda) {  // the master wants no more
            slave.acknowledged = false;
            s_.raw_intr |= kRxDone;
            flush_transmit();
            update();
        }
        return;
    }
    if (slave.phase != SlavePhase::transmit)
        slave.shift = static_cast<std::uint8_t>(slave.shift << 1 | (s_.sda ? 1 : 0));
    if (++slave.bits != 8) return;
    slave.acknowledged = true;
    if (slave.phase == SlavePhase::address) {
        slave_address();
    } else if (slave.phase == SlavePhase::receive) {
        slave.acknowledged = s_.slv_data_nack_only == 0;
        const std::uint32_t flag = s_.first_byte ? kFirstDataByte : 0;
        s_.first_byte = false;
        slave.full = slave.acknowledged && s_.rx.full() && (s_.con & kHoldWhenFull) != 0;
        slave.kept = static_cast<std::uint16_t>(slave.shift | flag);
        if (slave.acknowledged && !slave.full && !s_.rx.push(slave.kept)) s_.raw_intr |= kRxOver;
        update();
    }
}

/// SCL has fallen: the time to change SDA.
void I2c::slave_falling(Cycles when) {
    auto& slave = s_.slave;
    if (slave.phase == SlavePhase::idle || slave.phase == SlavePhase::done) return;
    if (slave.bits == 8 && !slave.acknowledge) {  // the ninth bit begins
        slave.acknowledge = true;
        if (slave.full) {
            slave.holds = true;
            return pull(false, true, when);
        }
        slave_put(slave.phase == SlavePhase::transmit || !slave.acknowledged, when);
        return;
    }
    if (slave.acknowledge) {
        slave.acknowledge = false;
        slave.bits = 0;
        if (!slave.acknowledged)
            slave.phase = SlavePhase::done;
        else if (slave.phase == SlavePhase::address && !slave.ten_bits)
            slave.phase = s_.reading ? SlavePhase::transmit : SlavePhase::receive;
        slave.shift = 0;
        if (slave.phase == SlavePhase::transmit) return slave_load(when);
    }
    slave_put(slave.phase != SlavePhase::transmit || (slave.shift >> (7 - slave.bits) & 1) != 0, when);
}

/// The address's byte, or one of two, is complete.
void I2c::slave_address() {
    auto& slave = s_.slave;
    const bool ten_bit = (s_.con & k10BitSlave) != 0, read = (slave.shift & 1) != 0;
    const unsigned upper = s_.sar >> 8 & 3;
    if (slave.ten_bits) {
        slave.ten_bits = false;
        slave.known = slave.acknowledged = slave.shift == (s_.sar & 0xff);
        if (slave.known) slave_start(static_cast<std::uint16_t>(s_.sar & 0x3ff), true, false);
    } else if (ten_bit && slave.shift >> 1 == (kTenBitPrefix | upper)) {
        slave.ten_bits = !read;
        slave.acknowledged = !read || slave.known;
        if (read && slave.known) slave_start(static_cast<std::uint16_t>(s_.sar & 0x3ff), true, true);
    } else {
        slave.acknowledged = slave_start(slave.shift >> 1, false, read);
    }
    update();
}

/// The address of a transfer; true = acknowledged.
bool I2c::slave_start(std::uint16_t address, bool ten_bit, bool read) {
    const bool own = ((s_.con & k10BitSlave) != 0) == ten_bit && address == (s_.sar & (ten_bit ? 0x3ff : 0x7f));
    const bool general_call = !ten_bit && address == 0 && !read && s_.ack_general_call != 0;
    if (s_.addressed && own) s_.raw_intr |= kRestartDet;
    s_.addressed = own || general_call;
    s_.reading = read;
    s_.first_byte = true;
    if (s_.addressed) s_.raw_intr |= kActivity | (general_call ? kGenCall : 0);
    if (own && read) flush_transmit();  // left from an earlier transfer: not meant for this one
    return s_.addressed;
}

/// What is in the transmit FIFO is for nobody: more than the master wanted, or there before it asked (4.3.10.1.4).
void I2c::flush_transmit() {
    if (s_.tx.empty()) return;
    s_.tx_abrt_source = kSlvflushTxfifo | kFlushCount.put(static_cast<std::uint32_t>(s_.tx.size()));
    s_.raw_intr |= kTxAbrt;
    s_.tx.clear();
}

/// A byte for the master; if there is none, RD_REQ asks the program for one and SCL is held low.
void I2c::slave_load(Cycles when) {
    auto& slave = s_.slave;
    if (s_.tx.empty()) {
        slave.holds = true;
        s_.raw_intr |= kRdReq;
        pull(false, true, when);
        update();
        return;
    }
    slave.shift = static_cast<std::uint8_t>(s_.tx.pop());
    slave_put((slave.shift & 0x80) != 0, when);
    update();
}

void I2c::slave_put(bool level, Cycles when) { pull(!level, s_.pulls_scl, when); }

/// The byte that the waiting master wants is there: SDA first, SCL after IC_SDA_SETUP (datasheet 4.3.15).
void I2c::release_clock() {
    auto& slave = s_.slave;
    if (!slave.holds || slave.releases || s_.tx.empty() || slave.phase != SlavePhase::transmit) return;
    slave.shift = static_cast<std::uint8_t>(s_.tx.pop());
    slave_put((slave.shift & 0x80) != 0, now() + 1);
    slave.releases = true;
    after(std::max<Cycles>(2, s_.sda_setup));
}

/// The byte that waits for room in the receive FIFO has it now, and is acknowledged (IC_CON.RX_FIFO_FULL_HLD_CTRL).
/// That it is the acknowledge that waits, and not the byte after it, the datasheet does not say.
void I2c::make_room() {
    auto& slave = s_.slave;
    if (!slave.full || s_.rx.full()) return;
    slave.full = false;
    s_.rx.push(slave.kept);
    if (!slave.holds) return;  // SCL is high still
    slave_put(false, now() + 1);
    slave.releases = true;
    after(std::max<Cycles>(2, s_.sda_setup));
}

}  // namespace rp2040
