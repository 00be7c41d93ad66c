// Rows that Postgres will never take: found one by one, offered beside a row that is known to be good, and kept in
// outrigger_dead_letter. Used within store()'s transaction, on the rows worker's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/sinks/rows/batch.h"
#include "agent/sinks/rows/session.h"

namespace outrigger::rows {

// More than half of a hundred rows in a row refused: that is the schema, not the rows. Counts over batches; a batch
// that was not committed is forgotten by taking the copy from before it.
class RefusalWatch {
  public:
    static constexpr unsigned window = 100;

    void accepted(std::size_t rows);
    void refused();
    bool too_many() const { return too_many_; }

  private:
    void count(std::size_t rows, bool was_refused);
    std::size_t offered_ = 0, refused_ = 0;
    bool too_many_ = false;
};

// What the journal holds of one request, for the dead letter.
struct LostEvent {
    std::string json;    // an object
    std::string base64;  // of its record
};

struct DeadLetterSource {
    std::function<std::optional<LostEvent>(std::uint64_t position)> event;  // none: the journal cannot read it now
    std::vector<char> good;  // a tuple known to be good; its position is 0
};

// Stores what can be stored of the batch's rows and makes dead letters of the rest, each behind a savepoint. Returns
// how many. The ledger has been advanced already.
std::expected<std::size_t, DatabaseError> store_apart(Session& session, std::int32_t agent, const Batch& batch,
                                                      RefusalWatch& watch, const DeadLetterSource& source);

}  // namespace outrigger::rows
