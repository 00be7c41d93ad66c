#include "agent/sinks/rows/report.h"

namespace outrigger::rows {

void Report::up() {
    asked_.clear();
    said_hold_ = false;
    if (const auto news = breaker_.came_back()) say(*news);
    push();
}

void Report::down(const DatabaseError& error, const std::string& statements, std::int64_t since_us) {
    const std::string why = error.what + (error.sqlstate.empty() ? "" : " (" + error.sqlstate + ")");
    const std::string request = asked(error, statements);
    const bool first_hold = error.trouble == Trouble::hold && !said_hold_;
    said_hold_ = said_hold_ || first_hold;
    if (const auto news = breaker_.went_down(why))
        say(*news + request);
    else if (first_hold || !request.empty())
        say(why + request);
    pending_since(since_us);
    push();
}

// Once, until it is up again.
std::string Report::asked(const DatabaseError& error, const std::string& statements) {
    if (!error.for_administrator || statements.empty() || statements == asked_) return {};
    asked_ = statements;
    return "; please run: " + statements;
}

void Report::pending_since(std::int64_t at_us) {
    if (oldest_pending_us_ == 0) oldest_pending_us_ = at_us;
}

void Report::nothing_pending(std::int64_t now_us) { progress(now_us, 0); }

void Report::progress(std::int64_t now_us, std::int64_t oldest_us) {
    progress_us_ = now_us;
    oldest_pending_us_ = oldest_us;
}

void Report::expired() { expiry_error_.clear(); }

void Report::not_expired(const DatabaseError& error, const std::string& statements) {
    if (error.what != expiry_error_) say("retention: " + error.what + asked(error, statements));
    expiry_error_ = error.what;
}

void Report::push() {
    tally_.push(books::Health{breaker_.up(), breaker_.last_error(), progress_us_, oldest_pending_us_});
}

}  // namespace outrigger::rows
