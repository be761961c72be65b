#include "base/register_names.hpp"

#include <algorithm>

#include "regs/table.hpp"

namespace rp2040 {

std::string register_name(std::string_view block, std::uint32_t offset) {
    for (const regs::Block* candidate : regs::kBlocks) {
        const auto& names = candidate->instances;
        if (std::find(names.begin(), names.end(), block) == names.end()) continue;
        const regs::Register* reg = candidate->find(offset);
        if (reg == nullptr) return {};
        std::string name(reg->name);
        if (const std::size_t mark = name.find('%'); mark != std::string::npos)
            name.replace(mark, 1, std::to_string(reg->first + reg->index(offset)));
        return name;
    }
    return {};
}

}  // namespace rp2040
