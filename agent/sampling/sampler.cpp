#include "agent/sampling/sampler.h"

#include <bit>
#include <cstring>

namespace outrigger::sampling {

namespace {

// Only for the table of routes, where two that fall together cost a wrong threshold and nothing else.
std::uint64_t hash(std::string_view text, std::uint64_t state) {
    const auto mix = [&state](std::uint64_t word) {
        state = (state ^ word) * 0x9E3779B97F4A7C15U;
        state ^= state >> 29;
    };
    std::uint64_t word = 0;
    for (; text.size() >= sizeof word; text.remove_prefix(sizeof word)) {
        std::memcpy(&word, text.data(), sizeof word);
        mix(word);
    }
    word = text.size() << 56;
    if (!text.empty()) std::memcpy(&word, text.data(), text.size());
    mix(word);
    return state;
}

// As low_half(), which is not made for the hot road.
std::uint64_t low_half_of(const TraceId& id) {
    std::uint64_t low = 0;
    std::memcpy(&low, id.data() + sizeof low, sizeof low);
    return std::endian::native == std::endian::little ? std::byteswap(low) : low;
}

}  // namespace

Sampler::Sampler(SamplerSettings settings) : settings_(std::move(settings)) {
    if (settings_.rates != nullptr) slow_ = std::make_unique<SlowRoutes>();
}

void Sampler::set_now(std::int64_t now_us) {
    now_us_ = now_us;
    if (settings_.rates == nullptr || settings_.rates->version() == version_) return;
    version_ = settings_.rates->version();  // before the rates: at worst they are fetched once more
    rates_ = settings_.rates->rates();
}

void Sampler::work_out(std::string_view service, std::string_view env, Origin& origin) const {
    if (service.empty()) service = settings_.service;
    if (env.empty()) env = settings_.env;
    origin = {version_, hash(service, 0), rates_ ? rates_->of(service, env) : Rate{}};
}

Decision Sampler::decide(const Candidate& request, std::string_view service, std::string_view env, Origin& origin) {
    if (slow_ == nullptr) return sampling::decide(request.priority);
    if (origin.version != version_) work_out(service, env, origin);
    const bool slow = slow_->see(hash(request.route, origin.hash), request.duration_us, now_us_);
    if (request.priority) return sampling::decide(request.priority);
    std::uint64_t id = low_half_of(request.trace_id);
    if (id == 0) id = ids_.next();  // it gets one from the trace sink, by its position; it has none yet
    return sampling::decide(std::nullopt, slow || request.failed, budget_, now_us_, id, origin.rate);
}

}  // namespace outrigger::sampling
