#include "core/os/testing/simulated_content.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace stave::os {

namespace {

constexpr uint64_t page_size = simulated_page_size;
constexpr uint64_t size_max = uint64_t{1} << 40;

constexpr uint64_t pages_of(uint64_t size) noexcept {
  return (size + page_size - 1) / page_size;
}

}  // namespace

bool DiskSpace::take_page() noexcept {
  if ((used + 1) * page_size > capacity) return false;
  used++;
  return true;
}

SimulatedContent::SimulatedContent(std::shared_ptr<DiskSpace> space)
    : space_(std::move(space)), durable_(std::make_shared<Buffer>()) {}

SimulatedContent::~SimulatedContent() {
  release_space(0);
}

size_t SimulatedContent::read(uint64_t offset, MutableBytes into) const noexcept {
  if (offset >= size_) return 0;
  const size_t count = static_cast<size_t>(std::min<uint64_t>(into.size(), size_ - offset));
  if (is_live_)
    copy_racing(into.data(), live_.data() + offset, count);
  else
    copy(into.data(), Bytes(durable_->bytes).subspan(offset, count));
  return count;
}

int SimulatedContent::write(uint64_t offset, Bytes from, size_t& written) {
  written = 0;
  if (from.empty()) return 0;
  if (offset > size_max || from.size() > size_max - offset) return EFBIG;
  if (const int failure = make_live(offset + from.size())) return failure;
  size_t fits = 0;
  while (fits < from.size() && take_space((offset + fits) / page_size)) {
    const uint64_t page_end = ((offset + fits) / page_size + 1) * page_size;
    fits = static_cast<size_t>(std::min<uint64_t>(from.size(), page_end - offset));
  }
  if (fits == 0) return ENOSPC;
  copy_racing(live_.data() + offset, from.data(), fits);
  changes_.push_back(
      {Change::Kind::write, offset, {from.begin(), from.begin() + static_cast<ptrdiff_t>(fits)}});
  size_ = std::max(size_, offset + fits);
  written = fits;
  return 0;
}

int SimulatedContent::truncate(uint64_t size) {
  if (size > size_max) return EFBIG;
  if (const int failure = make_live(std::max(size, size_))) return failure;
  if (size < size_) {
    live_.shrink(size);
    release_space(pages_of(size));
  }
  changes_.push_back({Change::Kind::truncate, size, {}});
  size_ = size;
  return 0;
}

int SimulatedContent::allocate(uint64_t size) {
  if (size > size_max) return EFBIG;
  uint64_t missing = 0;
  for (uint64_t page = 0; page < pages_of(size); page++)
    if (page >= allocated_.size() || !allocated_[page]) missing++;
  if ((space_->used + missing) * page_size > space_->capacity && missing > 0) return ENOSPC;
  if (const int failure = make_live(std::max(size, size_))) return failure;
  for (uint64_t page = 0; page < pages_of(size); page++) take_space(page);
  changes_.push_back({Change::Kind::allocate, size, {}});
  size_ = std::max(size_, size);
  return 0;
}

int SimulatedContent::map(uint64_t size, bool writable, std::byte*& data) {
  if (size == 0) return EINVAL;
  if (size > live_.capacity() && mappings_ > 0) return ENOMEM;  // others would have to move
  if (!live_.reserve(size, size_)) return ENOMEM;
  if (const int failure = make_live(size_)) return failure;
  mappings_++;
  if (writable) {
    writable_mappings_++;
    maybe_stored_ = true;
  }
  data = live_.data();
  return 0;
}

void SimulatedContent::unmap(bool writable) noexcept {
  mappings_--;
  if (writable) writable_mappings_--;
}

int SimulatedContent::set_volatile_text(std::string_view text) {
  if (const int failure = make_live(std::max<uint64_t>(size_, text.size()))) return failure;
  copy_racing(live_.data(), as_bytes(text).data(), text.size());
  size_ = std::max<uint64_t>(size_, text.size());
  return 0;
}

int SimulatedContent::make_live(uint64_t size) {
  check_mapped_stores();
  if (size > live_.capacity()) {
    if (mappings_ > 0 || !live_.reserve(size, std::max(size, size_))) return ENOMEM;
  }
  if (!live_.extend(std::max(size, size_))) return ENOMEM;
  if (!is_live_) copy_racing(live_.data(), durable_->bytes.data(), durable_->bytes.size());
  is_live_ = true;
  return 0;
}

void SimulatedContent::check_mapped_stores() {
  if (!maybe_stored_) return;
  allocated_.resize(std::max<size_t>(allocated_.size(), pages_of(size_)));
  for (uint64_t page = 0; page < pages_of(size_); page++) {
    if (allocated_[page] || zero_racing(live_.data() + page * page_size, page_size)) continue;
    violations_.push_back("store through a mapping into the hole at offset " +
                          std::to_string(page * page_size));
    allocated_[page] = true;
    space_->used++;
  }
  const uint64_t tail = pages_of(size_) * page_size - size_;
  if (zero_racing(live_.data() + size_, tail)) return;
  violations_.push_back("store through a mapping beyond the end of the file at " +
                        std::to_string(size_));
  std::fill_n(live_.data() + size_, tail, std::byte{0});
}

std::vector<std::string> SimulatedContent::take_violations() {
  check_mapped_stores();
  return std::exchange(violations_, {});
}

bool SimulatedContent::take_space(uint64_t page) {
  if (page >= allocated_.size()) allocated_.resize(page + 1);
  if (allocated_[page]) return true;
  if (!space_->take_page()) return false;
  allocated_[page] = true;
  return true;
}

void SimulatedContent::release_space(uint64_t from_page) noexcept {
  for (uint64_t page = from_page; page < allocated_.size(); page++)
    if (allocated_[page]) space_->used--;
  if (from_page < allocated_.size()) allocated_.resize(from_page);
}

Hash128 SimulatedContent::digest() const {
  if (is_live_) {
    std::vector<std::byte> bytes(size_);
    copy_racing(bytes.data(), live_.data(), bytes.size());
    return hash128(bytes, 0);
  }
  const std::lock_guard lock(durable_->mutex);
  if (!durable_->digest) durable_->digest = hash128(durable_->bytes, 0);
  return *durable_->digest;
}

std::vector<std::byte>& SimulatedContent::own_durable() {
  if (durable_is_shared_) {
    auto own = std::make_shared<Buffer>();
    own->bytes = durable_->bytes;
    durable_ = std::move(own);
    durable_is_shared_ = false;
  }
  durable_->digest.reset();
  return durable_->bytes;
}

const std::vector<std::byte>& SimulatedContent::clean() const noexcept {
  return clean_ ? *clean_ : durable_->bytes;
}

bool SimulatedContent::differs_from(const std::vector<std::byte>& bytes,
                                    uint64_t page) const noexcept {
  const uint64_t begin = page * page_size;
  const uint64_t end = std::min<uint64_t>(begin + page_size, size_);
  if (end > bytes.size()) return true;
  return !equal_racing(live_.data() + begin, bytes.data() + begin, end - begin);
}

void SimulatedContent::copy_page(std::vector<std::byte>& to, uint64_t page) const {
  const uint64_t begin = page * page_size;
  const uint64_t end = std::min<uint64_t>({begin + page_size, size_, to.size()});
  if (begin < end) copy_racing(to.data() + begin, live_.data() + begin, end - begin);
}

// The pages that a sync must write.
SimulatedContent::Bitmap SimulatedContent::dirty_pages() const {
  Bitmap dirty(pages_of(size_));
  const auto mark = [&](uint64_t begin, uint64_t end) {
    for (uint64_t page = begin / page_size; page < std::min<uint64_t>(pages_of(end), dirty.size());
         page++)
      dirty[page] = true;
  };
  for (const Change& change : changes_) {
    // What lies beyond a truncation reads as zeros if the file grew again.
    const bool write = change.kind == Change::Kind::write;
    if (write) mark(change.at, change.at + change.bytes.size());
    if (change.kind == Change::Kind::truncate) mark(change.at, size_);
  }
  if (maybe_stored_) {
    for (uint64_t page = 0; page < dirty.size(); page++)
      if (!dirty[page] && differs_from(clean(), page)) dirty[page] = true;
  }
  return dirty;
}

void SimulatedContent::sync() {
  if (!is_live_) return;
  check_mapped_stores();
  const Bitmap dirty = dirty_pages();
  const bool any = std::find(dirty.begin(), dirty.end(), true) != dirty.end();
  if (any || !changes_.empty()) {
    std::vector<std::byte>& durable = own_durable();
    durable.resize(size_);
    if (clean_) clean_->resize(size_);
    for (uint64_t page = 0; page < dirty.size(); page++) {
      if (!dirty[page]) continue;
      copy_page(durable, page);
      if (clean_) copy_page(*clean_, page);
    }
  }
  if (clean_ && *clean_ == durable_->bytes) clean_.reset();
  changes_.clear();
  durable_allocated_ = allocated_;
  maybe_stored_ = writable_mappings_ > 0;
}

void SimulatedContent::fail_sync() {
  if (!is_live_) return;
  check_mapped_stores();
  std::vector<std::byte> cached(size_);
  copy_racing(cached.data(), live_.data(), cached.size());
  if (cached == durable_->bytes)
    clean_.reset();
  else
    clean_ = std::move(cached);
  changes_.clear();
  maybe_stored_ = writable_mappings_ > 0;
}

// What changes outside of the range is left to survive a crash or not.
bool SimulatedContent::take_changes(uint64_t begin, uint64_t end) {
  std::vector<Change> left;
  for (Change& change : changes_) {
    if (change.kind == Change::Kind::truncate && change.at < end) return false;
    const uint64_t change_end = change.at + change.bytes.size();
    if (change.kind != Change::Kind::write || change.at >= end || change_end <= begin) {
      left.push_back(change);
      continue;
    }
    const Bytes bytes(change.bytes);
    if (change.at < begin) {
      const Bytes before = bytes.first(begin - change.at);
      left.push_back({Change::Kind::write, change.at, {before.begin(), before.end()}});
    }
    if (change_end > end) {
      const Bytes behind = bytes.subspan(end - change.at);
      left.push_back({Change::Kind::write, end, {behind.begin(), behind.end()}});
    }
  }
  changes_ = std::move(left);
  return true;
}

void SimulatedContent::sync(uint64_t offset, uint64_t size) {
  if (!is_live_) return;
  check_mapped_stores();
  const uint64_t first = offset / page_size;
  const uint64_t end = pages_of(offset + size);
  if (!take_changes(first * page_size, end * page_size)) return sync();
  std::vector<std::byte>& durable = own_durable();
  durable.resize(std::max<uint64_t>(durable.size(), std::min(end * page_size, size_)));
  if (clean_) clean_->resize(std::max(clean_->size(), durable.size()));
  durable_allocated_.resize(std::max<uint64_t>(durable_allocated_.size(), end));
  for (uint64_t page = first; page < end; page++) {
    copy_page(durable, page);
    if (clean_) copy_page(*clean_, page);
    durable_allocated_[page] = page < allocated_.size() && allocated_[page];
  }
}

void SimulatedContent::fail_sync(uint64_t offset, uint64_t size) {
  if (!is_live_) return;
  check_mapped_stores();
  const uint64_t first = offset / page_size;
  const uint64_t end = pages_of(offset + size);
  if (!take_changes(first * page_size, end * page_size)) return fail_sync();
  std::vector<std::byte> cached = clean();
  cached.resize(std::max<uint64_t>(cached.size(), std::min(end * page_size, size_)));
  for (uint64_t page = first; page < end; page++) copy_page(cached, page);
  clean_ = std::move(cached);
}

void SimulatedContent::drop_cache() {
  if (!clean_ || mappings_ > 0) return;
  const Bitmap dirty = dirty_pages();
  for (uint64_t page = 0; page < dirty.size(); page++) {
    if (dirty[page]) continue;
    const uint64_t begin = page * page_size;
    const uint64_t end = std::min<uint64_t>(begin + page_size, size_);
    for (uint64_t at = begin; at < end; at++) {
      const std::byte held = at < durable_->bytes.size() ? durable_->bytes[at] : std::byte{0};
      live_.data()[at] = held;
      if (at < clean_->size()) (*clean_)[at] = held;
    }
  }
}

void SimulatedContent::write_back_a_page(SeededRandom& random) {
  if (!is_live_ || (changes_.empty() && !maybe_stored_)) return;
  check_mapped_stores();
  const Bitmap dirty = dirty_pages();
  const auto count = static_cast<uint64_t>(std::count(dirty.begin(), dirty.end(), true));
  if (count == 0) return;
  uint64_t skip = random.below(count);
  uint64_t page = 0;
  while (!dirty[page] || skip-- > 0) page++;
  std::vector<std::byte>& durable = own_durable();
  durable.resize(std::max<uint64_t>(durable.size(), std::min((page + 1) * page_size, size_)));
  copy_page(durable, page);
}

}  // namespace stave::os
