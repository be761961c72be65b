// Turns: what a host does whose own clock counts instructions.
#include <algorithm>
#include <string>

#include "capi/block_hook.hpp"
#include "capi/host_memory.hpp"
#include "capi/shell.hpp"

using rp2040::alive, rp2040::answered, rp2040::guarded, rp2040::invalid;
using rp2040::ExternalChip;

namespace {

constexpr std::uint32_t kMostStops = 4096;

/// Fills what is due, and what is to be seen from outside.
void tell(ExternalChip& own, unsigned core, rp2040_turn& turn, rp2040::Cycles next) {
    const std::uint64_t due = next == rp2040::kNever ? RP2040_NEVER : own.picoseconds(next);
    turn.due = own.expect(core, due);
    turn.serial = own.serial.waiting();
    turn.pins = own.watched_pins == 0 ? 0 : own.high_pins(own.watched_pins);
    own.host_bus.told_due = std::min(own.host_bus.told_due, due);
    own.host_bus.told_pins = turn.pins;
    own.serial.told = turn.serial;
}

/// What a host wants to know after anything has happened; of two failures, the first.
template <class Access>
rp2040_status end_turn(rp2040_chip* chip, std::uint32_t core, rp2040_turn* turn, Access&& access) {
    if (!alive(chip)) return RP2040_INVALID;
    if (turn == nullptr) return invalid(chip, "turn must not be NULL");
    if (core > 1) return invalid(chip, "the chip has core 0 and 1, not " + std::to_string(core));
    *turn = {};
    const rp2040_status status = guarded(chip, [&] { return access(*turn); });
    const rp2040_status settled = guarded(chip, [&] {
        ExternalChip& own = *chip->chip;
        if (status == RP2040_OK && !own.keeps() && !(own.both() && own.behind(core))) own.settle();
        tell(own, core, *turn, own.keeps() ? own.cycles() : own.events().next());
        return RP2040_OK;
    });
    return status != RP2040_OK ? status : settled;
}

/// What an idle turn kept comes when its time has come; until then nothing happens.
bool kept_for_later(ExternalChip& own, unsigned core, std::uint64_t elapsed) {
    if (!own.keeps()) return false;
    if (own.cycle_of_host(core, elapsed) < own.cycles()) return true;
    own.deliver();
    return false;
}

rp2040_status run(rp2040_chip* chip, unsigned core, std::uint64_t elapsed) {
    chip->chip->host_bus.told_due = RP2040_NEVER;
    return rp2040_advance(chip, chip->chip->cycle_of_host(core, elapsed));
}

}  // namespace

void ExternalChip::set_stops(std::span<const std::uint32_t> addresses) {
    stops_.assign(addresses.begin(), addresses.end());
    for (auto& address : stops_) address &= ~1u;
    std::ranges::sort(stops_);
    for (HostCore& core : cores) core.end_rounds();
}

bool ExternalChip::look_where_it_goes_on(unsigned core, std::uint32_t next) {
    const rp2040_stop_host& host = cores[core].stop_host;
    if (host.stopped == nullptr) return false;
    if (taps.concerns(next))
        taps.follow(core, next, host.read, [this](std::uint32_t address, std::uint8_t& value) {
            std::uint32_t byte = 0;
            if (!host_owns(find_target(address)) || !bus_read(Master::core0, address, 1, byte)) return false;
            value = static_cast<std::uint8_t>(byte);
            return true;
        });
    if (!std::ranges::binary_search(stops_, next)) return false;
    host.stopped(host.context, next);
    return true;
}

bool ExternalChip::awaits(std::uint32_t next) const {
    return taps.concerns(next) || std::ranges::binary_search(stops_, next);
}

extern "C" {

void rp2040_pace(rp2040_chip* chip, uint32_t instruction_picoseconds, uint64_t skip_picoseconds) {
    if (!alive(chip)) return;
    for (const unsigned core : {0u, 1u}) chip->chip->charge_executed(core);
    for (auto& core : chip->chip->cores) core.time.set_pace(instruction_picoseconds, skip_picoseconds);
}
void rp2040_limit(rp2040_chip* chip, uint64_t picoseconds) {
    if (!alive(chip)) return;
    for (auto& core : chip->chip->cores) core.time.set_limit(picoseconds);
}
uint64_t rp2040_cycle_of_host(rp2040_chip* chip, uint32_t core, uint64_t elapsed) {
    if (core > 1) return 0;
    return answered(chip, uint64_t{0}, [&] { return chip->chip->cycle_of_host(core, elapsed); });
}
void rp2040_rebase(rp2040_chip* chip, uint32_t core, uint64_t elapsed) {
    if (!alive(chip) || core > 1) return;
    chip->chip->charge_executed(core);
    chip->chip->cores[core].time.rebase(elapsed);
}
void rp2040_execute(rp2040_chip* chip, uint32_t cores) {
    if (alive(chip)) chip->chip->executed_cores = cores & 3;
}
uint32_t rp2040_fifo(const rp2040_chip* chip, uint32_t core) {
    if (core > 1) return 0;
    return answered(chip, uint32_t{0}, [&] { return chip->chip->waiting_words(core); });
}
void rp2040_started(rp2040_chip* chip, uint32_t core) {
    if (alive(chip) && core < 2) chip->chip->forget_execution(core);
}
rp2040_status rp2040_turn_read(rp2040_chip* chip, uint32_t core, uint64_t elapsed, uint32_t address, uint32_t bytes,
                               rp2040_turn* turn) {
    return end_turn(chip, core, turn, [&](rp2040_turn& out) {
        chip->chip->deliver();
        return rp2040_read(chip, core, chip->chip->cycle_of_host(core, elapsed), address, bytes, &out.value);
    });
}
rp2040_status rp2040_turn_write(rp2040_chip* chip, uint32_t core, uint64_t elapsed, uint32_t address, uint32_t bytes,
                                uint32_t value, rp2040_turn* turn) {
    return end_turn(chip, core, turn, [&](rp2040_turn&) {
        chip->chip->deliver();
        return rp2040_write(chip, core, chip->chip->cycle_of_host(core, elapsed), address, bytes, value);
    });
}
rp2040_status rp2040_turn_run(rp2040_chip* chip, uint32_t core, uint64_t elapsed, rp2040_turn* turn) {
    return end_turn(chip, core, turn, [&](rp2040_turn&) {
        return kept_for_later(*chip->chip, core, elapsed) ? RP2040_OK : run(chip, core, elapsed);
    });
}
rp2040_status rp2040_turn_idle(rp2040_chip* chip, uint64_t elapsed, uint64_t until, rp2040_turn* turn) {
    if (alive(chip)) (void)chip->chip->take_raised();
    const rp2040_status status = rp2040_turn_run(chip, 0, elapsed, turn);
    if (status != RP2040_OK || chip->chip->keeps()) return status;
    return guarded(chip, [&] {
        ExternalChip& own = *chip->chip;
        if (own.take_raised()) return RP2040_OK;  // the core may be about to wake
        const rp2040_turn now = *turn;
        rp2040::Cycles horizon = own.cycle_of_host(0, until);
        if (const std::uint64_t limit = own.cores[0].time.limit(); limit != RP2040_NEVER)
            horizon = std::min(horizon, own.cycle_at(limit));
        if (own.run_ahead(horizon)) {
            tell(own, 0, *turn, own.cycles());
            turn->serial = now.serial;
            turn->pins = now.pins;
            own.serial.told = now.serial;
            own.host_bus.told_pins = now.pins;
        } else {
            tell(own, 0, *turn, own.events().next());
        }
        return RP2040_OK;
    });
}
rp2040_status rp2040_save(rp2040_chip* chip, uint8_t* data, size_t room, size_t* size) {
    return guarded(chip, [&] {
        if (size == nullptr || (data == nullptr && room != 0)) return invalid(chip, "the places are NULL");
        for (const unsigned core : {0u, 1u}) chip->chip->charge_executed(core);
        const std::vector<std::uint8_t> bytes = chip->chip->save_all();
        *size = bytes.size();
        std::copy_n(bytes.begin(), std::min(room, bytes.size()), data);
        return RP2040_OK;
    });
}
rp2040_status rp2040_restore(rp2040_chip* chip, const uint8_t* data, size_t size) {
    return guarded(chip, [&] {
        if (data == nullptr) return invalid(chip, "the data are NULL");
        chip->chip->restore_all({data, size});
        return RP2040_OK;
    });
}
void rp2040_watch_pins(rp2040_chip* chip, uint32_t pins) {
    if (alive(chip)) chip->chip->watched_pins = pins & ((1u << rp2040::kPins) - 1);
}
uint64_t rp2040_skip(rp2040_chip* chip, uint32_t core) {
    if (core > 1) return 0;
    return answered(chip, uint64_t{0}, [&] {
        rp2040::HostTime& time = chip->chip->cores[core].time;
        return time.skip_due() ? time.pay() : uint64_t{0};
    });
}
rp2040_block_hook rp2040_take_block_hook(rp2040_chip* chip, uint32_t core, const rp2040_block_host* host) {
    if (!alive(chip) || core > 1 || host == nullptr || host->executed == nullptr || host->skip_due == nullptr)
        return nullptr;
    chip->chip->cores[core].block_host = *host;
    chip->chip->forget_blocks(core);
    return rp2040::take_block_hook(*chip->chip, core);
}
void rp2040_block_guest(rp2040_chip* chip, uint32_t core, uint32_t wanted) {
    if (alive(chip) && core < 2) chip->chip->cores[core].set_guest(wanted != 0);
}
rp2040_status rp2040_take_stops(rp2040_chip* chip, uint32_t core, const rp2040_stop_host* host) {
    return guarded(chip, [&] {
        if (core > 1 || host == nullptr || host->read == nullptr || host->stopped == nullptr)
            return invalid(chip, "there are two cores, and their stops need both functions");
        chip->chip->cores[core].stop_host = *host;
        return RP2040_OK;
    });
}
rp2040_status rp2040_stops(rp2040_chip* chip, const uint32_t* addresses, uint32_t count) {
    return guarded(chip, [&] {
        if ((addresses == nullptr && count != 0) || count > kMostStops)
            return invalid(chip, "at most " + std::to_string(kMostStops) +
                                     " calls are awaited, and their addresses must not be NULL");
        chip->chip->set_stops({addresses, count});
        return RP2040_OK;
    });
}
uint64_t rp2040_instructions(const rp2040_chip* chip) {
    return answered(chip, uint64_t{0}, [&] {
        for (const unsigned core : {0u, 1u}) chip->chip->charge_executed(core);
        return chip->chip->cores[0].time.instructions() + chip->chip->cores[1].time.instructions();
    });
}
}
