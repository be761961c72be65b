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

void Peripheral::refuse(std::uint32_t offset, std::uint32_t value) const {
    if (const regs::Register* reg = registers_.find(offset))
        for (const regs::Field& field : reg->fields)
            if (field.verdict == regs::Verdict::refused && (value & field.mask()) != 0)
                unmodelled(offset, true, std::string(field.name).append(": ").append(field.why));
    unmodelled(offset, true);
}

void Peripheral::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    if (alias == 0) return write(offset, value);
    const std::uint32_t old = peek(offset);
    const std::uint32_t combined = alias == 1 ? old ^ value : alias == 2 ? old | value : old & ~value;
    std::uint32_t as_given = 0;
    if (const regs::Register* reg = registers_.find(offset))
        as_given = reg->mask(reg->index(offset), [](const regs::Field& field) {
            return field.access == regs::Access::wc || field.access == regs::Access::rf;
        });
    write(offset, (combined & ~as_given) | (value & as_given));
}

}  // namespace rp2040
