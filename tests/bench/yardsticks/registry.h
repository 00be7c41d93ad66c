// The yardstick of /metrics: prometheus-cpp, with a counter and a histogram of requests, and its own serializer.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <string>

namespace outrigger::bench {

class Registry {
  public:
    Registry()
        : requests_(prometheus::BuildCounter().Name("http_requests_total").Help("Requests.").Register(registry_)),
          durations_(prometheus::BuildHistogram()
                         .Name("http_request_duration_seconds")
                         .Help("Seconds that requests took.")
                         .Register(registry_)) {}

    // As an app does that counts each request itself: by label lookup. Any thread.
    void count(const std::string& route, double seconds) {
        requests_.Add(labels(route)).Increment();
        durations_.Add(labels(route), buckets()).Observe(seconds);
    }

    std::string serialize() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

  private:
    static std::map<std::string, std::string> labels(const std::string& route) {
        return {{"service", "shop"}, {"method", "GET"}, {"route", route}, {"status", "200"}};
    }
    static prometheus::Histogram::BucketBoundaries buckets() {
        return {.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};
    }

    prometheus::Registry registry_;
    prometheus::Family<prometheus::Counter>& requests_;
    prometheus::Family<prometheus::Histogram>& durations_;
};

}  // namespace outrigger::bench
