// Which instructions have executed, and which way conditional branches went, gathered where that costs nothing:
// an instruction is noted when it is decoded, which is just before its first execution, and a branch's probe removes
// itself once it has gone both ways.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>

#include "cpu/op.hpp"

namespace rp2040 {

class Coverage {
  public:
    Coverage() = default;
    Coverage(const Coverage&) = delete;
    Coverage& operator=(const Coverage&) = delete;

    enum Flag : std::uint8_t { executed = 1, taken = 2, not_taken = 4 };
    static constexpr std::uint8_t kBothWays = taken | not_taken;
    using Page = std::array<std::uint8_t, kPageOps>;  ///< Flags of each halfword.

    /// Flags of the page at `base`, which stay where they are.
    Page& page(std::uint32_t base) {
        auto& found = pages_[base];
        if (!found) found = std::make_unique<Page>();
        return *found;
    }
    [[nodiscard]] const std::map<std::uint32_t, std::unique_ptr<Page>>& pages() const { return pages_; }

  private:
    std::map<std::uint32_t, std::unique_ptr<Page>> pages_;
};

}  // namespace rp2040
