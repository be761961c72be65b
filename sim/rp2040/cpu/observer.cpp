#include "cpu/observer.hpp"

#include <algorithm>

#include "cpu/cpu.hpp"

namespace rp2040 {

std::optional<DataAccess> access_of(const Cpu& cpu, const Op* op) {
    const auto& r = cpu.r;
    const auto one = [&](std::uint32_t address, std::uint32_t bytes, bool write) {
        return DataAccess{0, 0, address, bytes, write ? r[op->rd] : 0, write, true};
    };
    const auto list = [&](std::uint32_t address, bool write) {
        return DataAccess{0, 0, address, op->rm * 4u, 0, write, false};
    };
    const std::uint32_t by_register = r[op->rn] + r[op->rm], by_offset = r[op->rn] + op->imm;
    switch (op->operation) {
        case Operation::ldr_lit: return one(op->imm, 4, false);
        case Operation::str_reg: return one(by_register, 4, true);
        case Operation::strh_reg: return one(by_register, 2, true);
        case Operation::strb_reg: return one(by_register, 1, true);
        case Operation::ldr_reg: return one(by_register, 4, false);
        case Operation::ldrh_reg:
        case Operation::ldrsh_reg: return one(by_register, 2, false);
        case Operation::ldrb_reg:
        case Operation::ldrsb_reg: return one(by_register, 1, false);
        case Operation::str_imm: return one(by_offset, 4, true);
        case Operation::strh_imm: return one(by_offset, 2, true);
        case Operation::strb_imm: return one(by_offset, 1, true);
        case Operation::ldr_imm: return one(by_offset, 4, false);
        case Operation::ldrh_imm: return one(by_offset, 2, false);
        case Operation::ldrb_imm: return one(by_offset, 1, false);
        case Operation::str_sp: return one(r[13] + op->imm, 4, true);
        case Operation::ldr_sp: return one(r[13] + op->imm, 4, false);
        case Operation::push: return list(r[13] - op->rm * 4u, true);
        case Operation::pop:
        case Operation::pop_pc: return list(r[13], false);
        case Operation::stm: return list(r[op->rn], true);
        case Operation::ldm: return list(r[op->rn], false);
        default: return std::nullopt;
    }
}

namespace {

bool matches(const Watchpoint& w, const DataAccess& access) {
    if (access.write ? !w.write : !w.read) return false;
    return access.address - w.address < w.bytes || w.address - access.address < access.bytes;
}

}  // namespace

void Observer::add_watchpoint(const Watchpoint& watchpoint) {
    watchpoints_.push_back(watchpoint);
    update();
}

void Observer::remove_watchpoint(const Watchpoint& watchpoint) {
    const auto found = std::find(watchpoints_.begin(), watchpoints_.end(), watchpoint);
    if (found != watchpoints_.end()) watchpoints_.erase(found);
    update();
}

void Observer::record(std::size_t depth) {
    instructions_.set_capacity(depth);
    accesses_.set_capacity(depth);
    recording_ = depth != 0;
    update();
}

void Observer::step(unsigned depth) {
    stepping_ = true;
    step_depth_ = depth;
    update();
}

void Observer::end_step() {
    stepping_ = false;
    update();
}

void Observer::before(const Cpu& cpu, const Op* op, unsigned depth) {
    current_ = {cpu.cycles, cpu.address_of(op), depth};
    completes_step_ = stepping_ && depth <= step_depth_;
    destination_ = op->rd;
    access_ = access_of(cpu, op);
    hit_.reset();
}

bool Observer::after(const Cpu& cpu, bool faulted) {
    instructions_.push(current_);
    if (!access_) return completes_step_;
    access_->when = current_.when;
    access_->pc = current_.pc;
    if (faulted)
        access_->has_value = access_->write && access_->has_value;
    else if (!access_->write && access_->has_value)
        access_->value = cpu.r[destination_];
    accesses_.push(*access_);
    if (memory_ != nullptr && !faulted) {
        if (access_->write)
            memory_->write(access_->address, access_->bytes);
        else
            memory_->read({cpu.core(), access_->pc, access_->address, access_->bytes, access_->when});
    }
    if (!faulted && std::any_of(watchpoints_.begin(), watchpoints_.end(),
                                [this](const Watchpoint& w) { return matches(w, *access_); }))
        hit_ = access_;
    return completes_step_;
}

}  // namespace rp2040
