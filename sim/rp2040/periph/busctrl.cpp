#include "periph/busctrl.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
constexpr std::uint32_t kBusPriority = 0x00, kBusPriorityAck = 0x04, kPerfctr0 = 0x08, kEnd = 0x28;
constexpr std::uint32_t kCounterMax = 0xffffff;
}  // namespace

std::uint32_t Busctrl::read(std::uint32_t offset) {
    if (offset == kBusPriority) return s_.bus_priority;
    if (offset == kBusPriorityAck) return 1;
    if (offset >= kEnd) unmodelled(offset, false);
    const std::uint32_t index = (offset - kPerfctr0) / 8;
    return (offset & 4u) == 0 ? s_.perfctr[index] : s_.perfsel[index];
}

void Busctrl::write(std::uint32_t offset, std::uint32_t value) {
    if (offset >= kEnd) unmodelled(offset, true);
    if (offset == kBusPriority) s_.bus_priority = value & 0x1111;
    if (offset < kPerfctr0) return;
    const std::uint32_t index = (offset - kPerfctr0) / 8;
    if ((offset & 4u) == 0)
        s_.perfctr[index] = 0;  // Any write clears.
    else
        s_.perfsel[index] = value & 0x1f;
    update_counted();
}

void Busctrl::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    if (offset >= kPerfctr0 && (offset & 4u) == 0)
        write(offset, value);
    else
        Peripheral::write_alias(offset, value, alias);
}

void Busctrl::reset() {
    StatefulPeripheral::reset();
    update_counted();
}

void Busctrl::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    update_counted();
}

void Busctrl::update_counted() {
    counted_ = 0;
    for (const std::uint32_t select : s_.perfsel)
        if (select <= static_cast<std::uint32_t>(BusEvent::rom)) counted_ |= 1u << select;
}

bool Busctrl::high_priority(Master master, bool is_write) const {
    const unsigned bit = master == Master::core0 ? 0 : master == Master::core1 ? 4 : is_write ? 12 : 8;
    return ((s_.bus_priority >> bit) & 1u) != 0;
}

void Busctrl::count(BusEvent event, std::uint32_t accesses) {
    for (unsigned i = 0; i < 4; ++i)
        if (s_.perfsel[i] == static_cast<std::uint32_t>(event))
            s_.perfctr[i] = std::min(kCounterMax, s_.perfctr[i] + std::min(accesses, kCounterMax));
}

}  // namespace rp2040
