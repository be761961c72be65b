#include "device/hub.hpp"

#include <algorithm>
#include <stdexcept>

#include "device/socket.hpp"

namespace rp2040 {

namespace {
constexpr unsigned kFirstAdcPin = 26;

[[noreturn]] void refuse(const Device& device, const std::string& what) {
    throw std::invalid_argument("device '" + std::string(device.name()) + "': " + what);
}

/// The pin of each line, checked.
LinePins pins_of(const Device& device, const std::vector<Connection>& connections) {
    const auto lines = device.lines();
    std::string known;
    for (const std::string_view line : lines) known += (known.empty() ? "" : ", ") + std::string(line);
    LinePins pins(lines.size(), kNoPin);
    for (const auto& [line, pin] : connections) {
        const auto found = std::find(lines.begin(), lines.end(), line);
        if (found == lines.end())
            refuse(device, "it has no line '" + line + "'; it has " + (known.empty() ? "none" : known));
        const std::string place = "line '" + line + "' is on pin " + std::to_string(pin);
        if (pin >= kPins) refuse(device, place + "; the RP2040 has GPIO 0 to 29");
        if (line.starts_with("adc") && pin < kFirstAdcPin)
            refuse(device, place + "; the ADC's inputs are GPIO 26 to 29");
        if (std::find(pins.begin(), pins.end(), pin) != pins.end())
            refuse(device, place + ", where another of its lines is");
        pins[static_cast<std::size_t>(found - lines.begin())] = static_cast<std::uint8_t>(pin);
    }
    for (std::size_t line = 0; line < lines.size(); ++line)
        if (pins[line] == kNoPin && (device.optional_lines() >> line & 1) == 0)
            refuse(device, "its line '" + std::string(lines[line]) + "' is not connected");
    return pins;
}
}  // namespace

DeviceHub::DeviceHub(Fabric& fabric, PinMatrix& pins, const Blocks& blocks)
    : fabric_(fabric), pins_(pins), blocks_(blocks) {
    fabric.events().bind(EventId::devices, this,
                         [](void* self, Cycles when) { static_cast<DeviceHub*>(self)->woken(when); });
}

DeviceHub::~DeviceHub() {
    for (const auto& socket : sockets_) socket->device().port_ = nullptr;
}

void DeviceHub::attach(Device& device, const std::vector<Connection>& connections) {
    const std::string name(device.name());
    for (const auto& socket : sockets_)
        if (socket->device().name() == name) refuse(device, "one of this name is attached already");
    sockets_.push_back(std::make_unique<Socket>(*this, device, pins_of(device, connections)));
    Socket& socket = *sockets_.back();
    // A block whose bus nobody is on has a null pointer to look at.
    if (socket.pin("sck") != kNoPin)
        for (unsigned i = 0; i < 2; ++i) {
            if (spi_[i] == nullptr) spi_[i] = std::make_unique<SpiLines>(*this, *blocks_.spi[i]);
            blocks_.spi[i]->connect(spi_[i].get());
        }
    const auto lines = device.lines();
    const bool analogue = std::any_of(lines.begin(), lines.end(), [](auto line) { return line.starts_with("adc"); });
    if (analogue && !blocks_.adc.source)
        blocks_.adc.source = [this](unsigned input, Cycles when) -> std::optional<double> {
            for (const auto& s : sockets_)
                if (const auto line = s->analogue(kFirstAdcPin + input)) return s->device().adc_volts(*line, when);
            return std::nullopt;
        };
    device.port_ = &socket;
    device.connect(socket);
    socket.power_on();
}

void DeviceHub::detach(Device& device) {
    const auto found =
        std::find_if(sockets_.begin(), sockets_.end(), [&](const auto& s) { return &s->device() == &device; });
    if (found == sockets_.end()) return;
    device.port_ = nullptr;
    failure_.clear();
    const bool joins = !(*found)->joined().empty();
    sockets_.erase(found);
    if (joins) pins_.join_pins(joined());
    reschedule();
}

std::vector<Device*> DeviceHub::devices() const {
    std::vector<Device*> all;
    for (const auto& socket : sockets_) all.push_back(&socket->device());
    return all;
}

void DeviceHub::power_on() {
    for (const auto& socket : sockets_) socket->power_on();
    reschedule();
}

std::vector<std::uint32_t> DeviceHub::joined() const {
    std::vector<std::uint32_t> nets;
    for (const auto& socket : sockets_) nets.insert(nets.end(), socket->joined().begin(), socket->joined().end());
    return nets;
}

Cycles DeviceHub::next_due() const {
    std::uint64_t due = kNever;
    for (const auto& socket : sockets_) due = std::min(due, socket->due());
    return due == kNever ? kNever : std::max(fabric_.cycle_at(due), fabric_.events().now());
}

void DeviceHub::reschedule() {
    const Cycles due = next_due();
    if (fabric_.events().due(EventId::devices) != due) fabric_.events().schedule(EventId::devices, due);
}

void DeviceHub::woken(Cycles when) {
    const std::uint64_t ps = fabric_.picoseconds(when);
    for (std::size_t i = 0; i < sockets_.size(); ++i)
        if (sockets_[i]->due() <= ps) sockets_[i]->run(when);
    reschedule();
}

void DeviceHub::save(std::size_t index, StateWriter& out) const { sockets_[index]->save(out); }

void DeviceHub::restore(std::size_t index, StateReader& in) { sockets_[index]->restore(in); }

/// Whether a device's pin, or a pin that it is wired to, is one of `pins`.
bool DeviceHub::on(std::uint8_t pin, std::uint32_t pins) const {
    return pin != kNoPin && (pins_.wired(1u << pin) & pins) != 0;
}

std::optional<std::uint16_t> DeviceHub::SpiLines::begin(std::uint16_t, unsigned bits, Cycles when) {
    std::optional<std::uint16_t> answer;
    for (const auto& socket : hub_.sockets_) {
        if (socket->pin("sck") == kNoPin || !socket->served_by(block_)) continue;
        if (socket->pin("cs") == kNoPin) socket->select(true, when);
        if (!socket->selected()) continue;
        const std::uint16_t out = socket->device().spi_send(bits, when);
        if (hub_.on(socket->pin("miso"), block_.pins(Spi::kPinRx))) answer = out;
    }
    return answer;
}

void DeviceHub::SpiLines::end(std::uint16_t value, unsigned bits, Cycles when) {
    for (const auto& socket : hub_.sockets_) {
        if (socket->pin("sck") == kNoPin || !socket->selected() || !socket->served_by(block_)) continue;
        const bool heard = hub_.on(socket->pin("mosi"), block_.pins(Spi::kPinTx));
        socket->device().spi_receive(heard ? value : std::uint16_t{0}, bits, when);
    }
}

}  // namespace rp2040
