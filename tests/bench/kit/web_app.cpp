#include "tests/bench/kit/web_app.h"

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "app/instrument.h"
#include "app/listener.h"
#include "app/server.h"
#include "shared/emitter/emitter.h"
#include "tests/bench/kit/affinity.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/web_client.h"
#include "tests/bench/yardsticks/in_path.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/port.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;

app::Reply orders(const httplib::Request&) {
    return {.status = 200,
            .body = R"({"orders":[{"id":17,"total":42.5},{"id":18,"total":12.25}]})" + std::string(140, ' '),
            .content_type = "application/json",
            .message = "served from the cache",
            .error = {},
            .spans = {}};
}

}  // namespace

WebApp::WebApp(const std::vector<std::string>& what, std::vector<std::string> wrapper) : port_(peers::free_port()) {
    std::vector<std::string> arguments = std::move(wrapper);
    arguments.insert(arguments.end(),
                     {std::filesystem::read_symlink("/proc/self/exe"), "serve", what.at(0), std::to_string(port_)});
    arguments.insert(arguments.end(), what.begin() + 1, what.end());
    process_ = std::make_unique<peers::Process>(
        peers::Launch{.arguments = arguments, .environment = {}, .folder = folder_.path(), .name = "app"});
    const bool answers = peers::eventually(60s, [&] { return process_->running() && visit(port_, 1, 1).seconds > 0; });
    if (!answers) throw std::runtime_error("the app does not answer: " + process_->errors());
}

Values WebApp::measure(int connections, int requests_each) const {
    const double cpu = process_seconds(process_->id());
    const Visit done = visit(port_, connections, requests_each);
    const auto count = static_cast<double>(done.answered_us.size());
    const auto at = [&](double share) { return done.answered_us[static_cast<std::size_t>(share * (count - 1))]; };
    return {{"cpu_us", (process_seconds(process_->id()) - cpu) * 1e6 / count},
            {"wall_per_s", count / done.seconds},
            {"p50_us", at(0.5)},
            {"p99_us", at(0.99)}};
}

void WebApp::end() {
    process_->send(SIGTERM);
    if (!process_->wait(60s)) throw std::runtime_error("the app does not end");
}

// A signal ends it.
void WebApp::serve(const std::vector<std::string>& words) {
    keep_to_last_core();
    const app::Listener listener({"127.0.0.1", static_cast<std::uint16_t>(std::stoi(words.at(2)))});
    app::Server server;
    app::RecordRequest record;
    std::optional<Emitter> emitter;
    std::optional<InPath> in_path;
    if (words.at(1) == "record") {
        emitter.emplace(EmitterSettings{words.at(3), "shop", "prod", "1.0.3", {}});
        emitter->start();
        record = [&](const RequestEvent& event) { emitter->record(event); };
    }
    app::Instrument instrument(server.http(), record);
    instrument.get(R"(/users/\d+/orders)", orders);
    if (record) {
        server.on_arrival(&app::Instrument::arrived);
        server.on_head(&app::Instrument::head_lines);
    }
    if (words.at(1) == "in-path") in_path.emplace(server.http(), words.at(3), std::stoi(words.at(4)));
    server.start(listener.fd());
    for (;;) ::pause();
}

}  // namespace outrigger::bench
