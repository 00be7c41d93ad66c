#include "agent/sinks/rows/batch.h"

#include <nlohmann/json.hpp>

#include "shared/ip_address.h"
#include "shared/methods.h"
#include "shared/trace_ids.h"

namespace outrigger::rows {

namespace {

std::string to_base64(Bytes bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8 | (i + j < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j) out += i + j <= bytes.size() ? digits[group >> (18 - 6 * j) & 63] : '=';
    }
    return out;
}

void take_request(Batch& batch, const journal::Entry& entry, const RowContext& context,
                  const std::map<std::uint64_t, Poison>& poison) {
    if (const auto refused = poison.find(entry.position); refused != poison.end()) {
        batch.dead.push_back({entry.position, refused->second, to_json(entry, context), to_base64(entry.payload)});
        return;
    }
    const std::size_t offset = batch.copy.size();
    const auto view = RequestView::parse(entry.payload);
    if (!view || !append_row(batch.copy, entry, context)) {
        batch.losses.push_back({entry.position, entry.position, 1, journal::LossReason::damaged});
        return;
    }
    batch.rows.push_back({entry.position, offset, batch.copy.size() - offset});
    batch.days.insert(day_of(start_of(entry.envelope, *view)));
    if (batch.oldest_us == 0) batch.oldest_us = entry.envelope.arrival_us;
}

}  // namespace

void Batch::clear() {
    copy.clear();
    rows.clear();
    days.clear();
    losses.clear();
    dead.clear();
    append_header(copy);
    oldest_us = 0;
    at_end = must_retry = false;
}

std::uint64_t Batch::lost() const {
    std::uint64_t sum = 0;
    for (const Loss& loss : losses) sum += loss.events;
    return sum;
}

void fill(Batch& batch, journal::Reader& reader, const RowContext& context,
          const std::map<std::uint64_t, Poison>& poison, std::size_t row_limit) {
    batch.at_end = batch.must_retry = false;
    while (!batch.full(row_limit) && !batch.at_end && !batch.must_retry) {
        const journal::Step& step = reader.next();
        switch (step.what) {
            case journal::Step::What::entry:
                if (step.entry.envelope.kind == journal::Kind::request)
                    take_request(batch, step.entry, context, poison);
                break;
            case journal::Step::What::lost:
                batch.losses.push_back({step.first, step.last, journal::requests(step.counts), step.reason});
                break;
            case journal::Step::What::end:
                batch.at_end = true;
                break;
            case journal::Step::What::retry:
                batch.must_retry = true;
                break;
        }
    }
    batch.to = reader.position();
    batch.requests = journal::requests(reader.counts());
}

std::string to_json(const journal::Entry& entry, const RowContext& context) {
    const auto view = RequestView::parse(entry.payload);
    if (!view) return "{}";
    const auto or_own = [](const std::string* text, std::string_view own) {
        return text == nullptr || text->empty() ? std::string(own) : *text;
    };
    const Identity* who = entry.identity;
    nlohmann::ordered_json event{
        {"start_us", start_of(entry.envelope, *view)},
        {"service", or_own(who == nullptr ? nullptr : &who->service, context.service)},
        {"method", method_name(view->method_index)},
        {"route", view->route},
        {"path", view->path},
        {"status", view->status},
        {"duration_us", view->duration_us},
        {"message", view->message},
    };
    if (view->client != nullptr) {
        std::array<char, ip_text_bytes> buffer;
        event["client"] = outrigger::to_text(std::span<const std::uint8_t, 16>(view->client, 16), buffer);
    }
    if (!view->error.empty())
        event["error"] = {{"type", view->error.type}, {"message", view->error.message}, {"stack", view->error.stack}};
    for (const Tag tag : view->tags) event["tags"][std::string(tag.key)] = tag.value;
    return event.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace outrigger::rows
