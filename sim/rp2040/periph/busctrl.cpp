#include "periph/busctrl.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kBusctrl;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr auto& kCounter = kRegs["PERFCTR%"];
constexpr auto& kSelect = kRegs["PERFSEL%"];
constexpr std::uint32_t kCounterMax = kRegs.mask("PERFCTR0");
}  // namespace

std::uint32_t Busctrl::read(std::uint32_t offset) {
    if (offset == at("BUS_PRIORITY")) return s_.bus_priority;
    if (offset == at("BUS_PRIORITY_ACK")) return 1;
    if (kCounter.holds(offset)) return s_.perfctr[kCounter.index(offset)];
    if (kSelect.holds(offset)) return s_.perfsel[kSelect.index(offset)];
    unmodelled(offset, false);
}

void Busctrl::write(std::uint32_t offset, std::uint32_t value) {
    if (before_change) before_change();
    if (offset == at("BUS_PRIORITY"))
        s_.bus_priority = value & kRegs.writable("BUS_PRIORITY");
    else if (kCounter.holds(offset))
        s_.perfctr[kCounter.index(offset)] = 0;  // Any write clears.
    else if (kSelect.holds(offset))
        s_.perfsel[kSelect.index(offset)] = value & kRegs.writable("PERFSEL0");
    else
        return ignore_read_only(offset);
    update_counted();
}

void Busctrl::reset() {
    if (before_change) before_change();
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
    const std::uint32_t bit = master == Master::core0   ? kRegs.mask("BUS_PRIORITY.PROC0")
                              : master == Master::core1 ? kRegs.mask("BUS_PRIORITY.PROC1")
                              : is_write                ? kRegs.mask("BUS_PRIORITY.DMA_W")
                                                        : kRegs.mask("BUS_PRIORITY.DMA_R");
    return (s_.bus_priority & bit) != 0;
}

void Busctrl::count(BusEvent event, std::uint32_t accesses) {
    for (unsigned i = 0; i < 4; ++i)
        if (s_.perfsel[i] == static_cast<std::uint32_t>(event))
            s_.perfctr[i] = std::min(kCounterMax, s_.perfctr[i] + std::min(accesses, kCounterMax));
}

}  // namespace rp2040
