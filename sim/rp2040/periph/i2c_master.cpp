// I2C as a master: START, bits, STOP, each edge in its own cycle (I2C-bus specification, 3.1; datasheet 4.3.14).
//
// A bit is SCL's low time and its high time; it begins with SCL low. SDA changes IC_SDA_TX_HOLD after SCL has fallen
// and is taken at the end of the high time. A START is as long as a bit, a repeated one pulls SDA in the middle of the
// high time (the datasheet has no figure), a STOP lets go of it at the end.
#include "io/gpio.hpp"
#include "periph/i2c.hpp"
#include "periph/i2c_bits.hpp"

namespace rp2040 {

using namespace i2c;
using Phase = I2cState::Phase;

namespace {
constexpr std::uint32_t kEveryFourth = 0x11111111;  // the instances take turns every two pins
constexpr std::uint8_t kAcknowledge = 8;            // the ninth bit
constexpr unsigned kTenBitPrefix = 0xf0;
}  // namespace

std::uint32_t I2c::all_pins(unsigned line) const {
    return kEveryFourth << (2 * instance_ + line) & ((1u << kPins) - 1);
}

std::uint32_t I2c::pins(unsigned line) const {
    return fabric_.gpio().observed_outputs(PinFunction::i2c) & all_pins(line);
}

/// A line as it comes in; one that has no pin is high.
bool I2c::level(unsigned line, Cycles when) const {
    const std::uint32_t own = pins(line);
    return own == 0 || (fabric_.gpio().inputs(when, ~0u) & own) == own;
}

void I2c::pull(bool sda, bool scl, Cycles when) {
    if (sda == s_.pulls_sda && scl == s_.pulls_scl) return;
    s_.pulls_sda = sda;
    s_.pulls_scl = scl;
    const std::uint32_t sda_pins = all_pins(kSda), scl_pins = all_pins(kScl);
    fabric_.gpio().set_output(PinFunction::i2c, sda_pins | scl_pins, 0, (sda ? sda_pins : 0) | (scl ? scl_pins : 0),
                              when);
}

/// Pins to be watched; whether they have changed.
bool I2c::choose_pins() {
    const std::uint32_t watched = (s_.enable & kEnabled) != 0 ? pins(kSda) | pins(kScl) : 0;
    if (watched == watched_) return false;
    watched_ = watched;
    fabric_.gpio().watch_changed();
    s_.sda = level(kSda, now() + 1);  // what was written in this cycle counts
    s_.scl = level(kScl, now() + 1);
    return true;
}

void I2c::lines_changed(Cycles when) {
    if (!clocked()) return;
    const bool sda = level(kSda, when), scl = level(kScl, when);
    const bool clock = scl != s_.scl, data = sda != s_.sda;
    s_.sda = sda;
    s_.scl = scl;
    if (data && !clock && scl) {
        s_.bus_busy = !sda;
        if (is_slave()) slave_condition(!sda);
    }
    if (clock && is_slave()) {
        if (scl)
            slave_rising();
        else
            slave_falling(when);
    }
    if (s_.awaits_clock && scl) {
        s_.awaits_clock = false;
        s_.step++;
        after(s_.phase == Phase::restart ? high_cycles() / 2 : high_cycles());
    }
    if (s_.phase == Phase::waiting) start_when_free();
}

void I2c::begin(Phase phase) {
    s_.phase = phase;
    s_.step = 0;
    switch (phase) {
        case Phase::start: return after(low_cycles());
        case Phase::restart: pull(false, true, now()); return after(low_cycles());
        case Phase::stop: return after(hold_cycles());
        default: return;
    }
}

/// Nobody else may be using the bus, and both lines must be high: without pull-ups they never are.
void I2c::start_when_free() {
    if (s_.bus_busy || !level(kSda, now() + 1) || !level(kScl, now() + 1)) {
        s_.phase = Phase::waiting;
        return;
    }
    begin(Phase::start);
}

void I2c::start_step() {
    if (s_.step++ == 0) {
        s_.raw_intr |= kStartDet | kActivity;
        pull(true, false, now());
        return after(high_cycles());
    }
    pull(true, true, now());
    begin_address();
}

/// SCL is released; once it is high the next step follows after `high`.
void I2c::raise_clock() {
    pull(s_.pulls_sda, false, now());
    if (!level(kScl, now())) {
        s_.awaits_clock = true;
        return;
    }
    ++s_.step;
    after(s_.phase == Phase::restart ? high_cycles() / 2 : high_cycles());
}

void I2c::restart_step() {
    switch (s_.step) {
        case 0: return raise_clock();
        case 1:
            ++s_.step;
            s_.raw_intr |= kStartDet | kActivity;
            pull(true, false, now());
            return after(high_cycles() - high_cycles() / 2);
        default: pull(true, true, now()); return begin_address();
    }
}

void I2c::begin_address() {
    const bool ten_bit = (s_.con & k10BitMaster) != 0;
    const unsigned address = s_.tar & (ten_bit ? 0x3ffu : 0x7fu);
    if (!ten_bit) return begin_byte(Phase::address, static_cast<std::uint8_t>(address << 1 | (s_.reading ? 1 : 0)));
    const unsigned first = kTenBitPrefix | address >> 8 << 1;
    const unsigned bytes[] = {first, address & 0xff, first | 1};
    begin_byte(Phase::address, static_cast<std::uint8_t>(bytes[s_.address_byte]));
}

void I2c::begin_data() {
    begin_byte(Phase::data, s_.reading ? std::uint8_t{0} : static_cast<std::uint8_t>(s_.command));
}

void I2c::begin_byte(Phase phase, std::uint8_t value) {
    s_.phase = phase;
    s_.byte = value;
    s_.bit = 0;
    s_.taken = false;
    begin_bit();
}

/// SCL is low. A byte that was read is acknowledged if the next command reads on; until that is known SCL stays low.
void I2c::begin_bit() {
    const bool stops = (s_.command & kCmdStop) != 0;
    const bool ends = stops || (s_.enable & kAbort) != 0;
    if (s_.phase == Phase::data && s_.reading && s_.bit == kAcknowledge && !ends && s_.tx.empty()) {
        take_byte();
        s_.acknowledge_held = true;
        s_.phase = Phase::held;
        return;
    }
    s_.step = 0;
    after(hold_cycles());
}

bool I2c::more_wanted() const {
    if ((s_.command & kCmdStop) != 0 || (s_.enable & kAbort) != 0 || s_.tx.empty()) return false;
    return (s_.tx.front() & (kCmdRead | kCmdRestart)) == kCmdRead;
}

/// Whether SDA is the master's to set in this bit.
bool I2c::drives_bit() const {
    const bool receives = s_.phase == Phase::data && s_.reading;
    return receives == (s_.bit == kAcknowledge);
}

void I2c::bit_step() {
    switch (s_.step) {
        case 0: {
            bool low = false;
            if (s_.bit == kAcknowledge)
                low = drives_bit() && more_wanted();
            else if (drives_bit())
                low = (s_.byte >> (7 - s_.bit) & 1) == 0;
            ++s_.step;
            pull(low, true, now());
            return after(low_cycles() - hold_cycles());
        }
        case 1: return raise_clock();
        default: break;
    }
    const bool sda = level(kSda, now());
    const bool lost = drives_bit() && s_.bit != kAcknowledge && !s_.pulls_sda && !sda;
    if (lost) return abort(kArbLost);
    pull(s_.pulls_sda, true, now());
    if (s_.bit == kAcknowledge) return byte_done(!sda);
    if (!drives_bit()) s_.byte = static_cast<std::uint8_t>(s_.byte << 1 | (sda ? 1 : 0));
    ++s_.bit;
    begin_bit();
}

void I2c::take_byte() {
    if (s_.taken) return;
    const std::uint32_t flag = s_.first_byte ? kFirstDataByte : 0;
    if (s_.rx.full() && (s_.con & kHoldWhenFull) != 0)
        unmodelled(regs::kI2c.at("IC_CON"), true, "RX_FIFO_FULL_HLD_CTRL with a full receive FIFO, as a master");
    if (!s_.rx.push(static_cast<std::uint16_t>(s_.byte | flag))) s_.raw_intr |= kRxOver;
    s_.taken = true;
}

void I2c::byte_done(bool acknowledged) {
    const bool ten_bit = (s_.con & k10BitMaster) != 0;
    if (s_.phase == Phase::address) {
        if (!acknowledged) return abort(!ten_bit ? k7bAddrNoack : s_.address_byte == 1 ? k10Addr2Noack : k10Addr1Noack);
        if ((s_.enable & kAbort) != 0) return abort(kUserAbrt);
        if (!ten_bit || s_.address_byte == 2) return begin_data();
        if (s_.address_byte == 1 && !s_.reading) return begin_data();
        if (++s_.address_byte == 2) return begin(Phase::restart);
        return begin_address();
    }
    if (s_.reading)
        take_byte();
    else if (!acknowledged)
        return abort(kTxDataNoack);
    s_.first_byte = false;
    if ((s_.enable & kAbort) != 0) return abort(kUserAbrt);
    if ((s_.command & kCmdStop) != 0) return stop();
    s_.phase = Phase::held;
}

void I2c::stop() { begin(Phase::stop); }

void I2c::stop_step() {
    switch (s_.step) {
        case 0:
            ++s_.step;
            pull(true, true, now());
            return after(low_cycles() - hold_cycles());
        case 1: return raise_clock();
        default: return finish_stop();
    }
}

void I2c::finish_stop() {
    s_.phase = Phase::idle;
    pull(false, false, now());
    s_.raw_intr |= kStopDet;
    s_.enable &= ~kAbort;
}

}  // namespace rp2040
