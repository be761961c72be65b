// Registers and fields by the datasheet's names. regs/*.hpp, rendered from platforms/rp2040/, holds the rows; names are
// looked up while compiling, and one that the rows lack does not compile.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

namespace rp2040::regs {

enum class Access : std::uint8_t {
    ro,
    rw,
    wo,
    wc,  ///< A one clears it.
    sc,  ///< A one starts something; it reads as zero.
    rf,  ///< A FIFO: writing puts into it, reading takes from it.
    rp,  ///< Reading changes something; writing does nothing.
};

/// What the model does with a value written: uses it, keeps it without any effect, or stops the run.
enum class Verdict : std::uint8_t { full, stored, refused };

/// Bits of one field.
struct Bits {
    std::uint32_t mask;
    unsigned lsb;
    /// The field's value in a word.
    [[nodiscard]] constexpr std::uint32_t of(std::uint32_t word) const { return (word & mask) >> lsb; }
    /// A word with that value in the field and zero elsewhere.
    [[nodiscard]] constexpr std::uint32_t put(std::uint32_t value) const { return value << lsb & mask; }
};

/// Reset value of a field that holds the index of its register.
inline constexpr std::uint32_t kResetIsIndex = 0xffffffff;

struct Field {
    std::string_view name;
    std::uint8_t lsb, width;
    Access access;
    Verdict verdict = Verdict::full;
    std::uint32_t reset = 0;
    std::uint8_t count = 1, step = 0;  ///< Repetitions `step` bits apart; "%" in the name stands for their number.
    std::string_view why = {};         ///< It is refused.

    [[nodiscard]] constexpr std::uint32_t mask(unsigned repetition = 0) const {
        return (width == 32 ? ~0u : (1u << width) - 1) << (lsb + repetition * step);
    }
};

struct Register {
    std::string_view name;
    std::uint16_t at;
    std::span<const Field> fields;
    std::uint16_t count = 1, stride = 4;  ///< Equal registers; "%" in the name stands for their index,
    std::uint16_t first = 0;              ///< which begins here.
    std::uint16_t repetitions = 0;        ///< Of the fields in all of them together; 0: as many in each.

    [[nodiscard]] constexpr bool holds(std::uint32_t offset) const {
        return offset >= at && offset < at + std::uint32_t{count} * stride && (offset - at) % stride == 0;
    }
    /// Which of the registers stands at `offset`, counted from 0.
    [[nodiscard]] constexpr unsigned index(std::uint32_t offset) const { return (offset - at) / stride; }

    /// Bits of the `index`-th register's fields for which `wanted` is true.
    [[nodiscard]] constexpr std::uint32_t mask(unsigned index, bool (*wanted)(const Field&)) const {
        std::uint32_t bits = 0;
        for (const Field& field : fields)
            for (unsigned n = 0; n < field.count && exists(field, index, n); ++n)
                if (wanted(field)) bits |= field.mask(n);
        return bits;
    }
    [[nodiscard]] constexpr std::uint32_t reset(unsigned index) const {
        std::uint32_t value = 0;
        for (const Field& field : fields)
            for (unsigned n = 0; n < field.count && exists(field, index, n); ++n)
                value |= (field.reset == kResetIsIndex ? first + index : field.reset) << (field.lsb + n * field.step);
        return value;
    }
    [[nodiscard]] constexpr bool exists(const Field& field, unsigned index, unsigned repetition) const {
        return field.count == 1 || repetitions == 0 || index * field.count + repetition < repetitions;
    }
};

/// Whether `name` is `pattern` with a number in place of "%" (written to `number`), or the pattern itself.
constexpr bool matches(std::string_view pattern, std::string_view name, unsigned& number) {
    number = 0;
    if (pattern == name) return true;
    const std::size_t mark = pattern.find('%');
    if (mark == std::string_view::npos || name.size() < pattern.size() ||
        name.substr(0, mark) != pattern.substr(0, mark))
        return false;
    const std::size_t digits = name.size() - pattern.size() + 1;
    if (name.substr(mark + digits) != pattern.substr(mark + 1)) return false;
    for (const char digit : name.substr(mark, digits)) {
        if (digit < '0' || digit > '9') return false;
        number = number * 10 + static_cast<unsigned>(digit - '0');
    }
    return true;
}

struct Block {
    std::string_view name;
    std::span<const std::string_view> instances;  ///< Its names in the chip, once or twice,
    std::span<const std::uint32_t> bases;         ///< their addresses
    std::uint32_t size;                           ///< and bytes in the memory map, aliases included.
    std::span<const Register> registers;          ///< In order of their offsets.

    /// Offset of the register of that name, of the first one where `name` has "%".
    [[nodiscard]] consteval std::uint32_t at(std::string_view name) const {
        const auto [reg, index] = named(name);
        return reg.at + index * reg.stride;
    }
    [[nodiscard]] consteval const Register& operator[](std::string_view name) const { return named(name).reg; }

    /// The field "REGISTER.FIELD"; with a number in place of the field's "%" that repetition of it.
    [[nodiscard]] consteval Bits bits(std::string_view path) const {
        const std::size_t dot = path.find('.');
        const auto [reg, index] = named(path.substr(0, dot));
        for (const Field& field : reg.fields) {
            unsigned n = 0;
            if (!matches(field.name, path.substr(dot + 1), n)) continue;
            if (field.count == 1) return {field.mask(), field.lsb};
            if (n < field.count) return {field.mask(n), static_cast<unsigned>(field.lsb + n * field.step)};
        }
        throw std::logic_error("the register has no such field");
    }
    /// Bits of the field "REGISTER.FIELD", or of all fields of "REGISTER".
    [[nodiscard]] consteval std::uint32_t mask(std::string_view path) const {
        if (path.find('.') != std::string_view::npos) return bits(path).mask;
        return mask(path, [](const Field&) { return true; });
    }
    /// Bits that hold what was written.
    [[nodiscard]] consteval std::uint32_t writable(std::string_view name) const {
        return mask(name, [](const Field& field) { return field.access == Access::rw; });
    }
    /// Bits that a one clears.
    [[nodiscard]] consteval std::uint32_t clearable(std::string_view name) const {
        return mask(name, [](const Field& field) { return field.access == Access::wc; });
    }
    /// Bits that stop the run when they are set.
    [[nodiscard]] consteval std::uint32_t refused(std::string_view name) const {
        return mask(name, [](const Field& field) { return field.verdict == Verdict::refused; });
    }
    [[nodiscard]] consteval std::uint32_t reset(std::string_view name) const {
        const auto [reg, index] = named(name);
        return reg.reset(index);
    }

    /// The register at `offset`; null where the datasheet has none.
    [[nodiscard]] constexpr const Register* find(std::uint32_t offset) const {
        for (const Register& reg : registers)
            if (reg.holds(offset)) return &reg;
        return nullptr;
    }

  private:
    struct Named {
        const Register& reg;
        unsigned index;
    };
    // Only constexpr, which Clang 14 asks of what a consteval function calls; no caller is anything else.
    [[nodiscard]] constexpr Named named(std::string_view name) const {
        for (const Register& reg : registers) {
            unsigned number = 0;
            if (!matches(reg.name, name, number)) continue;
            if (reg.name == name) return {reg, 0};
            if (number >= reg.first && number - reg.first < reg.count) return {reg, number - reg.first};
        }
        throw std::logic_error("the block has no such register");
    }
    [[nodiscard]] constexpr std::uint32_t mask(std::string_view name, bool (*wanted)(const Field&)) const {
        const auto [reg, index] = named(name);
        return reg.mask(index, wanted);
    }
};

}  // namespace rp2040::regs
