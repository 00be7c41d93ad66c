// The tables in Postgres and their partitions by day (UTC), made by us when our role may, else by functions that
// somebody with more rights made for us; else it is said which statements to run. Used by the rows worker's thread.
#pragma once

#include <chrono>
#include <expected>
#include <set>
#include <string>

#include "agent/sinks/rows/schema_sql.h"
#include "agent/sinks/rows/session.h"

namespace outrigger::rows {

class Schema {
  public:
    // Looks at what is there, and makes the tables when they are missing. `statements`: what somebody with more rights
    // would have to run for this role.
    static std::expected<Schema, DatabaseError> open(Session& session, std::string& statements);

    // Makes the partitions of these days, and of today and the next three; quick when they are known to be there.
    std::expected<void, DatabaseError> ensure_partitions(Session& session, const std::set<Day>& days, Day today);
    // Postgres said that one is missing.
    void forget_partitions() { known_.clear(); }
    // Drops the partitions of days more than `days` ago, counting what they held, and folds in old drops and dead
    // letters.
    std::expected<void, DatabaseError> expire(Session& session, std::chrono::days days);

    static constexpr std::chrono::days ahead{3};

  private:
    enum class Way : std::uint8_t { ours, function, none };

    std::expected<void, DatabaseError> ensure_partition(Session& session, Day day);

    Way partition_way_ = Way::none, expire_way_ = Way::none;
    std::set<Day> known_;
};

}  // namespace outrigger::rows
