// I2C as a slave: what the chip's other I2C, a master wired to it, does to it byte by byte (datasheet 4.3.10).
#include "io/gpio.hpp"
#include "periph/i2c.hpp"
#include "periph/i2c_bits.hpp"

namespace rp2040 {

using namespace i2c;

namespace {
constexpr std::uint32_t kEveryFourth = 0x11111111;  // the instances take turns every two pins
}  // namespace

std::uint32_t I2c::pins(unsigned line) const {
    return fabric_.gpio().observed_outputs(PinFunction::i2c) & kEveryFourth << (2 * instance_ + line);
}

/// The other I2C if both lines are wired to it.
I2c* I2c::wired_slave() const {
    if (peer_ == nullptr) return nullptr;
    for (const unsigned line : {kSda, kScl})
        if ((fabric_.gpio().wired(pins(line)) & peer_->pins(line)) == 0) return nullptr;
    return peer_;
}

/// START or repeated START with an address; true = acknowledged.
bool I2c::slave_start(std::uint16_t address, bool ten_bit, bool read) {
    if ((s_.enable & kEnabled) == 0 || (s_.con & (kMasterMode | kSlaveDisable)) != 0) return false;
    const bool own = ((s_.con & k10BitSlave) != 0) == ten_bit && address == (s_.sar & (ten_bit ? 0x3ff : 0x7f));
    const bool general_call = !ten_bit && address == 0 && !read && s_.ack_general_call != 0;
    if (s_.addressed && s_.reading) s_.raw_intr |= kRxDone;  // the master did not acknowledge the last byte
    if (s_.addressed && own) s_.raw_intr |= kRestartDet;
    s_.raw_intr |= kStartDet;
    s_.addressed = own || general_call;
    s_.reading = read;
    s_.first_byte = true;
    if (s_.addressed) s_.raw_intr |= kActivity | (general_call ? kGenCall : 0);
    if (own && read) {
        if (!s_.tx.empty()) {  // left from an earlier transfer: not meant for this one
            s_.tx_abrt_source = kSlvflushTxfifo | kFlushCount.put(static_cast<std::uint32_t>(s_.tx.size()));
            s_.raw_intr |= kTxAbrt;
            s_.tx.clear();
        }
        s_.raw_intr |= kRdReq;
    }
    update();
    return s_.addressed;
}

bool I2c::slave_receive(std::uint8_t value) {
    if (!s_.addressed || s_.slv_data_nack_only != 0) return false;
    const std::uint32_t flag = s_.first_byte ? kFirstDataByte : 0;
    s_.first_byte = false;
    if (!s_.rx.push(static_cast<std::uint16_t>(value | flag))) s_.raw_intr |= kRxOver;
    update();
    return true;
}

/// Whether there is a byte for the master; if not, RD_REQ asks the program for one and SCL is held low.
bool I2c::slave_ready() {
    if (!s_.addressed || !s_.tx.empty()) return true;
    s_.raw_intr |= kRdReq;
    update();
    return false;
}

std::uint8_t I2c::slave_transmit() {
    if (!s_.addressed || s_.tx.empty()) return 0xff;
    const auto value = static_cast<std::uint8_t>(s_.tx.pop());
    update();
    return value;
}

void I2c::slave_stop() {
    if (s_.addressed && s_.reading) s_.raw_intr |= kRxDone;
    if (s_.addressed || (s_.con & kStopDetIfAddressed) == 0) s_.raw_intr |= kStopDet;
    s_.addressed = false;
    update();
}

/// As slave: the byte that the waiting master wants is there, or never will be.
void I2c::release_clock() {
    if (peer_ != nullptr && peer_->s_.stretched && (!s_.addressed || !s_.tx.empty())) peer_->transfer_byte();
}

}  // namespace rp2040
