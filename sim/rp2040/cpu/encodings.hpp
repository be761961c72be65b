// The ARMv6-M instruction set as a table: Arm ARM name, bit pattern, operation.
//
// In a pattern 0 and 1 are fixed, x is ignored ("should be" bits), and each letter is a field whose bits are
// collected from the most significant down: d, n, m, t registers, i immediate, r register list, c condition,
// s special register, p the extra register of PUSH/POP. Upper and lower case are one field (Dddd: bit 3 first).
// A row may be a special case of a later row (UDF within B T1); any other overlap does not compile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rp2040 {

// Operations, each executed by the handler of the same name: op_<name> in execute_*.cpp.
// First the architecture's; then variants that the decoder chooses when it knows more (see decoder.cpp).
// clang-format off
#define RP2040_OPERATIONS(X)                                                                                  \
    X(undecoded) X(udf) X(lsl_imm) X(lsr_imm) X(asr_imm) X(add_reg) X(sub_reg) X(add_imm3) X(sub_imm3)        \
    X(mov_imm) X(cmp_imm) X(add_imm8) X(sub_imm8) X(and_reg) X(eor_reg) X(lsl_reg) X(lsr_reg) X(asr_reg)      \
    X(adc_reg) X(sbc_reg) X(ror_reg) X(tst_reg) X(rsb_imm) X(cmp_reg) X(cmn_reg) X(orr_reg) X(mul_reg)        \
    X(bic_reg) X(mvn_reg) X(add_hi) X(cmp_hi) X(mov_hi) X(bx) X(blx) X(ldr_lit) X(str_reg) X(strh_reg)        \
    X(strb_reg) X(ldrsb_reg) X(ldr_reg) X(ldrh_reg) X(ldrb_reg) X(ldrsh_reg) X(str_imm) X(ldr_imm)            \
    X(strb_imm) X(ldrb_imm) X(strh_imm) X(ldrh_imm) X(str_sp) X(ldr_sp) X(adr) X(add_sp_imm) X(add_sp)        \
    X(sub_sp) X(sxth) X(sxtb) X(uxth) X(uxtb) X(push) X(pop) X(cps) X(rev) X(rev16) X(revsh) X(bkpt) X(nop)   \
    X(wfe) X(wfi) X(sev) X(stm) X(ldm) X(b_cond) X(svc) X(b) X(bl) X(msr) X(mrs) X(barrier) X(lsl_imm0)       \
    X(mov_const) X(add_const) X(mov_sp) X(mov_pc) X(add_pc) X(pop_pc) X(cmp_pc) X(b_near) X(beq_near)         \
    X(bne_near) X(bcs_near) X(bcc_near) X(bmi_near) X(bpl_near) X(bvs_near) X(bvc_near) X(bhi_near)           \
    X(bls_near) X(bge_near) X(blt_near) X(bgt_near) X(ble_near) X(bl_near) X(poll_near) X(poll_flash)
// clang-format on

enum class Operation : std::uint8_t {
#define X(name) name,
    RP2040_OPERATIONS(X)
#undef X
        count
};

struct Encoding {
    std::string_view name;
    std::string_view pattern;
    Operation operation;
};

// ARMv6-M ARM (DDI 0419), A5.2: 16-bit Thumb encodings, in the order of its tables.
inline constexpr std::array kEncodings16 = {
    // A5.2.1 Shift (immediate), add, subtract, move, and compare
    Encoding{"LSL (immediate) T1, MOV (register) T2", "00000iiiiimmmddd", Operation::lsl_imm},
    Encoding{"LSR (immediate) T1", "00001iiiiimmmddd", Operation::lsr_imm},
    Encoding{"ASR (immediate) T1", "00010iiiiimmmddd", Operation::asr_imm},
    Encoding{"ADD (register) T1", "0001100mmmnnnddd", Operation::add_reg},
    Encoding{"SUB (register) T1", "0001101mmmnnnddd", Operation::sub_reg},
    Encoding{"ADD (immediate) T1", "0001110iiinnnddd", Operation::add_imm3},
    Encoding{"SUB (immediate) T1", "0001111iiinnnddd", Operation::sub_imm3},
    Encoding{"MOV (immediate) T1", "00100dddiiiiiiii", Operation::mov_imm},
    Encoding{"CMP (immediate) T1", "00101nnniiiiiiii", Operation::cmp_imm},
    Encoding{"ADD (immediate) T2", "00110dddiiiiiiii", Operation::add_imm8},
    Encoding{"SUB (immediate) T2", "00111dddiiiiiiii", Operation::sub_imm8},
    // A5.2.2 Data processing
    Encoding{"AND (register) T1", "0100000000mmmddd", Operation::and_reg},
    Encoding{"EOR (register) T1", "0100000001mmmddd", Operation::eor_reg},
    Encoding{"LSL (register) T1", "0100000010mmmddd", Operation::lsl_reg},
    Encoding{"LSR (register) T1", "0100000011mmmddd", Operation::lsr_reg},
    Encoding{"ASR (register) T1", "0100000100mmmddd", Operation::asr_reg},
    Encoding{"ADC (register) T1", "0100000101mmmddd", Operation::adc_reg},
    Encoding{"SBC (register) T1", "0100000110mmmddd", Operation::sbc_reg},
    Encoding{"ROR (register) T1", "0100000111mmmddd", Operation::ror_reg},
    Encoding{"TST (register) T1", "0100001000mmmnnn", Operation::tst_reg},
    Encoding{"RSB (immediate) T1", "0100001001nnnddd", Operation::rsb_imm},
    Encoding{"CMP (register) T1", "0100001010mmmnnn", Operation::cmp_reg},
    Encoding{"CMN (register) T1", "0100001011mmmnnn", Operation::cmn_reg},
    Encoding{"ORR (register) T1", "0100001100mmmddd", Operation::orr_reg},
    Encoding{"MUL T1", "0100001101mmmddd", Operation::mul_reg},
    Encoding{"BIC (register) T1", "0100001110mmmddd", Operation::bic_reg},
    Encoding{"MVN (register) T1", "0100001111mmmddd", Operation::mvn_reg},
    // A5.2.3 Special data instructions and branch and exchange
    Encoding{"ADD (register) T2, ADD (SP plus register)", "01000100Dmmmmddd", Operation::add_hi},
    Encoding{"CMP (register) T2", "01000101Nmmmmnnn", Operation::cmp_hi},
    Encoding{"MOV (register) T1", "01000110Dmmmmddd", Operation::mov_hi},
    Encoding{"BX T1", "010001110mmmmxxx", Operation::bx},
    Encoding{"BLX (register) T1", "010001111mmmmxxx", Operation::blx},
    Encoding{"LDR (literal) T1", "01001tttiiiiiiii", Operation::ldr_lit},
    // A5.2.4 Load/store single data item
    Encoding{"STR (register) T1", "0101000mmmnnnttt", Operation::str_reg},
    Encoding{"STRH (register) T1", "0101001mmmnnnttt", Operation::strh_reg},
    Encoding{"STRB (register) T1", "0101010mmmnnnttt", Operation::strb_reg},
    Encoding{"LDRSB (register) T1", "0101011mmmnnnttt", Operation::ldrsb_reg},
    Encoding{"LDR (register) T1", "0101100mmmnnnttt", Operation::ldr_reg},
    Encoding{"LDRH (register) T1", "0101101mmmnnnttt", Operation::ldrh_reg},
    Encoding{"LDRB (register) T1", "0101110mmmnnnttt", Operation::ldrb_reg},
    Encoding{"LDRSH (register) T1", "0101111mmmnnnttt", Operation::ldrsh_reg},
    Encoding{"STR (immediate) T1", "01100iiiiinnnttt", Operation::str_imm},
    Encoding{"LDR (immediate) T1", "01101iiiiinnnttt", Operation::ldr_imm},
    Encoding{"STRB (immediate) T1", "01110iiiiinnnttt", Operation::strb_imm},
    Encoding{"LDRB (immediate) T1", "01111iiiiinnnttt", Operation::ldrb_imm},
    Encoding{"STRH (immediate) T1", "10000iiiiinnnttt", Operation::strh_imm},
    Encoding{"LDRH (immediate) T1", "10001iiiiinnnttt", Operation::ldrh_imm},
    Encoding{"STR (immediate) T2", "10010tttiiiiiiii", Operation::str_sp},
    Encoding{"LDR (immediate) T2", "10011tttiiiiiiii", Operation::ldr_sp},
    Encoding{"ADR T1", "10100dddiiiiiiii", Operation::adr},
    Encoding{"ADD (SP plus immediate) T1", "10101dddiiiiiiii", Operation::add_sp_imm},
    // A5.2.5 Miscellaneous 16-bit instructions
    Encoding{"ADD (SP plus immediate) T2", "101100000iiiiiii", Operation::add_sp},
    Encoding{"SUB (SP minus immediate) T1", "101100001iiiiiii", Operation::sub_sp},
    Encoding{"SXTH T1", "1011001000mmmddd", Operation::sxth},
    Encoding{"SXTB T1", "1011001001mmmddd", Operation::sxtb},
    Encoding{"UXTH T1", "1011001010mmmddd", Operation::uxth},
    Encoding{"UXTB T1", "1011001011mmmddd", Operation::uxtb},
    Encoding{"PUSH T1", "1011010prrrrrrrr", Operation::push},
    Encoding{"CPS T1", "10110110011ixxxx", Operation::cps},
    Encoding{"REV T1", "1011101000mmmddd", Operation::rev},
    Encoding{"REV16 T1", "1011101001mmmddd", Operation::rev16},
    Encoding{"REVSH T1", "1011101011mmmddd", Operation::revsh},
    Encoding{"POP T1", "1011110prrrrrrrr", Operation::pop},
    Encoding{"BKPT T1", "10111110iiiiiiii", Operation::bkpt},
    Encoding{"WFE T1", "1011111100100000", Operation::wfe},
    Encoding{"WFI T1", "1011111100110000", Operation::wfi},
    Encoding{"SEV T1", "1011111101000000", Operation::sev},
    Encoding{"NOP T1, YIELD T1 and unallocated hints", "10111111xxxx0000", Operation::nop},
    // A5.2, loads and stores of several registers, branches
    Encoding{"STM, STMIA, STMEA T1", "11000nnnrrrrrrrr", Operation::stm},
    Encoding{"LDM, LDMIA, LDMFD T1", "11001nnnrrrrrrrr", Operation::ldm},
    Encoding{"UDF T1", "11011110iiiiiiii", Operation::udf},
    Encoding{"SVC T1", "11011111iiiiiiii", Operation::svc},
    Encoding{"B T1", "1101cccciiiiiiii", Operation::b_cond},
    Encoding{"B T2", "11100iiiiiiiiiii", Operation::b},
};

// A5.3: 32-bit Thumb encodings, first halfword first. Whatever matches no row is UNDEFINED.
inline constexpr std::array kEncodings32 = {
    Encoding{"MSR (register) T1", "11110011100xnnnn10x0xxxxssssssss", Operation::msr},
    Encoding{"DSB T1", "111100111011xxxx10x0xxxx0100xxxx", Operation::barrier},
    Encoding{"DMB T1", "111100111011xxxx10x0xxxx0101xxxx", Operation::barrier},
    Encoding{"ISB T1", "111100111011xxxx10x0xxxx0110xxxx", Operation::barrier},
    Encoding{"MRS T1", "11110011111xxxxx10x0ddddssssssss", Operation::mrs},
    Encoding{"UDF T2", "111101111111xxxx1010xxxxxxxxxxxx", Operation::udf},
    Encoding{"BL T1", "11110iiiiiiiiiii11i1iiiiiiiiiiii", Operation::bl},
};

constexpr std::uint32_t fixed_mask(const Encoding& e) {
    std::uint32_t mask = 0;
    for (char ch : e.pattern) mask = mask << 1 | (ch == '0' || ch == '1');
    return mask;
}

constexpr std::uint32_t fixed_bits(const Encoding& e) {
    std::uint32_t bits = 0;
    for (char ch : e.pattern) bits = bits << 1 | (ch == '1');
    return bits;
}

constexpr bool matches(const Encoding& e, std::uint32_t code) { return (code & fixed_mask(e)) == fixed_bits(e); }

/// Value of one field, its bits collected from the most significant down.
constexpr std::uint32_t field(const Encoding& e, std::uint32_t code, char letter) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < e.pattern.size(); ++i) {
        if ((e.pattern[i] | 0x20) != letter) continue;
        value = value << 1 | (code >> (e.pattern.size() - 1 - i) & 1);
    }
    return value;
}

template <std::size_t N>
constexpr bool unambiguous(const std::array<Encoding, N>& table, std::size_t width) {
    for (std::size_t a = 0; a < N; ++a) {
        if (table[a].pattern.size() != width) return false;
        for (std::size_t b = a + 1; b < N; ++b) {
            const std::uint32_t ma = fixed_mask(table[a]), mb = fixed_mask(table[b]);
            const bool overlap = ((fixed_bits(table[a]) ^ fixed_bits(table[b])) & ma & mb) == 0;
            const bool special_case = (ma & mb) == mb && ma != mb;
            if (overlap && !special_case) return false;
        }
    }
    return true;
}
static_assert(unambiguous(kEncodings16, 16), "two 16-bit encodings overlap, or a pattern is not 16 bits wide");
static_assert(unambiguous(kEncodings32, 32), "two 32-bit encodings overlap, or a pattern is not 32 bits wide");

}  // namespace rp2040
