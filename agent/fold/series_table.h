// The request series: label set -> numbers. Values lie in one array, row by row, apart from keys and rendered labels,
// which never move, so that a scrape copies the one and borrows the other. The writer's thread, under the fold's lock.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/fold/buckets.h"
#include "agent/fold/byte_arena.h"
#include "agent/fold/exemplars.h"
#include "agent/fold/key_table.h"
#include "agent/fold/offenders.h"
#include "agent/fold/series_guard.h"
#include "agent/fold/series_key.h"
#include "agent/fold/settings.h"
#include "agent/fold/snapshot.h"
#include "shared/record.h"

namespace outrigger::fold {

class SeriesTable {
  public:
    SeriesTable(const FoldSettings& settings, SeriesGuard& guard, Offenders& offenders);

    // Finds the series of a request or makes it; beyond the cap that is one of the __other__ series.
    std::uint32_t series_of(std::string_view service, const RequestView& request);
    void observe(std::uint32_t series, std::uint64_t duration_us, bool failed);
    void set_exemplar(std::uint32_t series, std::uint64_t duration_us, const TraceId& trace_id, std::int64_t at_us);

    std::size_t size() const { return keys_.size(); }
    std::string_view key(std::uint32_t series) const { return keys_.key(series); }  // never moves
    std::size_t exemplars() const { return exemplars_.all().size(); }
    std::vector<Overflow> overflow() const;  // by label: events whose own value of it was folded away

    // Copies values; labels are borrowed. `out` may bring memory enough, so that nothing is allocated here.
    void copy_to(RequestSeries& out, bool with_exemplars) const;
    // Before the first event. With other buckets only counts and exceptions are taken.
    void restore(const RequestSeries& from, const std::vector<Overflow>& overflow, bool same_buckets);

  private:
    struct TagLabel {
        std::string tag_key;
        std::string label_name;
        std::uint64_t overflow = 0;
    };
    std::string_view write_key(std::string_view service, const RequestView& request);
    std::uint32_t overflow_series(std::string_view service, const RequestView& request);
    std::string_view write_other_key(const RequestView& request, std::string_view method);
    void count_overflow(std::string_view service, const RequestView& request);
    std::uint32_t add(std::string_view key);
    std::uint32_t group_of(const SeriesKey& key);

    NamingSet names_;
    Buckets buckets_;
    std::vector<TagLabel> tag_labels_;  // by label name
    std::vector<std::string_view> tag_values_;
    SeriesGuard& guard_;
    Offenders& offenders_;
    SeriesKeyWriter writer_;
    ByteArena arena_;
    KeyTable keys_;
    KeyTable groups_;
    std::vector<std::unique_ptr<SeriesLabels[]>> labels_;
    std::vector<std::uint64_t> values_;
    Exemplars exemplars_;
    std::uint64_t service_overflow_ = 0;
    std::uint64_t route_overflow_ = 0;
    std::vector<Overflow> old_overflow_;  // of tag labels that are none any more
};

}  // namespace outrigger::fold
