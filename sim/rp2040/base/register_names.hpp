// Names of registers as the datasheet writes them, for messages and logs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rp2040 {

/// Register at `offset` of a block ("UART0", "PIO1", ...: `Peripheral::name`), empty where the datasheet has none.
/// Meant for messages: it searches a text.
std::string register_name(std::string_view block, std::uint32_t offset);

}  // namespace rp2040
