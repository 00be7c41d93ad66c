// Any request as a tuple of binary COPY: it reads back field by field, byte for byte, and nothing is left over.
#include "agent/sinks/rows/copy_row.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "shared/methods.h"
#include "tests/fuzz/kit/any_event.h"
#include "tests/fuzz/kit/target.h"

using namespace outrigger;
using fuzz::expect;

namespace {

// A tuple as Postgres reads it: big-endian, each field behind its length.
class Tuple {
  public:
    explicit Tuple(std::string_view bytes) : left_(bytes) { fields_ = static_cast<std::size_t>(integer(take(2))); }

    std::size_t fields() const { return fields_; }
    bool at_end() const { return left_.empty(); }
    std::optional<std::string_view> next() {
        const std::int64_t length = integer(take(4));
        if (length == -1) return std::nullopt;
        expect(length >= 0, "a length is one");
        return take(static_cast<std::size_t>(length));
    }
    std::optional<std::int64_t> next_integer(std::size_t bytes) {
        const auto field = next();
        if (!field) return std::nullopt;
        expect(field->size() == bytes, "an integer has its column's size");
        return integer(*field);
    }

  private:
    std::string_view take(std::size_t bytes) {
        expect(bytes <= left_.size(), "a field is whole");
        const std::string_view taken = left_.substr(0, bytes);
        left_.remove_prefix(bytes);
        return taken;
    }
    static std::int64_t integer(std::string_view bytes) {
        std::uint64_t value = static_cast<unsigned char>(bytes[0]) >= 0x80 ? ~std::uint64_t{0} : 0;
        for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
        return static_cast<std::int64_t>(value);
    }

    std::string_view left_;
    std::size_t fields_ = 0;
};

std::optional<std::string_view> or_null(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

void check_client(const std::optional<std::string_view>& field, const std::uint8_t* client) {
    if (client == nullptr) return expect(!field, "no address is NULL");
    expect(field && field->size() >= 8, "an address is there");
    const bool ipv4 = (*field)[0] == 2;
    expect(static_cast<std::size_t>((*field)[3]) == (ipv4 ? 4U : 16U) && field->size() == (ipv4 ? 8U : 20U),
           "an address has its family's length");
    const auto bytes = field->substr(4);
    expect(std::ranges::equal(bytes, std::span(client + (ipv4 ? 12 : 0), bytes.size()),
                              [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }),
           "the address comes back");
}

void check_tags(const std::optional<std::string_view>& field, const TagList& tags) {
    if (tags.size() == 0) return expect(!field, "no tags are NULL");
    expect(field && field->starts_with('\1'), "jsonb has its version");
    const auto object = nlohmann::json::parse(field->substr(1));
    std::map<std::string, std::string> last;  // of a key that comes twice, Postgres keeps the last
    for (const Tag tag : tags) last[std::string(tag.key)] = std::string(tag.value);
    expect(object == nlohmann::json(last), "tags come back");
}

}  // namespace

FUZZ_TARGET(copy_row) {
    fuzz::Source source(input);
    auto kept = fuzz::next_request(source);
    if (!kept) return;
    kept->position = 42;
    const auto view = RequestView::parse(kept->record);
    expect(view.has_value(), "an encoded event can be read");
    const Identity who = kept->identity.value_or(Identity{});
    const auto first_of = [](std::string_view own, std::string_view fallback) { return own.empty() ? fallback : own; };

    std::vector<char> out{'x'};
    const auto start = rows::append_row(out, kept->entry(), {7, "own", "test", "1"});
    expect(start.has_value() && out[0] == 'x', "a row is appended");
    Tuple row(std::string_view(out.data() + 1, out.size() - 1));
    expect(row.fields() == 20, "a field for each column");
    expect(row.next_integer(8) == *start - 946'684'800'000'000, "the time comes back");
    check_client(row.next(), view->client);
    expect(row.next() == view->path, "the path comes back");
    expect(row.next_integer(2) == view->status, "the status comes back");
    expect(row.next() == or_null(view->message), "the message comes back");
    expect(row.next() == first_of(who.service, "own"), "the service comes back");
    expect(row.next() == first_of(who.env, "test"), "the env comes back");
    expect(row.next() == first_of(who.version, "1"), "the version comes back");
    expect(row.next() == or_null(who.host), "the host comes back");
    expect(row.next() == method_name(view->method_index), "the method comes back");
    expect(row.next() == view->route, "the route comes back");
    expect(row.next_integer(8) == view->duration_us, "the duration comes back");
    expect(row.next_integer(8) == view->request_bytes, "the request's bytes come back");
    expect(row.next_integer(8) == view->response_bytes, "the response's bytes come back");
    const auto trace = row.next();
    expect(trace.has_value() == (view->trace_id != TraceId{}), "the trace is there when it was");
    if (trace)
        expect(std::ranges::equal(*trace, view->trace_id, {}, [](char c) { return static_cast<std::uint8_t>(c); }),
               "the trace comes back");
    expect(row.next_integer(8).value_or(0) == static_cast<std::int64_t>(view->span_id), "the span comes back");
    expect(row.next() == or_null(view->error.type), "the error comes back");
    check_tags(row.next(), view->tags);
    expect(row.next_integer(4) == 7 && row.next_integer(8) == 42, "agent and position come back");
    expect(row.at_end(), "nothing is left over");
}
