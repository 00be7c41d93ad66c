#include "tests/integration/peers/request_log.h"

#include <stdexcept>

#include "tests/integration/peers/eventually.h"

namespace outrigger::peers {

Counts counts_in_table(const PostgresCluster& cluster) {
    Counts counts;
    for (const auto& row : cluster.query("select endpoint, status_code, count(*) from request_log group by 1, 2")) {
        counts[{row[0], std::stoi(row[1])}] = std::stol(row[2]);
    }
    return counts;
}

Counts counts_in_scrape(const Scrape& scrape) {
    Counts counts;
    for (const Sample& sample : scrape.all("http_requests_total")) {
        counts[{sample.labels.at("route"), std::stoi(sample.labels.at("status"))}] += static_cast<long>(sample.value);
    }
    return counts;
}

std::string to_text(const Counts& counts) {
    std::string text;
    for (const auto& [key, count] : counts) {
        text += key.first + " " + std::to_string(key.second) + ": " + std::to_string(count) + "\n";
    }
    return text;
}

Balance balance(const PostgresCluster& cluster) {
    const Rows rows = cluster.query(read_whole("tools/balance.sql"));
    if (rows.size() != 1 || rows[0].size() != 7)
        throw std::runtime_error("tools/balance.sql gave no single line of 7 columns");
    const auto at = [&](std::size_t column) { return std::stol(rows[0][column]); };
    return {at(0), at(1), at(2), at(3), at(4), at(5), at(6)};
}

bool rows_reach(const PostgresCluster& cluster, long wanted, std::chrono::milliseconds deadline) {
    return eventually(deadline, [&] { return cluster.number("select count(*) from request_log") >= wanted; });
}

}  // namespace outrigger::peers
