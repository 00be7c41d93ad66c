// Decides for each request as it comes in, from what intake knows by then: the rates on the board, what its route was
// like a moment ago, what is left of the second's budget. Intake's thread alone; nothing here waits or allocates but
// when rates are new.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/sampling/decision.h"
#include "agent/sampling/rates.h"
#include "agent/sampling/slow_routes.h"
#include "shared/event.h"
#include "shared/record.h"
#include "shared/trace_ids.h"

namespace outrigger::sampling {

// What is worked out once for each emitter and version of the rates; kept beside the emitter.
struct Origin {
    std::uint64_t version = 0;  // of the rates; 0: not yet
    std::uint64_t hash = 0;     // of the service
    Rate rate;
};

// What of a request the decision is about.
struct Candidate {
    explicit Candidate(const RequestView& request)
        : trace_id(request.trace_id),
          route(request.route),
          duration_us(request.duration_us),
          priority(request.priority),
          failed(request.status >= 500 || !request.error.empty()) {}
    explicit Candidate(const RequestEvent& request)
        : trace_id(request.trace_id),
          route(request.route),
          duration_us(request.duration_us),
          priority(request.priority),
          failed(request.status >= 500 || !request.error.empty()) {}

    TraceId trace_id;  // all zero: none
    std::string_view route;
    std::int64_t duration_us;
    std::optional<std::int8_t> priority;  // the caller's
    bool failed;
};

struct SamplerSettings {
    const RatesBoard* rates = nullptr;  // null: there is no trace sink. Outlives the sampler
    std::string service, env;           // the agent's own, for events that bring none
};

class Sampler {
  public:
    explicit Sampler(SamplerSettings settings);

    // Looks at the board; once for many requests.
    void set_now(std::int64_t now_us);
    Decision decide(const Candidate& request, std::string_view service, std::string_view env, Origin& origin);
    // Of a request whose sender did not say who it is.
    Decision decide(const Candidate& request) { return decide(request, {}, {}, own_); }

  private:
    void work_out(std::string_view service, std::string_view env, Origin& origin) const;

    const SamplerSettings settings_;
    std::unique_ptr<SlowRoutes> slow_;  // null without a trace sink
    std::shared_ptr<const Rates> rates_;
    std::uint64_t version_ = 0;
    Budget budget_;
    IdSource ids_;
    std::int64_t now_us_ = 0;
    Origin own_;
};

}  // namespace outrigger::sampling
