#include "usb/jobs.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
constexpr std::uint8_t kClearFeature = 1, kToEndpoint = 2;

/// Hands the plain fields of a job, or of a transfer around its data, to a StateWriter's put or a StateReader's get.
template <class Job, class Move>
void move_job(Job& job, Move move) {
    move(job.id);
    move(job.lane);
    move(job.frames_left);
    move(job.at);
    move(job.sent);
    move(job.asking);
    move(job.outcome);
}
template <class Transfer, class Move, class Data>
void move_transfer(Transfer& t, Move move, Data data) {
    move(t.endpoint);
    move(t.setup);
    data(t.data);
    move(t.length);
    move(t.may_stall);
    move(t.outcome);
    move(t.when);
}

const UsbEndpoint* find_endpoint(std::span<const UsbInterface> interfaces, std::uint8_t address) {
    for (const UsbInterface& i : interfaces)
        for (const UsbEndpoint& e : i.endpoints)
            if (e.address == address && e.packet != 0) return &e;
    return nullptr;
}
}  // namespace

std::uint32_t UsbJobs::submit(std::vector<UsbTransfer> transfers, std::uint8_t lane, std::uint32_t frames) {
    UsbJob job;
    job.id = next_id_++;
    job.lane = lane;
    job.frames_left = frames;
    job.transfers = std::move(transfers);
    if (job.transfers.empty()) job.outcome = UsbOutcome::done;
    jobs_.push_back(std::move(job));
    return jobs_.back().id;
}

bool UsbJobs::ended(std::uint32_t id) const {
    return std::any_of(jobs_.begin(), jobs_.end(),
                       [&](const UsbJob& j) { return j.id == id && j.outcome != UsbOutcome::pending; });
}

UsbJob UsbJobs::take(std::uint32_t id) {
    const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const UsbJob& j) { return j.id == id; });
    if (found == jobs_.end()) return {};
    UsbJob job = std::move(*found);
    jobs_.erase(found);
    return job;
}

bool UsbJobs::busy() const {
    return std::any_of(jobs_.begin(), jobs_.end(), [](const UsbJob& j) { return j.outcome == UsbOutcome::pending; });
}

void UsbJobs::gone() {
    for (UsbJob& job : jobs_)
        if (job.outcome == UsbOutcome::pending) job.outcome = UsbOutcome::gone;
}

void UsbJobs::frame() {
    for (UsbJob& job : jobs_)
        if (job.outcome == UsbOutcome::pending && first_of_lane(job) && job.frames_left-- == 0) {
            job.outcome = UsbOutcome::timed_out;
            job.asking = false;
        }
}

bool UsbJobs::first_of_lane(const UsbJob& job) const {
    for (const UsbJob& other : jobs_)
        if (other.lane == job.lane && other.outcome == UsbOutcome::pending) return &other == &job;
    return false;
}

bool UsbJobs::next_request(UsbRequest& request) {
    for (UsbJob& job : jobs_) {
        if (job.outcome != UsbOutcome::pending || job.transfers[job.at].endpoint != 0 || !first_of_lane(job)) continue;
        request = {job.transfers[job.at].setup, job.transfers[job.at].data};
        job.asking = true;
        return true;
    }
    return false;
}

void UsbJobs::answered(const UsbControlPipe& pipe, Cycles when) {
    for (UsbJob& job : jobs_) {
        if (!job.asking) continue;
        job.asking = false;
        if ((pipe.request().setup[0] & 0x80) != 0) job.transfers[job.at].data = pipe.answer();
        end_transfer(job, pipe.outcome(), when);
    }
}

void UsbJobs::end_transfer(UsbJob& job, UsbOutcome outcome, Cycles when) {
    const bool goes_on =
        outcome == UsbOutcome::done || (outcome == UsbOutcome::stalled && job.transfers[job.at].may_stall);
    job.transfers[job.at].outcome = outcome;
    job.transfers[job.at].when = when;
    job.sent = 0;
    if (!goes_on) {
        job.outcome = outcome;
        return;
    }
    if (outcome == UsbOutcome::stalled && job.transfers[job.at].endpoint != 0) {
        UsbTransfer clear;
        clear.setup = UsbRequest::make(kToEndpoint, kClearFeature, 0, job.transfers[job.at].endpoint, 0).setup;
        clear.may_stall = true;
        job.transfers.insert(job.transfers.begin() + job.at + 1, std::move(clear));
    }
    if (++job.at >= job.transfers.size()) job.outcome = UsbOutcome::done;
}

bool UsbJobs::transact(UsbDevicePort& bus, unsigned address, std::span<const UsbInterface> interfaces,
                       UsbSchedule& schedule, Cycles when) {
    for (std::size_t n = 0; n < jobs_.size(); ++n) {
        UsbJob& job = jobs_[(turn_ + n) % jobs_.size()];
        if (job.outcome != UsbOutcome::pending || job.transfers[job.at].endpoint == 0 || !first_of_lane(job)) continue;
        const UsbEndpoint* endpoint = find_endpoint(interfaces, job.transfers[job.at].endpoint);
        if (endpoint == nullptr) {
            end_transfer(job, UsbOutcome::gone, when);
            continue;
        }
        if (!schedule.due(*endpoint)) continue;
        schedule.tried(*endpoint);
        if (!transact(job, bus, address, *endpoint, when)) continue;
        turn_ = static_cast<std::uint32_t>((turn_ + n + 1) % jobs_.size());
        return true;
    }
    return false;
}

bool UsbJobs::transact(UsbJob& job, UsbDevicePort& bus, unsigned address, const UsbEndpoint& endpoint, Cycles when) {
    UsbTransfer& transfer = job.transfers[job.at];
    UsbHandshake answer = UsbHandshake::none;
    bool finished = false;
    if (endpoint.in()) {
        std::vector<std::uint8_t> part;
        answer = bus.in(address, endpoint.number(), part);
        if (answer == UsbHandshake::ack) {
            transfer.data.insert(transfer.data.end(), part.begin(), part.end());
            finished = part.size() < endpoint.packet || transfer.data.size() >= transfer.length;
        }
    } else {
        const std::size_t size = std::min<std::size_t>(endpoint.packet, transfer.data.size() - job.sent);
        answer = bus.out(address, endpoint.number(), std::span(transfer.data).subspan(job.sent, size));
        if (answer == UsbHandshake::ack) {
            job.sent += static_cast<std::uint32_t>(size);
            finished = job.sent >= transfer.data.size();
        }
    }
    if (answer == UsbHandshake::stall)
        end_transfer(job, UsbOutcome::stalled, when);
    else if (finished)
        end_transfer(job, UsbOutcome::done, when);
    return answer == UsbHandshake::ack;
}

void UsbJobs::save(StateWriter& out) const {
    out.put(next_id_);
    out.put(turn_);
    out.put(static_cast<std::uint64_t>(jobs_.size()));
    const auto put = [&](const auto& value) { out.put(value); };
    for (const UsbJob& job : jobs_) {
        move_job(job, put);
        out.put(static_cast<std::uint64_t>(job.transfers.size()));
        for (const UsbTransfer& t : job.transfers) move_transfer(t, put, [&](const auto& data) { put_all(out, data); });
    }
}

void UsbJobs::restore(StateReader& in) {
    in.get(next_id_);
    in.get(turn_);
    jobs_.assign(get_count(in, 16), {});
    const auto get = [&](auto& value) { in.get(value); };
    for (UsbJob& job : jobs_) {
        move_job(job, get);
        job.transfers.assign(get_count(in, 16), {});
        for (UsbTransfer& t : job.transfers) move_transfer(t, get, [&](auto& data) { get_all(in, data); });
        if (job.outcome == UsbOutcome::pending &&
            (job.at >= job.transfers.size() || job.sent > job.transfers[job.at].data.size()))
            throw std::invalid_argument("the snapshot is damaged: a USB transfer does not exist");
    }
}

}  // namespace rp2040
