#include "tests/bench/yardsticks/insert.h"

#include <libpq-fe.h>

#include <array>
#include <stdexcept>

#include "agent/sinks/rows/copy_row.h"

namespace outrigger::bench {
namespace {

// In the order of rows::columns: the typical request; the position comes last.
constexpr std::array<const char*, 20> row = {"2025-11-22 08:26:40.123456+00",
                                             "203.0.113.195",
                                             "/users/4711/orders?page=2",
                                             "200",
                                             "served from the cache",
                                             "shop",
                                             "prod",
                                             "1.0.3",
                                             "web-1",
                                             "GET",
                                             "/users/:id/orders",
                                             "1234",
                                             nullptr,
                                             "512",
                                             "01020304-0506-0708-090a-0b0c0d0e0f10",
                                             "17",
                                             nullptr,
                                             nullptr,
                                             "1",
                                             nullptr};

void check(PGconn* connection, PGresult* result) {
    const bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (!good) throw std::runtime_error(PQerrorMessage(connection));
}

}  // namespace

Insert::Insert(const std::string& uri) : connection_(PQconnectdb(uri.c_str()), &PQfinish) {
    std::string statement = "INSERT INTO request_log (" + std::string(rows::columns) + ") VALUES (";
    for (std::size_t i = 1; i <= row.size(); ++i) statement += (i > 1 ? ", $" : "$") + std::to_string(i);
    check(connection_.get(), PQprepare(connection_.get(), "one", (statement + ")").c_str(), 0, nullptr));
}

void Insert::one(std::uint64_t position) const {
    const std::string last = std::to_string(position);
    std::array<const char*, 20> values = row;
    values.back() = last.c_str();
    check(connection_.get(), PQexecPrepared(connection_.get(), "one", static_cast<int>(values.size()), values.data(),
                                            nullptr, nullptr, 0));
}

long Insert::backend() const { return PQbackendPID(connection_.get()); }

}  // namespace outrigger::bench
