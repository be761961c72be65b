#include "base/peripheral.hpp"

#include <cstdio>

#include "base/register_names.hpp"

namespace rp2040 {

namespace {
std::string describe(std::string_view block, std::uint32_t offset, bool is_write, std::string_view why) {
    char where[16];
    std::snprintf(where, sizeof where, "0x%03x", static_cast<unsigned>(offset));
    const std::string name = register_name(block, offset);
    std::string message = is_write ? "write of " : "read of ";
    message.append(block);
    if (name.empty())
        message.append(" register at offset ").append(where);
    else
        message.append(".").append(name).append(" (offset ").append(where).append(")");
    message.append(" is not modelled");
    if (!why.empty()) message.append(" (").append(why).append(")");
    return message;
}
}  // namespace

Unmodelled::Unmodelled(std::string_view block_, std::uint32_t offset_, bool is_write_, std::string_view why)
    : std::runtime_error(describe(block_, offset_, is_write_, why)),
      block(block_),
      offset(offset_),
      is_write(is_write_) {}

void Peripheral::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    switch (alias) {
        case 0: write(offset, value); break;
        case 1: write(offset, peek(offset) ^ value); break;
        case 2: write(offset, peek(offset) | value); break;
        default: write(offset, peek(offset) & ~value); break;
    }
}

}  // namespace rp2040
