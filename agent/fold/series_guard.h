// The cap on label sets (--max-series), request and custom together. A few places are kept free for the sets that stand
// for what is beyond it, so that these stay under the cap too. The writer's thread alone.
#pragma once

#include <algorithm>
#include <cstddef>

namespace outrigger::fold {

class SeriesGuard {
  public:
    explicit SeriesGuard(std::size_t cap) : cap_(cap), reserve_(std::clamp<std::size_t>(cap / 16, 1, 64)) {}

    // Whether one more label set as the app named it may be made; counts it if so.
    bool admit() {
        const std::size_t kept_free = others_ < reserve_ ? reserve_ - others_ : 0;
        if (size_ + kept_free >= cap_) return false;
        ++size_;
        return true;
    }
    // Whether an __other__ set of its own may be made; beyond the reserve the caller must merge, or add_beyond().
    bool admit_other() {
        if (others_ >= reserve_) return false;
        add_beyond();
        return true;
    }
    void add_beyond() {
        ++others_;
        ++size_;
    }
    // From a checkpoint: a lower cap keeps what is there.
    void add_kept(bool is_other) {
        ++size_;
        others_ += is_other ? 1 : 0;
    }
    void release(bool is_other) {
        --size_;
        others_ -= is_other ? 1 : 0;
    }

    std::size_t size() const { return size_; }

  private:
    std::size_t cap_;
    std::size_t reserve_;
    std::size_t size_ = 0;
    std::size_t others_ = 0;
};

}  // namespace outrigger::fold
