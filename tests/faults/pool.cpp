#include "tests/faults/pool.h"

#include <libpq-fe.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/port.h"

namespace outrigger::faults {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Pool::Pool(const peers::PostgresCluster& cluster) : port_(peers::free_port()) {
    if (const auto user = peers::unprivileged_user()) folder_.give_to(*user);
    // Who runs it may not be able to reach our build folder.
    fs::copy(peers::fetched("usr/sbin/pgbouncer"), folder_ / "pgbouncer");
    for (const auto& file : fs::recursive_directory_iterator(peers::fetched("usr/lib")))
        for (const char* name : {"libcares.so.2", "libevent-2.1.so.7"})
            if (file.path().filename() == name) fs::copy(file.path(), folder_ / name);
    std::ofstream(folder_ / "users") << "\"postgres\" \"hunter2\"\n";
    std::ofstream(folder_ / "pgbouncer.ini")
        << "[databases]\npostgres = host=127.0.0.1 port=" << cluster.port()
        << "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_
        << "\nunix_socket_dir =\nauth_type = trust\n"
        << "auth_file = " << (folder_ / "users").string()
        << "\nadmin_users = postgres\npool_mode = transaction\nserver_lifetime = 3\nserver_login_retry = 1\n";
    start();
}

void Pool::start() {
    process_ =
        std::make_unique<peers::Process>(peers::Launch{.arguments = {folder_ / "pgbouncer", folder_ / "pgbouncer.ini"},
                                                       .environment = {{"LD_LIBRARY_PATH", folder_.path()}},
                                                       .folder = folder_.path(),
                                                       .name = "pool",
                                                       .user = peers::unprivileged_user()});
    if (!peers::eventually(10s, [&] { return command("SHOW VERSION"); }))
        throw std::runtime_error("pgbouncer does not start: " + process_->errors() + process_->output());
}

void Pool::restart() {
    process_->send(SIGKILL);
    process_->wait(5s);
    start();
}

std::string Pool::uri() const {
    return "postgresql://postgres:hunter2@127.0.0.1:" + std::to_string(port_) + "/postgres";
}

bool Pool::command(const std::string& words) const {
    const std::string console =
        "host=127.0.0.1 user=postgres dbname=pgbouncer connect_timeout=5 port=" + std::to_string(port_);
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(console.c_str()), &PQfinish);
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), words.c_str()), &PQclear);
    const auto status = PQresultStatus(result.get());
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

std::string Pool::unavailable() {
    return fs::exists(peers::fetched("usr/sbin/pgbouncer")) ? "" : "pgbouncer is not in build/peers";
}

}  // namespace outrigger::faults
