// Memory Protection Unit of one core: PMSAv6 with eight regions (Arm ARM B3.5, [DS] 2.4.6).
#pragma once

#include <array>
#include <cstdint>

namespace rp2040 {

enum class AccessType : std::uint8_t { fetch, read, write };

class Mpu {
  public:
    static constexpr std::uint32_t kRegions = 8;

    [[nodiscard]] bool enabled() const { return (ctrl_ & kEnable) != 0; }
    /// Whether accesses at HardFault and NMI priority are checked too.
    [[nodiscard]] bool checks_handlers() const { return (ctrl_ & kHfNmiEna) != 0; }
    /// Whether an enabled MPU lets an access to `bytes` bytes pass. The Private Peripheral Bus always keeps the default
    /// memory map.
    [[nodiscard]] bool permits(std::uint32_t address, std::uint32_t bytes, AccessType type, bool privileged) const;

    // Registers.
    [[nodiscard]] std::uint32_t ctrl() const { return ctrl_; }
    [[nodiscard]] std::uint32_t rnr() const { return rnr_; }
    [[nodiscard]] std::uint32_t rbar() const { return rbar_[rnr_] | rnr_; }
    [[nodiscard]] std::uint32_t rasr() const { return rasr_[rnr_]; }
    void write_ctrl(std::uint32_t value) { ctrl_ = value & (kEnable | kHfNmiEna | kPrivDefEna); }
    void write_rnr(std::uint32_t value) { rnr_ = value % kRegions; }
    void write_rbar(std::uint32_t value);
    void write_rasr(std::uint32_t value) { rasr_[rnr_] = value & kRasrMask; }

  private:
    static constexpr std::uint32_t kEnable = 1, kHfNmiEna = 2, kPrivDefEna = 4;
    static constexpr std::uint32_t kRasrMask = 0x1707ff3f;
    [[nodiscard]] bool permits_at(std::uint32_t address, AccessType type, bool privileged) const;

    std::uint32_t ctrl_ = 0, rnr_ = 0;
    std::array<std::uint32_t, kRegions> rbar_{}, rasr_{};
};

}  // namespace rp2040
