#include "chip.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "bus/bootrom.hpp"
#include "cpu/timing.hpp"

namespace rp2040 {

// ---------------------------------------------------------------------------------------------- interrupts and events

void Chip::set_irq(Irq line, bool level) {
    set_core_irq(0, line, level);
    set_core_irq(1, line, level);
}

void Chip::set_core_irq(unsigned index, Irq line, bool level) {
    Cpu& cpu = core(index);
    const auto number = static_cast<unsigned>(line);
    if (level && (syscfg_.nmi_mask(index) >> number & 1) != 0) cpu.pend_nmi(events_.now());
    cpu.set_irq(number, level, events_.now());
    if (record_irq_) [[unlikely]]
        signals_.record(events_.now(), signal::kIrq + number,
                        core0_.system().line(number) || core1_.system().line(number));
}

void Chip::press_bootsel(bool pressed) {
    constexpr std::uint32_t kSelect = 2;
    const std::uint32_t levels = pressed ? 0x3e & ~kSelect : 0x3e;
    io_qspi_.set_external(levels);
    sio_.set_gpio_hi_in(io_qspi_.levels());
}

void Chip::send_event() {
    core0_.receive_event(events_.now());
    core1_.receive_event(events_.now());
}

// ---------------------------------------------------------------------------------------------- bus masters

bool Chip::bus_read(Master, std::uint32_t address, unsigned bytes, std::uint32_t& value) {
    return bus_.master_read(address, bytes, value);
}

bool Chip::bus_write(Master, std::uint32_t address, unsigned bytes, std::uint32_t value) {
    return bus_.master_write(address, bytes, value);
}

Cycles Chip::access(Cycles cycle, std::uint32_t address, bool is_write) {
    const BusMaster master = is_write ? BusMaster::dma_write : BusMaster::dma_read;
    const Port port = port_of(address);
    if (port != Port::apb && port != Port::xip_main) return bus_.crossbar.access(master, cycle, port);
    const Target target = find_target(address);
    Cycles length = 1;
    if (target == Target::apb || target == Target::ssi)
        length = (is_write ? timing::kApbWrite + bus_.alias_penalty(address) : timing::kApbRead) - timing::kBusCycle;
    Cycles waits = bus_.crossbar.access(master, cycle, port, length) + length - 1;
    if (target == Target::xip && !is_write) waits += xip_.fetch(address, cycle + waits + 1, master);
    return waits;
}

// ---------------------------------------------------------------------------------------------- running

Cpu* Chip::next_core(Cycles& until) {
    const bool first = core0_.runnable(), second = core1_.runnable();
    if (first && second) {
        Cpu& behind = core0_.cycles <= core1_.cycles ? core0_ : core1_;
        const Cpu& ahead = &behind == &core0_ ? core1_ : core0_;
        // Where both are at one cycle core 0 is first, as SIO has it for spinlocks (datasheet 2.3.1.3).
        until = std::min(until, ahead.cycles + (behind.core() == 0 ? 1 : 0));
        return &behind;
    }
    return first ? &core0_ : second ? &core1_ : nullptr;
}

std::optional<Stop> Chip::stopped(Cpu& cpu) {
    if (cpu.stop() != CpuStop::none) events_.advance_to(cpu.cycles);
    const std::uint32_t pc = cpu.pc();
    switch (cpu.stop()) {
        case CpuStop::breakpoint: return Stop{StopReason::breakpoint, cpu.core(), pc, pc, {}};
        case CpuStop::bkpt:
            if (const char* message = rom_message(bus_, pc))
                return Stop{StopReason::boot_error, cpu.core(), pc, pc, message};
            return Stop{StopReason::bkpt, cpu.core(), pc, pc, "BKPT instruction"};
        case CpuStop::lockup:
            return Stop{StopReason::lockup, cpu.core(), pc, pc,
                        "fault while handling HardFault or NMI: the core has locked up"};
        case CpuStop::watchpoint: {
            const DataAccess& hit = *cpu.observer.hit();
            return Stop{StopReason::watchpoint, cpu.core(), pc, hit.address, hit.write ? "write" : "read"};
        }
        case CpuStop::step: return Stop{StopReason::step, cpu.core(), pc, pc, {}};
        case CpuStop::hard_fault: return Stop{StopReason::hard_fault, cpu.core(), pc, pc, "HardFault"};
        case CpuStop::none: break;
    }
    return std::nullopt;
}

/// An event that DORMANT_WAKE enables starts the oscillators that are dormant (datasheet 2.11.3).
void Chip::wake_oscillators() {
    if (!(xosc_.dormant() || rosc_.dormant()) || !(io_bank0_.dormant_wake() || io_qspi_.dormant_wake())) return;
    xosc_.wake();
    rosc_.wake();
}

/// clk_sys and with it the count of cycles stand still in dormant mode. Time goes on: to `limit`, or to the next change
/// that comes from outside. Returns false when `limit` is reached.
bool Chip::stand_still(Cycles limit) {
    const Cycles now = events_.now();
    const Cycles until = std::min({limit, pins_.next_announced(), devices_.next_due()});
    if (until > now) {
        time_.stand_still(now, time_.picoseconds(until) - time_.picoseconds(now));
        pins_.bring_forward(until - now);
        devices_.time_changed();
    }
    if (until == limit) return false;
    events_.advance_to(now);  // what devices had announced
    pins_.catch_up(now + 1);
    return true;
}

Stop Chip::run_until(Cycles limit) {
    struct EndTurns {
        Crossbar& crossbar;
        ~EndTurns() { crossbar.end_turns(); }
    } const at_the_end{bus_.crossbar};
    if (!boot_error_.empty()) return {StopReason::boot_error, 0, 0, kXipBase, boot_error_};
    for (Cpu* cpu : {&core0_, &core1_})
        if (cpu->stop() != CpuStop::lockup) cpu->clear_stop();
    Cpu* cpu = nullptr;
    stream_.forget();
    if (clocks_.asleep()) sleep_or_wake();  // the host may have woken a core
    try {
        while (true) {
            if (requests_ != 0)
                if (auto stop = attend()) return *stop;
            if (clocks_.halted()) [[unlikely]] {
                wake_oscillators();
                if (clocks_.halted() && !stand_still(limit)) break;
                continue;
            }
            if (code_.worn()) [[unlikely]]
                code_.forget_worn();
            Cpu::pay_owed(core0_, core1_);
            Cycles until = limit;
            cpu = next_core(until);
            if (cpu == nullptr) {  // both cores sleep: straight to the next event
                if (clocks_.sleep_matters()) sleep_or_wake();
                if (events_.next() >= limit) {
                    events_.advance_to(limit);
                    break;
                }
                const bool unseen = !bus_.never_written.on() && !bus_.crossbar.counting();
                if (!unseen || !stream_.pass_over(limit)) run_ahead(limit);
                events_.advance_to(std::min(limit, events_.next()));  // the next may be later now
                if (clocks_.asleep()) sleep_or_wake();
                continue;
            }
            stream_.forget();
            if (events_.next() <= cpu->cycles) {  // an event may wake the other core or reset the chip
                events_.advance_to(cpu->cycles);
                continue;
            }
            events_.advance_to(cpu->cycles);
            if (cpu->cycles >= limit) break;
            if (core0_.runnable() && core1_.runnable())
                Cpu::run_pair(cpu, limit);
            else {
                cpu->stop_polling();  // flash accesses of others since its last round are none of its own
                cpu->run(until);
            }
            if (cpu->stop() != CpuStop::none)
                if (auto stop = stopped(*cpu)) return *stop;
        }
    } catch (const Unmodelled& error) {
        if (cpu == nullptr) return {StopReason::unmodelled, 0, core0_.pc(), error.address, error.what()};
        if (error.core) cpu = &core(*error.core);
        return {StopReason::unmodelled, cpu->core(), cpu->pc(), error.address, error.what()};
    }
    if (requests_ != 0)
        if (auto stop = attend()) return *stop;
    return {StopReason::time, 0, core0_.pc(), 0, {}};
}

/// While both cores sleep nobody sees the words of a stream from a pin through PIO and DMA into memory on their way.
void Chip::run_ahead(Cycles limit) {
    for (const auto& [pio, event] : {std::pair{&pio0_, EventId::pio0}, {&pio1_, EventId::pio1}}) {
        if (events_.due(event) > limit || !pio->streams()) continue;
        const Cycles dma = events_.due(EventId::dma);
        if (dma != kNever && (dma < events_.next() || dma > events_.due(event))) continue;
        const Cycles until = std::min(limit, events_.next_beside(event, EventId::dma));
        if (until > events_.due(event) && (dma == kNever || dma_.finish_word(until))) pio->stream(until, dma_);
    }
}

/// Performs the resets that are asked for. A reason to stop: a program that cannot boot, a device that cannot go on.
std::optional<Stop> Chip::attend() {
    const bool failed = (requests_ & kDeviceFailed) != 0;
    requests_ &= static_cast<std::uint8_t>(~kDeviceFailed);
    if (failed)
        if (std::string what = devices_.take_failure(); !what.empty())
            return Stop{StopReason::device, 0, core0_.pc(), 0, std::move(what)};
    perform_resets();
    if (!boot_error_.empty()) return Stop{StopReason::boot_error, 0, 0, kXipBase, boot_error_};
    return std::nullopt;
}

Stop Chip::step(unsigned index, Cycles limit) {
    Cpu& cpu = core(index);
    cpu.pass_breakpoint();
    cpu.observer.step(cpu.depth());
    const Stop stop = run_until(limit);
    cpu.observer.end_step();
    return stop;
}

void Chip::add_watchpoint(const Watchpoint& watchpoint) {
    for (Cpu* cpu : {&core0_, &core1_}) cpu->observer.add_watchpoint(watchpoint);
}

void Chip::remove_watchpoint(const Watchpoint& watchpoint) {
    for (Cpu* cpu : {&core0_, &core1_}) cpu->observer.remove_watchpoint(watchpoint);
}

void Chip::add_breakpoint(std::uint32_t address) {
    if (bus_.breakpoints.insert(address).second) code_.add_hook(address);
}

void Chip::remove_breakpoint(std::uint32_t address) {
    if (bus_.breakpoints.erase(address) == 0) return;
    code_.remove_hook(address);
    for (Cpu* cpu : {&core0_, &core1_}) cpu->forget_breakpoint(address);
}

bool Chip::set_erratum(unsigned number, bool on) {
    switch (number) {
        case 1: watchdog_.set_double_count(on); return true;
        case 13: dma_.set_abort_interrupts(on); return true;
        default: return false;
    }
}

std::string Chip::absent_note() const {
    std::string where;
    for (const Block& b : blocks_)
        if (const std::optional<std::uint32_t> offset = b.block->used_absent()) {
            std::array<char, 16> text{};
            std::snprintf(text.data(), text.size(), "0x%03x", static_cast<unsigned>(*offset));
            where.append(where.empty() ? "" : " and ")
                .append(b.block->name())
                .append(" at offset ")
                .append(text.data());
        }
    if (where.empty()) return where;
    return "the program used " + where + ", where the chip has no register (a pin without a number?); it read zero";
}

void Chip::watch_never_written(bool on) {
    if (on)
        bus_.never_written.begin();
    else
        bus_.never_written.end();
    for (Cpu* cpu : {&core0_, &core1_}) cpu->observer.tell(on ? &bus_.never_written : nullptr);
}

void Chip::record_signals(const SignalGroups& groups) {
    const Cycles now = events_.now();
    static_cast<void>(pins_.level(0, now));  // brings PIO up to date
    signals_.clear();
    const auto recorder = [this](bool on) { return on ? &signals_ : nullptr; };
    record_irq_ = groups.irq;
    dma_.record_to(recorder(groups.dma));
    pio0_.record_to(recorder(groups.pio));
    pio1_.record_to(recorder(groups.pio));
    for (Cpu* cpu : {&core0_, &core1_}) {
        cpu->recorder = recorder(groups.cores);
        cpu->tracer.record_to(recorder(groups.functions));
        if (groups.cores) {
            signals_.record(now, signal::kException + cpu->core(), cpu->exception_number());
            signals_.record(now, signal::kAsleep + cpu->core(), cpu->asleep());
        }
        if (groups.functions) cpu->tracer.record_present(now);
    }
    if (groups.irq)
        for (unsigned line = 0; line < static_cast<unsigned>(Irq::count); ++line)
            signals_.record(now, signal::kIrq + line, core0_.system().line(line) || core1_.system().line(line));
    for (unsigned channel = 0; groups.dma && channel < kDmaChannels; ++channel)
        signals_.record(now, signal::kDmaBusy + channel, dma_.busy(channel));
    for (unsigned index = 0; groups.pio && index < 4; ++index) {
        pio0_.record_present(index, now);
        pio1_.record_present(index, now);
    }
}

std::vector<SignalChange> Chip::take_signals() {
    static_cast<void>(pins_.level(0, events_.now()));
    return signals_.take();
}

void Chip::profile(const std::vector<FunctionRange>* functions) {
    for (Cpu* cpu : {&core0_, &core1_}) {
        cpu->account_sleep(events_.now());
        cpu->profiler = functions == nullptr ? nullptr : std::make_unique<Profiler>(*cpu, *functions);
    }
}

void Chip::count_profile_from_now() {
    for (Cpu* cpu : {&core0_, &core1_}) {
        cpu->account_sleep(events_.now());
        if (cpu->profiler) cpu->profiler->count_from_now();
    }
}

std::uint32_t Chip::pin_share(unsigned pin) {
    if ((pins_.selected(PinFunction::pwm) >> pin & 1) != 0) {
        const double duty = std::clamp(pwm_.duty(pin >> 1 & 7, pin & 1), 0.0, 1.0);
        return static_cast<std::uint32_t>(std::lround(duty * 65536));
    }
    return pins_.level(pin, events_.now()) ? 65536 : 0;
}

Cycles Chip::sleep_cycles(unsigned index) {
    core(index).account_sleep(events_.now());
    return core(index).sleep_cycles();
}

}  // namespace rp2040
