// What the chip is made of and how it is joined: blocks in the address map, their resets, clocks and requests.
#include <algorithm>

#include "bus/bootrom.hpp"
#include "chip.hpp"
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
    xip_.line_changed = [this](std::uint32_t address) { code_.line_changed(address); };
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
    dma_.set_pio_listener([this] {
        pio0_.levels_heard();
        pio1_.levels_heard();
    });
    syscfg_.on_change = [this] {
        sio_.set_input_bypass(syscfg_.in_sync_bypass());
        for (unsigned index = 0; index < 2; ++index) core(index).set_nmi_mask(syscfg_.nmi_mask(index), events_.now());
    };
    watchdog_.on_tick_change = [this] {
        timer_.ticks_changed();
        for (Cpu* cpu : {&core0_, &core1_}) cpu->system().ticks_changed(events_.now());
    };
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

}  // namespace rp2040
