#include "cpu/decoder.hpp"

#include <array>

namespace rp2040 {

namespace {

constexpr std::uint8_t kNoRow = 0xff;

/// Row of kEncodings16 for every halfword, filled backwards so that special cases win over later, general rows.
std::array<std::uint8_t, 65536> build_index() {
    std::array<std::uint8_t, 65536> index;
    index.fill(kNoRow);
    for (std::size_t row = kEncodings16.size(); row-- > 0;) {
        const std::uint32_t mask = fixed_mask(kEncodings16[row]), bits = fixed_bits(kEncodings16[row]);
        const std::uint32_t free_bits = ~mask & 0xffff;
        std::uint32_t fill = free_bits;
        do {  // all subsets of the free bits
            index[bits | fill] = static_cast<std::uint8_t>(row);
            fill = (fill - 1) & free_bits;
        } while (fill != free_bits);
    }
    return index;
}

const Encoding* find_encoding(std::uint16_t first, std::uint16_t second) {
    static const std::array<std::uint8_t, 65536> index = build_index();
    if (is_wide(first)) {
        const std::uint32_t code = std::uint32_t{first} << 16 | second;
        for (const Encoding& e : kEncodings32)
            if (matches(e, code)) return &e;
        return nullptr;
    }
    return index[first] == kNoRow ? nullptr : &kEncodings16[index[first]];
}

constexpr std::uint32_t sign_extend(std::uint32_t value, unsigned bits) {
    const std::uint32_t sign = 1u << (bits - 1);
    return (value ^ sign) - sign;
}

constexpr bool same_page(std::uint32_t a, std::uint32_t b) { return a / kPageBytes == b / kPageBytes; }

/// A branch within the page becomes a displacement in ops. In flash this only holds for word-aligned targets, whose
/// own op makes the fetch; jump() makes it for the others.
bool near_target(std::uint32_t from, std::uint32_t to) {
    const bool flash = from >> 28 == 1;
    return same_page(from, to) && !(flash && (to & 2) != 0);
}

std::uint32_t displacement(std::uint32_t from, std::uint32_t to) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(to - from) >> 1);
}

std::uint32_t bl_offset(std::uint32_t code) {
    const std::uint32_t s = code >> 26 & 1, i1 = ~(code >> 13 ^ s) & 1, i2 = ~(code >> 11 ^ s) & 1;
    const std::uint32_t imm = s << 24 | i1 << 23 | i2 << 22 | (code >> 16 & 0x3ff) << 12 | (code & 0x7ff) << 1;
    return sign_extend(imm, 25);
}

/// What depends on PC, SP or a special immediate: choose the variant and resolve the address.
void specialise(Op& op, const Encoding& e, std::uint32_t address, std::uint32_t code) {
    const std::uint32_t pc = address + 4;
    switch (op.operation) {
        case Operation::lsl_imm:
            if (op.imm == 0) op.operation = Operation::lsl_imm0;
            break;
        case Operation::lsr_imm:
        case Operation::asr_imm:
            if (op.imm == 0) op.imm = 32;  // DecodeImmShift
            break;
        case Operation::ldr_lit:
        case Operation::adr:
            op.imm = (pc & ~3u) + op.imm * 4;
            if (op.operation == Operation::adr) op.operation = Operation::mov_const;
            break;
        case Operation::add_hi:
            if (op.rd == 15) op.operation = Operation::add_pc;
            if (op.rm != 15) break;
            op.imm = pc;
            if (op.rd != 15) op.operation = Operation::add_const;
            break;
        case Operation::mov_hi:
            op.imm = pc;
            if (op.rd == 15)
                op.operation = Operation::mov_pc;
            else if (op.rm == 15)
                op.operation = Operation::mov_const;
            else if (op.rd == 13)
                op.operation = Operation::mov_sp;
            break;
        case Operation::cmp_hi:
            op.imm = pc;
            if (op.rn == 15 || op.rm == 15) op.operation = Operation::cmp_pc;
            break;
        case Operation::blx: op.imm = (address + 2) | 1; break;
        case Operation::ldr_imm:
        case Operation::str_imm:
        case Operation::ldr_sp:
        case Operation::str_sp:
        case Operation::add_sp_imm:
        case Operation::add_sp:
        case Operation::sub_sp: op.imm *= 4; break;
        case Operation::ldrh_imm:
        case Operation::strh_imm: op.imm *= 2; break;
        case Operation::push:
        case Operation::pop: {
            const bool extra = field(e, code, 'p') != 0;
            if (extra && op.operation == Operation::push) op.imm |= 1u << 14;
            if (extra && op.operation == Operation::pop) op.operation = Operation::pop_pc;
            op.rm = static_cast<std::uint8_t>(__builtin_popcount(op.imm) + (op.operation == Operation::pop_pc));
            break;
        }
        case Operation::ldm:
        case Operation::stm: op.rm = static_cast<std::uint8_t>(__builtin_popcount(op.imm)); break;
        case Operation::b_cond: {
            const std::uint32_t target = pc + sign_extend(op.imm, 8) * 2;
            op.imm = target;
            if (near_target(address, target)) {
                op.operation = static_cast<Operation>(static_cast<unsigned>(Operation::beq_near) + op.rd);
                op.imm = displacement(address, target);
            }
            break;
        }
        case Operation::b: {
            const std::uint32_t target = pc + sign_extend(op.imm, 11) * 2;
            op.imm = target;
            if (near_target(address, target)) {
                op.operation = Operation::b_near;
                op.imm = displacement(address, target);
            }
            break;
        }
        case Operation::bl: {
            const std::uint32_t target = pc + bl_offset(code);
            op.imm = target;
            if (near_target(address, target)) {
                op.operation = Operation::bl_near;
                op.imm = displacement(address, target);
            }
            break;
        }
        default: break;
    }
}

}  // namespace

Op decode(std::uint32_t address, std::uint16_t first, std::uint16_t second) {
    const Encoding* e = find_encoding(first, second);
    if (e == nullptr) return Op{nullptr, 0, 0, 0, 0, Operation::udf};
    const std::uint32_t code = is_wide(first) ? std::uint32_t{first} << 16 | second : first;
    Op op{nullptr, 0, 0, 0, 0, e->operation};
    for (std::size_t i = 0; i < e->pattern.size(); ++i) {
        const std::uint32_t bit = code >> (e->pattern.size() - 1 - i) & 1;
        const auto shift_in = [bit](std::uint8_t& r) { r = static_cast<std::uint8_t>(r << 1 | bit); };
        switch (e->pattern[i] | 0x20) {
            case 'd':
            case 't':
            case 'c': shift_in(op.rd); break;
            case 'n': shift_in(op.rn); break;
            case 'm': shift_in(op.rm); break;
            case 'i':
            case 'r':
            case 's': op.imm = op.imm << 1 | bit; break;
            default: break;
        }
    }
    specialise(op, *e, address, code);
    return op;
}

std::string_view encoding_name(std::uint16_t first, std::uint16_t second) {
    const Encoding* e = find_encoding(first, second);
    return e == nullptr ? std::string_view{"UNDEFINED"} : e->name;
}

}  // namespace rp2040
