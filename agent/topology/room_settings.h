// The settings as each room wants them. Pure. Used by topology alone.
#pragma once

#include <functional>
#include <string>

#include "agent/fold/settings.h"
#include "agent/http/door.h"
#include "agent/intake/intake.h"
#include "agent/journal/journal.h"
#include "agent/sampling/rates.h"
#include "agent/settings/settings.h"
#include "agent/sinks/rows/rows.h"
#include "agent/sinks/statsd/statsd.h"
#include "agent/sinks/traces/traces.h"

namespace outrigger::topology {

// `socket`: the path that is listened on; rings and the journal's fallback lie beside it.
fold::FoldSettings fold_settings(const settings::Settings& settings);
journal::JournalSettings journal_settings(const settings::Settings& settings, const std::string& socket);
intake::IntakeSettings intake_settings(const settings::Settings& settings, const std::string& socket,
                                       const sampling::RatesBoard& rates);
http::Address http_address(const settings::Settings& settings);
rows::RowsSettings rows_settings(const settings::Settings& settings);        // only with --postgres
statsd::StatsdSettings statsd_settings(const settings::Settings& settings);  // only with --statsd
traces::TracesSettings traces_settings(const settings::Settings& settings,   // only with --traces
                                       std::function<void(traces::RateTable)> took_rates);

}  // namespace outrigger::topology
