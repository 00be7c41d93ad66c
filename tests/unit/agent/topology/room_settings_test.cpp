#include "agent/topology/room_settings.h"

#include <doctest/doctest.h>

#include "agent/settings/command_line.h"

using namespace outrigger;
using namespace std::chrono_literals;

namespace {

settings::Settings set(const std::vector<std::string>& arguments) {
    settings::Surroundings surroundings;
    surroundings.may_hold_data = [](const std::string&) { return true; };
    return settings::parse(arguments, surroundings).settings;
}

}  // namespace

TEST_CASE("the fold is told what names, how many series, which buckets and labels, and who the agent is") {
    const auto fold =
        topology::fold_settings(set({"--metric-names=flask", "--max-series=7", "--buckets=1,2", "--tag-labels=plan",
                                     "--service=shop", "--env=prod", "--version-tag=1.2"}));
    CHECK(fold.names == fold::NamingSet::flask);
    CHECK(fold.max_series == 7);
    CHECK(fold.buckets == std::vector{1.0, 2.0});
    CHECK(fold.tag_labels == std::vector<std::string>{"plan"});
    CHECK(fold.service == "shop");
    CHECK(fold.env == "prod");
    CHECK(fold.version == "1.2");
    CHECK(topology::fold_settings(set({})).names == fold::NamingSet::prometheus);
    CHECK(topology::fold_settings(set({"--metric-names=otel"})).names == fold::NamingSet::otel);
    CHECK(topology::fold_settings(set({})).buckets == fold::FoldSettings{}.buckets);
    CHECK(topology::fold_settings(set({})).max_series == fold::FoldSettings{}.max_series);
}

TEST_CASE("the journal lies in the data directory, its fallback beside the socket") {
    const auto journal = topology::journal_settings(
        set({"--data-dir=/data", "--journal-size=64MiB", "--durability=process"}), "/run/outrigger/agent.sock");
    CHECK(journal.folder == "/data/journal");
    CHECK(journal.fallback == "/run/outrigger/journal");
    CHECK(journal.size_bytes == 64U << 20);
    CHECK(journal.durability == journal::Durability::process);
    CHECK(topology::journal_settings(set({}), "/run/x").durability == journal::Durability::fsync);
}

TEST_CASE("intake is told who may connect, how many, and how old an event may be") {
    const sampling::RatesBoard rates;
    const auto intake = topology::intake_settings(
        set({"--max-connections=3", "--allow-uids=1,2", "--allow-gids=3", "--row-retention=7"}), "/run/agent.sock",
        rates);
    CHECK(intake.rings_folder == "/run/agent.sock.rings");
    CHECK(intake.max_connections == 3);
    CHECK(intake.allow_uids == std::vector<std::uint32_t>{1, 2});
    CHECK(intake.allow_gids == std::vector<std::uint32_t>{3});
    CHECK(intake.retention == 7 * 24h);
    CHECK(topology::intake_settings(set({}), "/run/agent.sock", rates).allow_uids.empty());
}

TEST_CASE("intake samples by the board's rates when there is a trace sink, and only then") {
    const sampling::RatesBoard rates;
    const auto with =
        topology::intake_settings(set({"--traces=http://dd", "--service=shop", "--env=prod"}), "/x", rates);
    CHECK(with.sampling.rates == &rates);
    CHECK(with.sampling.service == "shop");
    CHECK(with.sampling.env == "prod");
    CHECK(topology::intake_settings(set({"--traces=off"}), "/x", rates).sampling.rates == nullptr);
}

TEST_CASE("traces are told where, how old they may be, and for whom") {
    const auto http = topology::traces_settings(
        set({"--traces=http://dd:7", "--traces-max-age=3s", "--service=shop", "--env=prod", "--version-tag=1.2"}), {});
    CHECK(http.target.host == "dd");
    CHECK(http.target.port == 7);
    CHECK(http.target.path.empty());
    CHECK(http.max_age == 3s);
    CHECK(http.service == "shop");
    CHECK(http.env == "prod");
    CHECK(http.version == "1.2");
    CHECK(http.own_version == OUTRIGGER_VERSION);
    CHECK(topology::traces_settings(set({"--traces=unix:///run/apm"}), {}).target.path == "/run/apm");
}

TEST_CASE("door and rows are told where, with what, for how long and for whom") {
    const auto all = set({"--http=[::1]:7", "--postgres=host=db", "--postgres-password-file=/secret",
                          "--row-retention=7", "--service=shop", "--env=prod", "--version-tag=1.2"});
    CHECK(topology::http_address(all).host == "::1");
    CHECK(topology::http_address(all).port == 7);
    const auto rows = topology::rows_settings(all);
    CHECK(rows.postgres == "host=db");
    CHECK(rows.password_file == "/secret");
    CHECK(rows.retention == std::chrono::days(7));
    CHECK(rows.service == "shop");
    CHECK(rows.env == "prod");
    CHECK(rows.version == "1.2");
}
