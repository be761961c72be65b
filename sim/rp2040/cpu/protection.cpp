// What the MPU lets an instruction do. While it is enabled instructions are executed one by one, so that each passes
// here first; while it is not, nothing does.
#include <algorithm>

#include "cpu/cpu.hpp"

namespace rp2040 {

bool Cpu::may_access(std::uint32_t address, std::uint32_t bytes, AccessType type, bool privileged) const {
    const Mpu& mpu = system_.mpu();
    if (!mpu.enabled()) return true;
    if (!mpu.checks_handlers() && beyond_hard_fault()) return true;
    return mpu.permits(address, bytes, type, privileged);
}

/// The fetch and the data accesses of one instruction; false: a HardFault was taken.
bool Cpu::may_execute(const Op* at) {
    const std::uint32_t address = address_of(at);
    if (!may_access(address, is_wide(at->operation) ? 4 : 2, AccessType::fetch, privileged())) {
        hard_fault(FaultCause::execute_never);
        return false;
    }
    const auto data = access_of(*this, at);
    // What is not aligned or belongs to the system faults for that reason.
    if (!data || refused(data->address, std::min(data->bytes, 4u)) != FaultCause::no_memory) return true;
    if (may_access(data->address, data->bytes, data->write ? AccessType::write : AccessType::read, privileged()))
        return true;
    hard_fault(FaultCause::protection, data->address, data->write);
    return false;
}

}  // namespace rp2040
