#include "agent/topology/room_settings.h"

#include <cstdlib>
#include <filesystem>

#include "shared/runtime_folder.h"

namespace outrigger::topology {

fold::FoldSettings fold_settings(const settings::Settings& settings) {
    fold::FoldSettings out;
    out.names = static_cast<fold::NamingSet>(settings.metric_names);
    out.max_series = settings.max_series;
    out.buckets = settings.buckets;
    out.tag_labels = settings.tag_labels;
    out.service = settings.service;
    out.env = settings.env;
    out.version = settings.version;
    return out;
}

journal::JournalSettings journal_settings(const settings::Settings& settings, const std::string& socket) {
    journal::JournalSettings out;
    out.folder = std::filesystem::path(settings.data_dir) / "journal";
    out.fallback = std::filesystem::path(socket).parent_path() / "journal";
    out.size_bytes = settings.journal_size_bytes;
    out.durability = static_cast<journal::Durability>(settings.durability);
    return out;
}

intake::IntakeSettings intake_settings(const settings::Settings& settings, const std::string& socket,
                                       const sampling::RatesBoard& rates) {
    intake::IntakeSettings out;
    out.rings_folder = rings_folder(socket);
    out.max_connections = settings.max_connections;
    if (settings.allow_uids) out.allow_uids = *settings.allow_uids;
    if (settings.allow_gids) out.allow_gids = *settings.allow_gids;
    out.retention = settings.row_retention;
    out.sampling = {settings.traces ? &rates : nullptr, settings.service, settings.env};
    return out;
}

http::Address http_address(const settings::Settings& settings) { return {settings.http_host, settings.http_port}; }

rows::RowsSettings rows_settings(const settings::Settings& settings) {
    return {*settings.postgres, settings.postgres_password_file, settings.row_retention, settings.service, settings.env,
            settings.version};
}

traces::TracesSettings traces_settings(const settings::Settings& settings,
                                       std::function<void(traces::RateTable)> took_rates) {
    traces::TracesSettings out;
    if (const auto* local = std::get_if<settings::UnixTarget>(&*settings.traces)) {
        out.target.path = local->path;
    } else {
        const auto& http = std::get<settings::HttpTarget>(*settings.traces);
        out.target = {http.host, http.port, {}};
    }
    out.max_age = settings.traces_max_age;
    out.service = settings.service;
    out.env = settings.env;
    out.version = settings.version;
    out.own_version = OUTRIGGER_VERSION;
    const char* external_env = std::getenv("DD_EXTERNAL_ENV");  // of this pod: no setting that anybody makes
    out.origin = traces::find_origin(external_env == nullptr ? "" : external_env);
    out.took_rates = std::move(took_rates);
    return out;
}

statsd::StatsdSettings statsd_settings(const settings::Settings& settings) {
    statsd::StatsdSettings out;
    if (const auto* local = std::get_if<settings::UnixTarget>(&*settings.statsd)) {
        out.target.unix_path = local->path;
    } else {
        const auto& udp = std::get<settings::UdpTarget>(*settings.statsd);
        out.target.host = udp.host;
        out.target.port = udp.port;
    }
    out.naming.plain = settings.statsd_dialect == settings::StatsdDialect::plain;
    out.naming.count = settings.statsd_names.count;
    out.naming.latency = settings.statsd_names.latency;
    return out;
}

}  // namespace outrigger::topology
