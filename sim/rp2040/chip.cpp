#include "chip.hpp"

#include <algorithm>
#include <cmath>

#include "bus/bootrom.hpp"
#include "cpu/timing.hpp"
#include "regs/clocks.hpp"

namespace rp2040 {

namespace {

std::uint32_t checked_flash_size(std::uint32_t bytes) {
    const bool power_of_two = (bytes & (bytes - 1)) == 0;
    if (!power_of_two || bytes < 0x10000 || bytes > 0x1000000)
        throw std::invalid_argument("flash size is " + std::to_string(bytes) +
                                    " bytes; it must be a power of two from 65536 to 16777216");
    return bytes;
}

/// Bits of WAKE_EN0, lowest, and WAKE_EN1 for the clocks of a block. Their names say whose they are: CLK_PERI_UART0;
/// CLK_SYS_IO and CLK_SYS_PADS have two blocks.
std::uint64_t gates_of(std::string_view block) {
    std::uint64_t gates = 0;
    unsigned shift = 0;
    for (const std::string_view name : {"WAKE_EN0", "WAKE_EN1"}) {
        for (const regs::Register& reg : regs::kClocks.registers) {
            if (reg.name != name) continue;
            for (const regs::Field& field : reg.fields) {
                const std::string_view clock = field.name.substr(field.name.find('_') + 1);
                const std::string_view owner = clock.substr(clock.find('_') + 1);
                const bool pair = (owner == "IO" || owner == "PADS") && block.starts_with(owner);
                if (block == owner || pair) gates |= std::uint64_t{field.mask()} << shift;
            }
        }
        shift += 32;
    }
    return gates;
}

}  // namespace

Chip::Chip(std::uint32_t flash_bytes, std::uint32_t xosc_hz)
    : time_(kDefaultRoscHz),
      pins_(*this),
      flash_(checked_flash_size(flash_bytes)),
      ssi_(*this, flash_),
      xip_(*this, flash_, ssi_),
      bus_(*this, flash_, ssi_, xip_),
      code_(bus_),
      core0_(*this, bus_, xip_, code_, 0),
      core1_(*this, bus_, xip_, code_, 1),
      xosc_(*this),
      rosc_(*this),
      pll_sys_(*this, 0, xosc_),
      pll_usb_(*this, 1, xosc_),
      clocks_(*this, xosc_, rosc_, pll_sys_, pll_usb_),
      resets_(*this),
      psm_(*this),
      watchdog_(*this),
      timer_(*this, watchdog_),
      rtc_(*this),
      uart0_(*this, 0),
      uart1_(*this, 1),
      spi0_(*this, 0),
      spi1_(*this, 1),
      i2c0_(*this, 0),
      i2c1_(*this, 1),
      adc_(*this),
      pwm_(*this),
      sio_(*this),
      usb_(*this, *this),
      busctrl_(*this),
      sysinfo_(*this),
      syscfg_(*this),
      tbman_(*this),
      vreg_(*this),
      io_bank0_(*this, pins_),
      io_qspi_(*this),
      pads_bank0_(*this, pins_),
      pads_qspi_(*this),
      pio0_(*this, pins_, 0),
      pio1_(*this, pins_, 1),
      dma_(*this),
      devices_(*this, pins_, {{&spi0_, &spi1_}, adc_, pwm_}) {
    xosc_.set_crystal(xosc_hz);
    core0_.connect(pair_, core1_);
    core1_.connect(pair_, core0_);
    sio_.core_time = {&core0_.cycles, &core1_.cycles};
    connect();
    attach(flash_, {});
    attach(usb_.host(), {});
    set_rom(own_bootrom());
    reset();
}

/// The address map's blocks and the reset bits of those that have one.
void Chip::connect() {
    bus_.connect(code_);
    bus_.connect(sio_, usb_);
    bus_.crossbar.connect(busctrl_);
    bus_.crossbar.connect_turns(core0_.turns, core1_.turns);
    xip_.connect(bus_.crossbar);
    bus_.crossbar.delay_dma = [this](BusMaster master, Cycles cycles) {
        dma_.delay(master == BusMaster::dma_write, cycles);
    };
    dma_.set_bus(*this);

    const auto apb = [this](std::uint32_t base, Peripheral& block, std::optional<ResetBit> bit,
                            bool alias_penalty = false) {
        bus_.connect_apb(base, block, alias_penalty);
        blocks_.push_back({&block, bit});
    };
    apb(kSysinfoBase, sysinfo_, ResetBit::sysinfo);
    apb(kSyscfgBase, syscfg_, ResetBit::syscfg);
    apb(kClocksBase, clocks_, std::nullopt);
    apb(kResetsBase, resets_, std::nullopt);
    apb(kPsmBase, psm_, std::nullopt);
    apb(kIoBank0Base, io_bank0_, ResetBit::io_bank0);
    apb(kIoQspiBase, io_qspi_, ResetBit::io_qspi);
    apb(kPadsBank0Base, pads_bank0_, ResetBit::pads_bank0);
    apb(kPadsQspiBase, pads_qspi_, ResetBit::pads_qspi);
    apb(kXoscBase, xosc_, std::nullopt);
    apb(kPllSysBase, pll_sys_, ResetBit::pll_sys);
    apb(kPllUsbBase, pll_usb_, ResetBit::pll_usb);
    apb(kBusctrlBase, busctrl_, ResetBit::busctrl);
    apb(kUart0Base, uart0_, ResetBit::uart0, true);
    apb(kUart1Base, uart1_, ResetBit::uart1, true);
    apb(kSpi0Base, spi0_, ResetBit::spi0, true);
    apb(kSpi1Base, spi1_, ResetBit::spi1, true);
    apb(kI2c0Base, i2c0_, ResetBit::i2c0, true);
    apb(kI2c1Base, i2c1_, ResetBit::i2c1, true);
    apb(kAdcBase, adc_, ResetBit::adc);
    apb(kPwmBase, pwm_, ResetBit::pwm);
    apb(kTimerBase, timer_, ResetBit::timer);
    apb(kWatchdogBase, watchdog_, std::nullopt);
    apb(kRtcBase, rtc_, ResetBit::rtc);
    apb(kRoscBase, rosc_, std::nullopt);
    apb(kVregAndChipResetBase, vreg_, std::nullopt);
    apb(kTbmanBase, tbman_, ResetBit::tbman);

    const auto ahb = [this](std::uint32_t base, Peripheral& block, ResetBit bit) {
        bus_.connect_ahb(base, block);
        blocks_.push_back({&block, bit});
    };
    ahb(kDmaBase, dma_, ResetBit::dma);
    ahb(kUsbctrlBase, usb_, ResetBit::usbctrl);
    ahb(kPio0Base, pio0_, ResetBit::pio0);
    ahb(kPio1Base, pio1_, ResetBit::pio1);

    for (Peripheral* block : std::initializer_list<Peripheral*>{&sio_, &ssi_, &xip_})
        blocks_.push_back({block, std::nullopt});
    for (Block& b : blocks_)
        if (b.block != &sio_) b.gates = gates_of(b.block->name());
    clocks_.on_gates = [this] { update_clocked(); };

    flash_.on_change = [this](std::uint32_t offset, std::uint32_t bytes) { bus_.flash_changed(offset, bytes); };
    const auto sources_changed = [this] {
        clocks_.sources_changed();
        wake_oscillators();
    };
    xosc_.on_change = rosc_.on_change = pll_sys_.on_change = pll_usb_.on_change = sources_changed;
    clocks_.on_change = [this] { clocks_moved(); };
    clocks_.on_halt = [this] {
        core0_.yield();
        core1_.yield();
    };
    io_bank0_.on_change = io_qspi_.on_change = [this] { wake_oscillators(); };
    dma_.set_pwm_listener([this](std::uint8_t slices) { pwm_.watch_wraps(slices); });
    syscfg_.on_change = [this] { sio_.set_input_bypass(syscfg_.in_sync_bypass()); };
    watchdog_.on_tick_change = [this] { timer_.ticks_changed(); };
    ssi_.chip_select_override = [this] { return io_qspi_.select_override(); };
    io_qspi_.on_control = [this] {
        ssi_.chip_select_changed();
        sio_.set_gpio_hi_in(io_qspi_.levels());
    };
    psm_.on_core_held = [this](unsigned index, bool held) {
        if (held)
            core(index).hold();
        else
            boot(index);
    };
    devices_.on_failure = [this] {
        requests_ |= kDeviceFailed;
        core0_.yield();
        core1_.yield();
    };
    events_.bind(EventId::systick0, &core0_, [](void* cpu, Cycles when) { static_cast<Cpu*>(cpu)->systick_due(when); });
    events_.bind(EventId::systick1, &core1_, [](void* cpu, Cycles when) { static_cast<Cpu*>(cpu)->systick_due(when); });
}

void Chip::update_clocked() {
    const std::uint64_t enabled = clocks_.enabled();
    for (const Block& b : blocks_) {
        const bool on = (b.gates & ~enabled) == 0;
        if (b.block == &clocks_)
            b.block->restore_clocked(on);  // its registers' clock: the clocks that it makes go on as they are
        else
            b.block->set_clocked(on);
    }
}

/// Into the SLEEP state or out of it, as the processors and the DMA are now (datasheet 2.11.2).
void Chip::sleep_or_wake() { clocks_.set_asleep(!core0_.runnable() && !core1_.runnable() && !dma_.active()); }

void Chip::clocks_moved() {
    if (const std::uint32_t hz = clocks_.hz(ClockId::sys); hz != 0) time_.set_frequency(events_.now(), hz);
    for (const Block& b : blocks_) b.block->clocks_changed();
    devices_.time_changed();
}

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
