#include "device/socket.hpp"

#include <algorithm>

namespace rp2040 {

DeviceHub::Socket::Socket(DeviceHub& hub, Device& device, LinePins pins)
    : hub_(hub), device_(device), pins_(std::move(pins)) {
    for (const std::string_view line : device.lines()) names_.emplace_back(line);
    if (device.watched_lines() != 0 || device.driven_lines() != 0) hub.pins_.attach(device, pins_);
    if (const auto sda = pin("sda"), scl = pin("scl"); sda != kNoPin && scl != kNoPin) {
        watch(i2c_, std::make_unique<I2cDecoder>(device, hub.pins_, sda), {sda, scl});
        for (const std::uint8_t line : {sda, scl}) hub.pins_.drive(line, Drive::high, now());  // the board's pull-ups
    }
    if (const auto sck = pin("sck"); sck != kNoPin) {
        watch(spi_, std::make_unique<SpiDecoder>(device, hub.pins_, pin("miso")), {sck, pin("mosi"), pin("miso")});
        if (const auto cs = pin("cs"); cs != kNoPin) watch(select_, std::make_unique<Select>(*this), {cs, pin("miso")});
    }
    if (const auto rx = pin("rx"), tx = pin("tx"); rx != kNoPin || tx != kNoPin) {
        watch(serial_, std::make_unique<SerialLine>(device, *this, hub.pins_, tx, [&hub] { hub.reschedule(); }), {rx});
        serial_->idle(now());
    }
    hub.pins_.plan();
}

DeviceHub::Socket::~Socket() {
    for (LineWatcher* watcher :
         std::initializer_list<LineWatcher*>{i2c_.get(), spi_.get(), select_.get(), serial_.get()})
        if (watcher != nullptr) hub_.pins_.detach(*watcher);
    hub_.pins_.detach(device_);
}

std::uint8_t DeviceHub::Socket::pin(std::string_view line) const {
    const auto found = std::find(names_.begin(), names_.end(), line);
    return found == names_.end() ? kNoPin : pins_[static_cast<std::size_t>(found - names_.begin())];
}

std::optional<unsigned> DeviceHub::Socket::analogue(unsigned pin) const {
    for (std::size_t line = 0; line < pins_.size(); ++line)
        if (pins_[line] == pin && names_[line].starts_with("adc")) return static_cast<unsigned>(line);
    return std::nullopt;
}

double DeviceHub::Socket::share(unsigned line) {
    const std::uint8_t pin = pins_.at(line);
    if (pin == kNoPin) return 0;
    if ((hub_.pins_.selected(PinFunction::pwm) >> pin & 1) == 0) return level(line) ? 1 : 0;
    return std::clamp(hub_.blocks_.pwm.duty(pin >> 1 & 7, pin & 1), 0.0, 1.0);
}

void DeviceHub::Socket::uart_send(std::span<const std::uint8_t> bytes) {
    if (serial_ == nullptr) return;
    serial_->send(bytes);
    hub_.reschedule();
}

void DeviceHub::Socket::wake_at(std::uint64_t picoseconds) {
    wake_ps_ = picoseconds;
    hub_.reschedule();
}

void DeviceHub::Socket::join(unsigned line, unsigned other, bool joined) {
    if (!connected(line) || !connected(other)) return;
    const std::uint32_t net = 1u << pins_[line] | 1u << pins_[other];
    std::erase(joined_, net);
    if (joined) joined_.push_back(net);
    hub_.pins_.join_pins(hub_.joined());
}

void DeviceHub::Socket::fail(std::string_view what) {
    if (hub_.failure_.empty()) hub_.failure_ = std::string(device_.name()) + ": " + std::string(what);
    if (hub_.on_failure) hub_.on_failure();
}

bool DeviceHub::Socket::served_by(const Spi& block) const {
    if (!block.is_master() || !hub_.on(pin("sck"), block.pins(Spi::kPinSck))) return false;
    const auto rising = [](unsigned mode) { return mode == 0 || mode == 3; };  // both sides take bits there
    if (rising(block.mode()) != rising(device_.spi_mode())) return false;
    const auto bit = [](std::uint8_t line) { return line == kNoPin ? 0u : 1u << line; };
    return hub_.pins_.plain(bit(pin("sck")) | bit(pin("mosi")) | bit(pin("cs")), bit(pin("miso")));
}

bool DeviceHub::Socket::by_block() const {
    const auto& blocks = hub_.blocks_.spi;
    return std::any_of(blocks.begin(), blocks.end(), [this](const Spi* block) { return served_by(*block); });
}

bool DeviceHub::Socket::selected_by_block() const {
    const auto& blocks = hub_.blocks_.spi;
    return std::any_of(blocks.begin(), blocks.end(), [this](const Spi* block) {
        return block->is_master() && hub_.on(pin("cs"), block->pins(Spi::kPinCsn));
    });
}

void DeviceHub::Socket::select(bool selected, Cycles when) {
    if (selected == selected_) return;
    selected_ = selected;
    device_.spi_select(selected, when);
    if (spi_ != nullptr) spi_->select(selected && !by_block(), when);
}

std::uint64_t DeviceHub::Socket::due() const {
    return serial_ != nullptr ? std::min(wake_ps_, serial_->due()) : wake_ps_;
}

void DeviceHub::Socket::run(Cycles when) {
    const std::uint64_t ps = picoseconds(when);
    if (serial_ != nullptr) serial_->run(ps, when);
    if (wake_ps_ > ps) return;
    wake_ps_ = kNever;
    device_.wake(when);
}

void DeviceHub::Socket::power_on() {
    wake_ps_ = kNever;
    if (serial_ != nullptr) serial_->power_on();
    device_.power_on();
}

void DeviceHub::Socket::save(StateWriter& out) const {
    out.put(wake_ps_);
    out.put(selected_);
    out.put(static_cast<std::uint32_t>(joined_.size()));
    for (const std::uint32_t net : joined_) out.put(net);
    if (i2c_ != nullptr) i2c_->save(out);
    if (spi_ != nullptr) spi_->save(out);
    if (serial_ != nullptr) serial_->save(out);
    device_.save(out);
}

void DeviceHub::Socket::restore(StateReader& in) {
    in.get(wake_ps_);
    in.get(selected_);
    std::uint32_t nets = 0;
    in.get(nets);
    joined_.clear();
    for (; nets != 0; --nets) {
        std::uint32_t net = 0;
        in.get(net);
        joined_.push_back(net & kPinMask);
    }
    if (i2c_ != nullptr) i2c_->restore(in);
    if (spi_ != nullptr) spi_->restore(in);
    if (serial_ != nullptr) serial_->restore(in);
    device_.restore(in);
}

}  // namespace rp2040
