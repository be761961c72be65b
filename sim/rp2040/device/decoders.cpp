#include "device/decoders.hpp"

#include <algorithm>

namespace rp2040 {

using Drive = Gpio::Drive;

// ---------------------------------------------------------------------------------------------- I2C

void I2cDecoder::put(bool level, Cycles when) {
    if (level != s_.pulling) return;
    s_.pulling = !level;
    gpio_.drive(sda_pin_, level ? Drive::high : Drive::low, when);  // the board's pull-up, or the open drain
}

void I2cDecoder::line_changed(unsigned line, bool level, Cycles when) {
    if (line == kScl) {
        s_.scl = level;
        if (s_.phase == Phase::idle) return;
        if (level)
            rising(when);
        else
            falling(when);
        return;
    }
    s_.sda = level;
    if (!s_.scl) return;
    if (level) {  // STOP
        s_.phase = Phase::idle;
        s_.known = false;
        end(when);
    } else {  // START
        s_.phase = Phase::address;
        s_.bits = s_.shift = 0;
        s_.acknowledge = s_.acknowledged = s_.ten_bits = false;
    }
}

void I2cDecoder::end(Cycles when) {
    if (s_.open) device_.i2c_stop(when);
    s_.open = false;
}

/// The receiver of a bit takes it while the clock is high.
void I2cDecoder::rising(Cycles when) {
    if (s_.phase == Phase::done) return;
    if (s_.acknowledge) {
        if (s_.phase == Phase::read && s_.sda) s_.acknowledged = false;  // the master wants no more
        return;
    }
    if (s_.phase != Phase::read) s_.shift = static_cast<std::uint8_t>(s_.shift << 1 | (s_.sda ? 1 : 0));
    if (++s_.bits != 8) return;
    if (s_.phase == Phase::address) {
        address(when);
    } else {
        s_.acknowledged = s_.phase == Phase::read || device_.i2c_write(s_.shift, when);
    }
}

/// Eight bits of an address. 1111 0xx announces one of ten bits, whose rest is in the next byte (I2C-bus specification,
/// 3.1.11); whether the device has such a one is known only then.
void I2cDecoder::address(Cycles when) {
    constexpr unsigned kTenBits = 0x78;
    const bool read = (s_.shift & 1) != 0;
    unsigned address = s_.shift >> 1u;
    if (s_.ten_bits) {
        s_.ten_bits = false;
        address = s_.upper << 8u | s_.shift;
        s_.acknowledged = s_.known = device_.i2c_start(static_cast<std::uint16_t>(address), false, when);
        s_.shift = 0;  // for writing
    } else if ((address & 0x7c) == kTenBits && device_.i2c_ten_bit()) {
        s_.upper = static_cast<std::uint8_t>(address & 3);
        s_.ten_bits = !read;
        s_.acknowledged = !read || (s_.known && device_.i2c_start(s_.address, true, when));
    } else {
        s_.acknowledged = device_.i2c_start(static_cast<std::uint16_t>(address), read, when);
    }
    if (!s_.ten_bits) s_.address = static_cast<std::uint16_t>(address);
    if (!s_.acknowledged) end(when);  // after a repeated START for somebody else
    s_.open = s_.acknowledged && !s_.ten_bits;
}

/// The sender of a bit puts it on the line while the clock is low.
void I2cDecoder::falling(Cycles when) {
    if (s_.phase == Phase::done) return;
    if (s_.bits == 8 && !s_.acknowledge) {  // the ninth bit begins
        s_.acknowledge = true;
        put(s_.phase == Phase::read || !s_.acknowledged, when);
        return;
    }
    if (s_.acknowledge) {
        s_.acknowledge = false;
        s_.bits = 0;
        if (!s_.acknowledged)
            s_.phase = Phase::done;
        else if (s_.phase == Phase::address && !s_.ten_bits)
            s_.phase = (s_.shift & 1) != 0 ? Phase::read : Phase::write;
        s_.shift = s_.phase == Phase::read ? device_.i2c_read(when) : std::uint8_t{0};
    }
    put(s_.phase != Phase::read || (s_.shift >> (7 - s_.bits) & 1) != 0, when);
}

// ---------------------------------------------------------------------------------------------- SPI

void SpiDecoder::select(bool selected, Cycles when) {
    s_.selected = selected;
    s_.bits = 0;
    s_.loaded = false;
    const bool early = (device_.spi_mode() & 1) == 0;  // the first bit is out before the first edge
    if (selected && early) put(when);
    if (!selected && miso_pin_ != kNoPin) gpio_.drive(miso_pin_, Drive::released, when);
}

void SpiDecoder::put(Cycles when) {
    if (!s_.loaded) s_.out = static_cast<std::uint8_t>(device_.spi_send(8, when));
    s_.loaded = true;
    if (miso_pin_ != kNoPin)
        gpio_.drive(miso_pin_, (s_.out >> (7 - s_.bits) & 1) != 0 ? Drive::high : Drive::low, when);
}

void SpiDecoder::line_changed(unsigned line, bool level, Cycles when) {
    if (line == kMosi) {
        s_.mosi = level;
        return;
    }
    if (!s_.selected) return;
    const unsigned mode = device_.spi_mode();
    const bool leading = level != ((mode & 2) != 0);
    if (leading == ((mode & 1) == 0)) {  // the edge at which both sides sample
        s_.in = static_cast<std::uint8_t>(s_.in << 1 | (s_.mosi ? 1 : 0));
        if (!s_.loaded) s_.out = static_cast<std::uint8_t>(device_.spi_send(8, when));
        s_.loaded = true;
        if (++s_.bits != 8) return;
        s_.bits = 0;
        s_.loaded = false;
        device_.spi_receive(s_.in, 8, when);
    } else {
        put(when);
    }
}

// ---------------------------------------------------------------------------------------------- UART

namespace {
constexpr std::uint64_t kHalfSecond = 500'000'000'000;
constexpr unsigned kFrameBits = 10;
}  // namespace

std::uint64_t SerialLine::half_bits(std::uint64_t halves) const { return halves * kHalfSecond / device_.baud(); }

void SerialLine::idle(Cycles when) {
    if (tx_pin_ != kNoPin) gpio_.drive(tx_pin_, Drive::high, when);
}

void SerialLine::sample_until(std::uint64_t picoseconds, Cycles when) {
    while (s_.receiving && sample_time() <= picoseconds) {
        if (s_.bits == 0 && s_.level) {  // too short for a start bit
            s_.receiving = false;
            return;
        }
        s_.samples = static_cast<std::uint16_t>(s_.samples | (s_.level ? 1u : 0u) << s_.bits);
        if (++s_.bits < kFrameBits) continue;
        s_.receiving = false;
        device_.uart_received(static_cast<std::uint8_t>(s_.samples >> 1), (s_.samples >> 9 & 1) == 0, when);
    }
}

void SerialLine::line_changed(unsigned, bool level, Cycles when) {
    const std::uint64_t ps = port_.picoseconds(when);
    if (ps != 0) sample_until(ps - 1, when);
    if (!level && s_.level && !s_.receiving) {
        s_.receiving = true;
        s_.bits = 0;
        s_.samples = 0;
        s_.start = ps;
    }
    s_.level = level;
    changed_();
}

void SerialLine::begin_frame(std::uint64_t start) {
    s_.frame = static_cast<std::uint16_t>(waiting_.front() << 1 | 1u << 9);
    waiting_.pop_front();
    s_.frame_start = start;
    s_.sent_bits = 0;
    s_.sending = true;
}

void SerialLine::send(std::span<const std::uint8_t> bytes) {
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    if (!s_.sending && !waiting_.empty()) begin_frame(port_.picoseconds(port_.now()));
}

std::uint64_t SerialLine::due() const {
    return std::min(s_.receiving ? sample_time() : kNever, s_.sending ? send_time() : kNever);
}

void SerialLine::run(std::uint64_t picoseconds, Cycles when) {
    sample_until(picoseconds, when);
    while (s_.sending && send_time() <= picoseconds) {
        if (s_.sent_bits == kFrameBits) {
            const std::uint64_t end = send_time();
            s_.sending = false;
            if (waiting_.empty()) return;
            begin_frame(end);
        }
        if (tx_pin_ != kNoPin)
            gpio_.drive(tx_pin_, (s_.frame >> s_.sent_bits & 1) != 0 ? Drive::high : Drive::low, when);
        ++s_.sent_bits;
    }
}

void SerialLine::save(StateWriter& out) const {
    out.put(s_);
    out.put(static_cast<std::uint64_t>(waiting_.size()));
    for (const std::uint8_t byte : waiting_) out.put(byte);
}

void SerialLine::restore(StateReader& in) {
    in.get(s_);
    std::uint64_t size = 0;
    in.get(size);
    if (size > in.left()) throw std::invalid_argument("the snapshot is damaged: a part of it is too short");
    waiting_.resize(size);
    for (std::uint8_t& byte : waiting_) in.get(byte);
}

}  // namespace rp2040
