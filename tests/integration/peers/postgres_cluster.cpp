#include "tests/integration/peers/postgres_cluster.h"

#include <pqxx/pqxx>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/port.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

// Debian keeps the server's programs out of PATH, in a folder of each version: the newest is taken.
std::string find_program(const std::string& name) {
    std::vector<std::filesystem::path> found;
    const std::filesystem::path versions = "/usr/lib/postgresql";
    if (std::filesystem::exists(versions)) {
        for (const auto& version : std::filesystem::directory_iterator(versions)) {
            const auto candidate = version.path() / "bin" / name;
            if (std::filesystem::exists(candidate)) found.push_back(candidate);
        }
    }
    return found.empty() ? name : std::ranges::max_element(found)->string();
}

void run_program(const TemporaryFolder& folder, const std::vector<std::string>& arguments) {
    std::vector<std::string> found = arguments;
    found[0] = find_program(arguments[0]);
    const Finished made = run({.arguments = found,
                               .environment = {},
                               .folder = folder.path(),
                               .name = arguments[0],
                               .user = unprivileged_user()},
                              60s);
    if (made.status != 0) throw std::runtime_error(arguments[0] + ": " + made.output + made.errors);
}

// initdb takes seconds: what it makes is made once, and copied.
std::filesystem::path fresh_data() {
    static const TemporaryFolder folder;
    static const bool made = [] {
        if (const auto user = unprivileged_user()) folder.give_to(*user);
        run_program(folder, {"initdb", "--pgdata", folder / "data", "--username", "postgres", "--auth", "trust",
                             "--no-sync", "--encoding", "UTF8", "--locale", "C"});
        return true;
    }();
    return made ? folder / "data" : std::filesystem::path();
}

}  // namespace

PostgresCluster::PostgresCluster(std::vector<std::string> settings) : PostgresCluster(nullptr, std::move(settings)) {}

PostgresCluster::PostgresCluster(const PostgresCluster* primary, std::vector<std::string> settings)
    : settings_(std::move(settings)), port_(free_port()) {
    if (const auto user = unprivileged_user()) folder_.give_to(*user);
    if (primary == nullptr)
        run_program(folder_, {"cp", "-a", fresh_data(), folder_ / "data"});
    else
        run_program(folder_, {"pg_basebackup", "--pgdata", folder_ / "data", "--host", "127.0.0.1", "--port",
                              std::to_string(primary->port_), "--username", "postgres", "--write-recovery-conf",
                              "--no-sync", "--checkpoint", "fast"});
    start();
}

std::unique_ptr<PostgresCluster> PostgresCluster::standby_of(const PostgresCluster& primary) {
    return std::unique_ptr<PostgresCluster>(new PostgresCluster(&primary, primary.settings_));
}

void PostgresCluster::promote() const {
    if (number("select pg_promote()::int") != 1) throw std::runtime_error("the standby cannot be promoted");
}

void PostgresCluster::swap(PostgresCluster& other) noexcept {
    settings_.swap(other.settings_);
    folder_.swap(other.folder_);
    std::swap(port_, other.port_);
    process_.swap(other.process_);
}

PostgresCluster::~PostgresCluster() {
    if (process_) stop_immediate();
}

void PostgresCluster::start() {
    std::vector<std::string> arguments = {find_program("postgres"),     "-D", folder_ / "data",    "-p",
                                          std::to_string(port_),        "-k", folder_.path(),      "-c",
                                          "listen_addresses=127.0.0.1", "-c", "fsync=off",         "-c",
                                          "shared_buffers=32MB",        "-c", "max_connections=40"};
    for (const std::string& setting : settings_) arguments.insert(arguments.end(), {"-c", setting});
    process_ = std::make_unique<Process>(Launch{.arguments = arguments,
                                                .environment = {},
                                                .folder = folder_.path(),
                                                .name = "postgres",
                                                .user = unprivileged_user(),
                                                .death_signal = SIGQUIT});
    if (!eventually(30s, [&] { return number("select 1") == 1; })) {
        throw std::runtime_error("Postgres does not start: " + process_->errors());
    }
}

void PostgresCluster::stop() { stop_with(SIGINT); }
void PostgresCluster::stop_immediate() { stop_with(SIGQUIT); }

void PostgresCluster::stop_with(int signal) {
    process_->send(signal);
    if (!process_->wait(20s)) throw std::runtime_error("Postgres does not stop");
    process_.reset();
}

Rows PostgresCluster::query(const std::string& statement, const std::string& role) const {
    pqxx::connection connection(uri(role));
    pqxx::nontransaction session(connection);
    Rows rows;
    for (const auto& row : session.exec(statement)) {
        std::vector<std::string> fields;
        for (const auto& field : row) fields.emplace_back(field.is_null() ? "" : field.c_str());
        rows.push_back(std::move(fields));
    }
    return rows;
}

long PostgresCluster::number(const std::string& statement) const {
    const Rows rows = query(statement);
    if (rows.size() != 1 || rows[0].size() != 1) throw std::runtime_error("not one number: " + statement);
    return std::stol(rows[0][0]);
}

std::string PostgresCluster::uri(const std::string& role, const std::string& password) const {
    const std::string secret = password.empty() ? "" : ":" + password;
    return "postgresql://" + role + secret + "@127.0.0.1:" + std::to_string(port_) + "/postgres";
}

}  // namespace outrigger::peers
