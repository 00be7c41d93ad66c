// A request series by its label values, not rendered: the bytes that the series table hashes and the checkpoint keeps.
// Absent tags are left out, so that a label set is the same series whatever the tag labels of the day are. Pure.
//
//   u16 status · u8 method length · u8 tag count · u16 service length · u16 route length · method · service · route ·
//   then each tag, by label name: u8 name length · u16 value length · name · value      (in the machine's byte order,
//   written to disk as it is: a checkpoint does not travel between machines)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/fold/settings.h"

namespace outrigger::fold {

struct SeriesId {
    std::uint16_t status = 0;
    std::string_view method, service, route;
};

// Writes keys into one buffer, again and again. Texts longer than their length field are cut; none is (limits.h).
class SeriesKeyWriter {
  public:
    SeriesKeyWriter() { bytes_.reserve(1024); }
    void begin(const SeriesId& id);
    void add_tag(std::string_view label_name, std::string_view value);  // in order of name
    std::string_view key() const { return bytes_; }

  private:
    std::string bytes_;
};

struct SeriesKey {
    SeriesId id;
    std::vector<std::pair<std::string_view, std::string_view>> tags;
};
std::optional<SeriesKey> parse_series_key(std::string_view key);

// The label text of the histogram (`with_route`), or of a count family without it.
std::string render_labels(const SeriesKey& key, NamingSet names, bool with_route);

}  // namespace outrigger::fold
